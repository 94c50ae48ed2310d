"""What `airworthy doctor` finds wrong with live work."""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import msgspec
import pytest

from airworthy.base.clock import HOUR, FixedClock, SystemClock, moment
from airworthy.base.errors import Conflict
from airworthy.base.ids import new_id
from airworthy.exchange.ask import Answer, Redemption, Spooled, StopAsked
from airworthy.service.checkup import check_up, read_charters
from airworthy.service.inbox import Order, leave
from airworthy.service.open import open_gateway
from airworthy.service.reach import reach
from service.live.worlds import APP, EVE, NOW, TEXT, Fixed, ask, charter, decided, granted, opened

ERP = "sources:\n  - {source: erp, owner: claims-owner, fresh: 1d, definition: open claims, basis: contract}\n\n"
SOURCE = (("rules:\n", ERP + "rules:\n"),)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def live(tmp_path, clock):
    with open_gateway(tmp_path, [charter(*SOURCE)], clock=clock, random=Fixed(1), watch=False) as gateway:
        granted(gateway)
        yield gateway


def found(folder, clock, *charters) -> dict[str, tuple[str, str]]:
    return {one.what: (one.state, one.said) for one in check_up(folder, charters, clock)}


def test_a_source_no_decision_ever_read_and_a_point_nobody_asks_are_found(live, tmp_path, clock):
    assert found(tmp_path, clock, charter(*SOURCE))["coverage"][1].endswith("`claims.triage`")
    decided(live, ask("claim/1"))
    after = found(tmp_path, clock, charter(*SOURCE))
    assert after["sources"] == ("broken", "source `erp` of `claims` was never read with a decision")
    assert "coverage" not in after


def test_a_rule_that_never_fired_is_found_once_there_was_work_enough(live, tmp_path, clock):
    decided(live, *[ask(f"claim/{i}") for i in range(499)])
    assert "rules" not in found(tmp_path, clock, charter(*SOURCE))
    decided(live, ask("claim/499"))
    assert "large-needs-a-person" in found(tmp_path, clock, charter(*SOURCE))["rules"][1]
    decided(live, ask("claim/500", amount=9_000.0))
    assert "rules" not in found(tmp_path, clock, charter(*SOURCE))


def test_a_ladder_that_ends_nowhere_is_found(tmp_path):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(TEXT)
    bad.write_text(TEXT.replace("  clerks: [Eve, Finn, Gil]", "  clerks: []"))
    charters, [one] = read_charters([good, bad])
    assert [each.use_case for each in charters] == ["claims"]
    assert (one.state, "nobody holds the seat `clerks`" in one.said) == ("broken", True)


def test_an_effect_nobody_heard_of_again_and_one_nobody_permitted_are_found(live, tmp_path, clock):
    told = decided(live, ask("claim/1"))
    settled = live.answer(told.id, Answer(verb="accept", seen=told.digest), EVE).result()
    asked = Redemption(permit=msgspec.to_builtins(settled.permit), effect="claims.pay", payload=settled.value)
    live.redeem(asked, APP).result()
    with pytest.raises(Conflict):
        live.redeem(asked, APP).result()
    assert "effects" not in found(tmp_path, clock)
    clock.move(2 * HOUR)
    after = found(tmp_path, clock)
    assert "nobody said how they ended" in after["effects"][1]
    assert after["permits"] == ("broken", "1 times an effect was about to run that nobody had permitted")


def test_what_waits_in_the_folder_is_found(live, tmp_path, clock):
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "a.1.segment").write_bytes(b"one\ntwo\n")
    (tmp_path / "spool" / "refused.jsonl").write_text("{}\n")
    leave(tmp_path, Order(person="", stop=StopAsked(use_case="claims", why="odd")), clock.now(), Fixed(2))
    states = [(one.what, one.state) for one in check_up(tmp_path, [], clock)]
    assert states[:3] == [("spool", "note"), ("spool", "broken"), ("orders", "note")]


def test_gaps_are_counted(live, tmp_path, clock):
    entry = Spooled(id=new_id(NOW, Fixed(3)), at=moment(NOW) - timedelta(minutes=1), why="slow", ask=ask("claim/1"))
    live.reconcile([entry], APP).result()
    assert found(tmp_path, clock)["gaps"][0] == "note"


class Ready(BaseHTTPRequestHandler):
    date = "Sun, 22 Nov 2026 06:00:00 GMT"
    status = 200

    def do_GET(self) -> None:
        self.send_response_only(self.status)
        self.send_header("Date", self.date)
        self.end_headers()
        self.wfile.write(json.dumps({"detail": "the disk is full"}).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server():
    with HTTPServer(("127.0.0.1", 0), Ready) as served:
        thread = Thread(target=served.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()
        thread.join()


def test_a_server_that_cannot_be_reached_is_found(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    [one] = reach(f"http://127.0.0.1:{port}", tmp_path, SystemClock())
    assert (one.what, one.state) == ("server", "broken")
    assert list(reach(None, tmp_path, SystemClock())) == []


def test_clocks_that_differ_and_a_server_that_does_not_decide_are_found(server, tmp_path, monkeypatch):
    at = SystemClock().now()
    [reached, skewed] = reach(server, tmp_path, FixedClock(at))
    assert (reached.state, skewed.what, skewed.state) == ("sound", "clock", "broken")
    monkeypatch.setattr(Ready, "status", 503)
    assert "the disk is full" in next(iter(reach(server, tmp_path, FixedClock(at)))).said


def test_a_gate_that_closed_says_why(tmp_path, clock):
    few = charter(("missing_limit: 50 %", "missing_limit: 5 %"))
    with open_gateway(tmp_path, [few], clock=clock, random=Fixed(1), watch=False) as gateway:
        granted(gateway)
        opened(gateway, clock)
        assert "gate" not in found(tmp_path, clock)
        decided(gateway, *[ask(f"claim/{i}", score=0.99) for i in range(100)])
        clock.move(48 * HOUR)
        assert decided(gateway, ask("claim/after", score=0.99)).route == "review"
        assert "has no known truth" in found(tmp_path, clock)["gate"][1]
