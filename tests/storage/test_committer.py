"""The one thread that writes, over a log that waits or fails when told to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from airworthy.base.errors import OutOfRange, StoreDamaged, StoreError, StoreFull
from airworthy.record.store import Draft, Head, Receipt
from airworthy.storage.committer import OUTSTANDING, Committer
from airworthy.storage.intake import Entry
from contract.samples import judged

DRAFT, BAD = judged(0), judged(1)


class Desk:
    """Makes an entry of every draft but one."""

    def prepare(self, draft: Draft) -> Entry:
        if draft is BAD:
            raise OutOfRange("draft", "bad", "good ones")
        return Entry(b"leaf", "kind", "about", (), None)


class Scripted:
    """A log in a list, which waits for `go` before each write and fails when `broken` is set."""

    def __init__(self) -> None:
        self.go, self.writing = Event(), Event()
        self.batches: list[int] = []
        self.signed: list[int] = []
        self.broken: BaseException | None = None
        self.unsignable = False

    def write(self, entries: Sequence[Entry]) -> list[Receipt]:
        self.writing.set()
        assert self.go.wait(30)
        if self.broken:
            raise self.broken
        self.batches.append(len(entries))
        return [Receipt("log", seq, b"") for seq in range(len(entries))]

    def sign(self) -> Head:
        if self.unsignable:
            raise StoreDamaged("a fork", code="R006")
        if self.broken:
            raise self.broken
        self.signed.append(sum(self.batches))
        return Head("log", sum(self.batches), b"", "")


@pytest.fixture
def log() -> Scripted:
    return Scripted()


@pytest.fixture
def committer(log: Scripted) -> Iterator[Committer]:
    committer = Committer(Desk(), log)
    yield committer
    log.go.set()
    committer.stop()


def test_what_queues_during_one_write_is_written_together(log: Scripted, committer: Committer) -> None:
    first = committer.submit([DRAFT])
    assert log.writing.wait(30)
    rest = [committer.submit([DRAFT, DRAFT]) for _ in range(5)]
    log.go.set()
    assert len(first.result(30)) == 1
    assert [len(future.result(30)) for future in rest] == [2] * 5
    assert log.batches == [1, 10]


def test_past_its_bound_the_queue_refuses_at_once_and_recovers(log: Scripted, committer: Committer) -> None:
    future = committer.submit([DRAFT] * OUTSTANDING)
    with pytest.raises(StoreFull, match="overloaded") as refused:
        committer.submit([DRAFT])
    assert refused.value.diagnostics[0].code == "R005"
    log.go.set()
    assert len(future.result(30)) == OUTSTANDING
    assert len(committer.submit([DRAFT]).result(30)) == 1


def test_after_a_failed_write_everyone_is_told_and_nothing_is_tried_again(log: Scripted, committer: Committer) -> None:
    first = committer.submit([DRAFT])
    assert log.writing.wait(30)
    rest, asked = committer.submit([DRAFT]), committer.sign()
    log.broken = StoreError("the disk failed", help="check it")
    log.go.set()
    for future in (first, rest, asked):
        with pytest.raises(StoreError, match="the disk failed"):
            future.result(30)
    with pytest.raises(StoreError, match="the disk failed"):
        committer.submit([DRAFT])
    assert log.batches == []


def test_a_defect_of_ours_shuts_the_store_too(log: Scripted, committer: Committer) -> None:
    log.broken = ZeroDivisionError("oops")
    log.go.set()
    with pytest.raises(StoreError, match="oops"):
        committer.submit([DRAFT]).result(30)
    with pytest.raises(StoreError, match="oops"):
        committer.sign()


def test_a_refusal_to_sign_shuts_the_store(log: Scripted, committer: Committer) -> None:
    log.broken = StoreDamaged("a fork", code="R006")
    with pytest.raises(StoreDamaged, match="fork"):
        committer.sign().result(30)
    with pytest.raises(StoreDamaged, match="fork"):
        committer.submit([DRAFT])


def test_stopping_writes_and_signs_what_is_queued(log: Scripted) -> None:
    committer = Committer(Desk(), log)
    log.go.set()
    futures = [committer.submit([DRAFT]) for _ in range(9)]
    committer.stop()
    committer.stop()
    assert all(future.done() for future in futures)
    assert log.signed[-1] == 9
    with pytest.raises(StoreError, match="closed"):
        committer.submit([DRAFT])


def test_a_queued_entry_cannot_be_called_back(log: Scripted, committer: Committer) -> None:
    future = committer.submit([DRAFT])
    assert not future.cancel()
    log.go.set()
    assert future.result(30)


def test_a_bad_draft_fails_its_own_caller_alone(log: Scripted, committer: Committer) -> None:
    first = committer.submit([DRAFT])
    assert log.writing.wait(30)
    good, bad, late = committer.submit([DRAFT]), committer.submit([DRAFT, BAD, DRAFT]), committer.submit([DRAFT] * 2)
    log.go.set()
    with pytest.raises(OutOfRange, match="bad"):
        bad.result(30)
    assert [len(future.result(30)) for future in (first, good, late)] == [1, 1, 2]
    assert log.batches == [1, 3]
    assert len(committer.submit([DRAFT] * OUTSTANDING).result(30)) == OUTSTANDING


def test_callers_that_wait_are_answered_like_those_that_hold_a_future(log: Scripted, committer: Committer) -> None:
    with ThreadPoolExecutor(3) as callers:
        good, bad = callers.submit(committer.append, [DRAFT] * 2), callers.submit(committer.append, [BAD])
        log.go.set()
        assert len(good.result(30)) == 2
        with pytest.raises(OutOfRange, match="bad"):
            bad.result(30)
        log.broken = StoreError("the disk failed")
        with pytest.raises(StoreError, match="the disk failed"):
            callers.submit(committer.append, [DRAFT]).result(30)


def test_an_acknowledged_entry_stays_acknowledged_when_signing_fails_after_it(log: Scripted) -> None:
    committer = Committer(Desk(), log)
    log.unsignable = True
    first = committer.submit([DRAFT])
    assert log.writing.wait(30)
    asked = committer.sign()
    log.go.set()
    assert len(first.result(30)) == 1
    with pytest.raises(StoreDamaged, match="fork"):
        asked.result(30)
    committer.stop()
