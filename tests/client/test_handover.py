"""What was kept is handed over: in order, once, whoever kept it; and what is refused stays for a person."""

from __future__ import annotations

import fcntl
import os

import msgspec
import pytest

from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput, NotAllowed
from airworthy.client.handover import AT_ONCE, Handover, Refused
from airworthy.client.health import Tally
from airworthy.client.missed import Unanswered
from airworthy.client.segment import line
from airworthy.client.spool import Spool
from airworthy.exchange.ask import Outcome, Spooled
from airworthy.exchange.channel import Caller
from client.kept import NOON, Log, entry

DOWN = Unanswered("unreachable")


class World:
    """A spool and the log it is handed over to. The background thread is started by `begin`."""

    def __init__(self, folder):
        self.folder = folder
        self.log = Log()
        self.tally = Tally()
        self.spool = Spool(folder, self.tally)
        self.handover: Handover | None = None

    def keep(self, *numbers):
        self.spool.keep([entry(n) for n in numbers]).result(5)

    def begin(self) -> Handover:
        self.handover = Handover(self.spool, self.log, Caller(), self.tally)
        return self.handover

    def health(self):
        return self.tally.health(waiting=self.spool.waiting)

    def end(self):
        if self.handover:
            self.handover.close()
        self.spool.close()


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "spool")
    yield world
    world.log.error = None
    world.end()


def test_everything_is_handed_over_in_order_and_the_files_go(world):
    world.keep(*range(AT_ONCE + 3))
    world.begin().close()
    assert world.log.recorded == [entry(n).id for n in range(AT_ONCE + 3)]
    assert not list(world.folder.glob("*.segment"))
    assert world.health().reconciled == AT_ONCE + 3
    assert world.health().waiting == 0


def test_while_the_gateway_is_down_everything_stays_in_its_file(world):
    world.keep(1, 2)
    world.log.error = DOWN
    handover = world.begin()
    assert handover.run() is False
    assert len(list(world.folder.glob("*.segment"))) == 1
    assert world.spool.waiting == 2
    world.log.error = None
    assert handover.run() is True
    assert world.log.recorded == ["e00001", "e00002"]


def test_an_outage_in_the_middle_does_not_send_again_what_was_recorded(world):
    world.keep(*range(AT_ONCE + 1))
    world.log.error, world.log.fails_after = DOWN, 1
    handover = world.begin()
    handover.run()
    world.log.error = None
    assert handover.run() is True
    assert sorted(world.log.recorded) == [entry(n).id for n in range(AT_ONCE + 1)]
    assert [entry(0).id in call for call in world.log.calls].count(True) == 1


def test_after_a_crash_what_was_recorded_is_known_and_counts_once(world):
    world.keep(1, 2)
    world.log.recorded = ["e00001"]
    world.begin().close()
    assert world.log.recorded == ["e00001", "e00002"]
    assert not list(world.folder.glob("*.segment"))


def test_the_segment_of_a_dead_process_is_handed_over_by_the_next(world):
    world.folder.mkdir()
    (world.folder / "00000000000000000000000000.1.segment").write_bytes(line(entry(1)))
    world.keep(2)
    world.begin().close()
    assert world.log.recorded == ["e00001", "e00002"]


