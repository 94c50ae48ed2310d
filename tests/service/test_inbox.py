"""Whatever stands in the inbox: orders are carried out once, and nothing else that runs here notices."""

from __future__ import annotations

import os
import shutil
import socket
import time
from concurrent.futures import Future
from datetime import UTC, datetime

import msgspec
import pytest

from airworthy.base.clock import SystemClock
from airworthy.exchange.ask import GrantAsked, StopAsked
from airworthy.exchange.told import Noted
from airworthy.record import codec
from airworthy.record.control import GrantGiven
from airworthy.service import watcher
from airworthy.service.inbox import LARGEST, Inbox, Order, Reply, leave
from airworthy.service.obey import LOOK_EVERY_S, Obeying
from airworthy.service.open import open_gateway
from service.live.worlds import Fixed, ask, charter, decided, granted

STOP = Order(person="Cleo", stop=StopAsked(use_case="claims", why="wrong sums"))
GRANT = Order(
    person="Cleo", grant=GrantAsked(use_case="claims", stage="default", until=datetime(2999, 1, 1, tzinfo=UTC))
)


@pytest.fixture
def live(tmp_path):
    with open_gateway(tmp_path, [charter()], random=Fixed(1), watch=False) as gateway:
        granted(gateway)
        yield gateway


@pytest.fixture
def watched(tmp_path):
    with open_gateway(tmp_path, [charter()], random=Fixed(1), watch=True) as gateway:
        granted(gateway)
        yield gateway


def left(folder, order=STOP, seed=7):
    return leave(folder, order, SystemClock().now(), Fixed(seed))


def tick(gateway):
    time.sleep(LOOK_EVERY_S)  # the folder is looked into so often, and not more often
    gateway.tick()


def until(so):
    for _ in range(500):
        if so():
            return True
        time.sleep(0.02)
    return False


def replied(file):
    return msgspec.json.decode(file.with_suffix(".reply").read_bytes(), type=Reply)


def deep(file):
    file.write_text('{"person":"Cleo","more":' + "[" * 30_000 + "]" * 30_000 + "}")


def link(file):
    real = file.with_suffix(".elsewhere")
    real.write_bytes(msgspec.json.encode(STOP))
    file.symlink_to(real)


def listening(file):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(file))


ODD = {
    "a folder": lambda file: file.mkdir(),
    "a full folder": lambda file: (file / "more").mkdir(parents=True),
    "a pipe": os.mkfifo,
    "a link": link,
    "a link to nowhere": lambda file: file.symlink_to(file.with_suffix(".nowhere")),
    "a socket": listening,
    "nested too deep": deep,
    "larger than an order": lambda file: file.write_bytes(b'{"person":"' + b"x" * LARGEST + b'"}'),
    "no UTF-8": lambda file: file.write_bytes(b'{"person":"\xff"}'),
    "nothing": lambda file: file.touch(),
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD.keys())
def test_what_is_no_order_is_set_aside_and_the_order_behind_it_is_carried_out(live, tmp_path, make):
    odd = tmp_path / "inbox" / "0.order"
    make(odd)
    file = left(tmp_path)
    tick(live)
    assert decided(live, ask("claim/1")).route == "fallback"
    assert replied(file).seq is not None
    assert replied(odd).refused[0].code == "G057"
    assert os.path.lexists(odd.with_suffix(".odd"))
    assert not list((tmp_path / "inbox").glob("*.order"))
    assert live.health().state == "stopped"


def test_an_inbox_that_was_taken_away_is_made_again(watched, tmp_path):
    shutil.rmtree(tmp_path / "inbox")
    assert decided(watched, ask("claim/1")).route != "fallback"
    assert until((tmp_path / "inbox").exists)
    file = left(tmp_path)
    assert until(file.with_suffix(".reply").exists)
    assert watched.health().state == "stopped"


def test_an_inbox_that_is_a_file_hinders_nobody(live, tmp_path):
    shutil.rmtree(tmp_path / "inbox")
    (tmp_path / "inbox").touch()
    tick(live)
    assert decided(live, ask("claim/1")).route != "fallback"


def test_an_order_whose_answer_cannot_be_written_is_carried_out_once_and_answered_later(live, tmp_path):
    file = left(tmp_path, GRANT)
    in_the_way = file.with_suffix(".reply") / "more"
    in_the_way.mkdir(parents=True)
    before = grants(live)
    for n in range(3):
        tick(live)
        assert decided(live, ask(f"claim/{n}")).route != "fallback"
    assert grants(live) == before + 1
    shutil.rmtree(in_the_way.parent)
    live.tick()
    assert replied(file).seq is not None
    assert not file.exists()


def grants(gateway):
    return sum(isinstance(codec.record(one.leaf), GrantGiven) for one in gateway.log.scan())


class SlowDisk:
    """Governing whose records are durable when the test says so."""

    def __init__(self):
        self.stopped: list[Future[Noted]] = []

    def stop(self, asked, caller):
        self.stopped.append(Future())
        return self.stopped[-1]


def test_while_the_disk_stalls_an_order_keeps_nobody_waiting(tmp_path):
    disk = SlowDisk()
    obeying = Obeying(Inbox(tmp_path), disk)
    file = left(tmp_path)
    obeying.look()
    time.sleep(LOOK_EVERY_S)
    obeying.look()
    obeying.answer(0.0)
    assert len(disk.stopped) == 1
    assert file.exists()
    disk.stopped[0].set_result(Noted(id="s", seq=7))
    obeying.answer(0.0)
    assert replied(file).seq == 7
    assert not file.exists()


def test_an_order_that_fails_is_answered_and_those_behind_it_are_carried_out(live, tmp_path):
    odd = left(
        tmp_path, Order(person="Cleo", grant=GrantAsked(use_case="nothing", stage="default", until=datetime.max))
    )
    empty = left(tmp_path, Order(person="Cleo"), seed=8)
    file = left(tmp_path, seed=9)
    tick(live)
    assert replied(odd).refused
    assert replied(empty).refused[0].code == "G057"
    assert replied(file).seq is not None


def test_health_says_when_deadlines_are_not_looked_after(watched, monkeypatch):
    assert watched.health().state == "ok"
    monkeypatch.setattr(watcher, "LATE_S", 0.5)
    with watched._core.lock:
        assert until(lambda: watched.health().state == "broken")
        assert watched.health().said[0].startswith("deadlines are not looked after: ")
    assert until(lambda: watched.health().state == "ok")


def test_a_look_that_fails_is_followed_by_the_next(caplog):
    looks = []

    def tick():
        looks.append(1)
        if len(looks) < 3:
            raise RecursionError("too deep")

    one = watcher.Watcher(tick)
    assert until(lambda: len(looks) > 3)
    one.close()
    assert one.trouble() is None
    assert [line.message for line in caplog.records] == ["a look at deadlines failed"]