def test_only_one_process_hands_over(world):
    world.keep(1)
    with (world.folder / "handover.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert world.begin().run() is False
        assert world.log.calls == []
    assert world.handover.run() is True


def test_what_is_refused_is_kept_with_the_reason(world):
    world.keep(1, 2)
    world.log.refuses = {"e00001": "its point is not in the charter"}
    world.begin().close()
    (refused,) = (world.folder / "refused.jsonl").read_bytes().splitlines()
    assert msgspec.json.decode(refused, type=Refused) == Refused("its point is not in the charter", entry(1))
    assert world.health().refused == 1
    assert world.health().reconciled == 1
    assert not list(world.folder.glob("*.segment"))


def test_one_entry_that_cannot_be_read_does_not_hold_up_the_others(world, monkeypatch):
    world.keep(1, 2, 3)
    taken = world.log.reconcile

    def picky(spooled, caller):
        world.log.error = (
            BadInput([Diagnostic("H001", "it cannot be read")]) if "e00002" in [one.id for one in spooled] else None
        )
        return taken(spooled, caller)

    monkeypatch.setattr(world.log, "reconcile", picky)
    assert world.begin().run() is True
    assert world.log.recorded == ["e00001", "e00003"]
    assert world.health().refused == 1


def stumbling(world, monkeypatch, error, *ids):
    """The log fails with `error` whenever one of `ids` is handed over."""
    taken = world.log.reconcile

    def picky(spooled, caller):
        world.log.error = error if {one.id for one in spooled} & set(ids) else None
        return taken(spooled, caller)

    monkeypatch.setattr(world.log, "reconcile", picky)


DEFECTS = [OverflowError("date value out of range"), Unanswered("store", "a defect of ours", code="H013")]


@pytest.mark.parametrize("defect", DEFECTS, ids=["embedded", "over HTTP"])
def test_an_entry_the_gateway_stumbles_over_holds_up_no_other_and_is_given_up_then(world, monkeypatch, defect):
    world.keep(1)
    world.spool.close()  # a segment of its own
    world.keep(2, 3)
    stumbling(world, monkeypatch, defect, "e00001")
    handover = world.begin()
    while not handover.run():
        pass
    assert world.log.recorded == ["e00002", "e00003"]
    (line,) = (world.folder / "refused.jsonl").read_bytes().splitlines()
    refused = msgspec.json.decode(line, type=Refused)
    assert refused.entry == entry(1)
    assert "the gateway fails on it, and not on others" in refused.why
    assert not list(world.folder.glob("*.segment"))


@pytest.mark.parametrize("defect", DEFECTS, ids=["embedded", "over HTTP"])
def test_a_gateway_that_stumbles_over_everything_refuses_nothing(world, monkeypatch, defect):
    world.keep(1, 2)
    stumbling(world, monkeypatch, defect, "e00001", "e00002")
    handover = world.begin()
    assert [handover.run() for _ in range(20)] == [False] * 20
    assert not (world.folder / "refused.jsonl").exists()
    monkeypatch.undo()
    world.log.error = None
    assert handover.run() is True
    assert world.log.recorded == ["e00001", "e00002"]


def test_what_is_said_of_a_decision_waits_for_it(world, monkeypatch):
    world.keep(1)
    outcome = Outcome(decision="e00001", correct=True)
    world.spool.keep([Spooled(id="e00009", at=NOON, why="slow", outcome=outcome)]).result(5)
    stumbling(world, monkeypatch, DEFECTS[0], "e00001")
    handover = world.begin()
    assert handover.run() is False
    assert not any("e00009" in call for call in world.log.calls[1:])
    monkeypatch.undo()
    world.log.error = None
    while not handover.run():
        pass
    assert world.log.recorded == ["e00001", "e00009"]


@pytest.mark.parametrize("outage", [DOWN, Unanswered("refused"), Unanswered("store", code="R001"), TimeoutError()])
def test_an_outage_refuses_nothing_however_long_it_lasts(world, outage):
    world.keep(1, 2)
    world.log.error = outage
    handover = world.begin()
    assert [handover.run() for _ in range(20)] == [False] * 20
    assert all(len(call) == 2 for call in world.log.calls)
    assert not (world.folder / "refused.jsonl").exists()


def test_a_wrong_key_refuses_nothing_for_good(world):
    world.keep(1)
    world.log.error = NotAllowed("the key expired")
    assert world.begin().run() is False
    assert not (world.folder / "refused.jsonl").exists()


def test_a_damaged_line_is_set_aside_and_counted(world):
    world.folder.mkdir()
    damaged = line(entry(1)).replace(b"pay", b"pax")
    (world.folder / "0.1.segment").write_bytes(damaged + line(entry(2)) + b"0000 torn")
    world.begin().close()
    assert world.log.recorded == ["e00002"]
    assert (world.folder / "0.1.bad").read_bytes() == damaged
    assert world.health().corrupt == 1
    assert world.health().torn == 1


def test_what_only_has_the_name_of_a_segment_is_left_alone(world):
    world.keep(1)
    folder, link, pipe = (world.folder / f"{name}.segment" for name in ("0.folder", "0.link", "0.pipe"))
    folder.mkdir()
    link.symlink_to(world.folder / "nowhere")
    os.mkfifo(pipe)
    assert world.begin().run() is True
    world.keep(2)
    assert world.handover.run() is True
    assert world.log.recorded == ["e00001", "e00002"]
    assert folder.is_dir()
    assert link.is_symlink()
    assert pipe.is_fifo()


def test_a_folder_nobody_spooled_into_is_not_made(world):
    world.begin().close()
    assert not world.folder.exists()


def test_closing_twice_and_handing_over_nothing_is_fine(world):
    handover = world.begin()
    assert handover.run() is True
    handover.close()
    handover.close()


def test_a_folder_that_cannot_be_read_leaves_the_thread_alive(world):
    world.keep(1)
    handover = world.begin()
    world.log.error = DOWN
    handover.run()
    moved = world.folder.with_name("moved")
    os.rename(world.folder, moved)
    assert handover.run() is True  # nothing there
    os.rename(moved, world.folder)
    world.log.error = None
    assert handover.run() is True
    assert world.log.recorded == ["e00001"]


def test_what_another_process_handed_over_waits_no_more(world):
    world.keep(1)
    for path in world.spool.sealed():
        path.unlink()
    assert world.spool.waiting == 1
    assert world.begin().run() is True
    assert world.health().waiting == 0
