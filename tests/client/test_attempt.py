"""A call ends in time, whatever the other end does; and what it could not hand over goes by itself later."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future

import pytest

from airworthy.base.errors import BadInput, Conflict, StoreDamaged, StoreError, StoreFull, Unavailable
from airworthy.client.line import Line
from airworthy.client.missed import Unanswered, missed
from airworthy.exchange.ask import Ask, Failure
from client.kept import Log

ASK = Ask(point="claims.triage", subject="claim/1", output={"action": "pay"})


class Hanging(Log):
    """Takes asks and never answers; records what is handed over."""

    def __init__(self, error: Exception | None = None, at_once: bool = False) -> None:
        super().__init__()
        self.fails_with, self.at_once = error, at_once

    def submit(self, asks, caller):
        future = Future()
        if self.fails_with and self.at_once:
            raise self.fails_with
        if self.fails_with:
            future.set_exception(self.fails_with)
        return future

    def close(self): ...


@pytest.fixture
def line(tmp_path):
    made: list[Line] = []

    def make(channel, budget_s=0.05):
        made.append(Line(channel, tmp_path / "spool", budget_s=budget_s))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("way", ["sync", "async"])
def test_a_gateway_that_hangs_costs_no_more_than_the_budget(line, way):
    made = line(Hanging(), budget_s=0.2)
    began = time.monotonic()
    attempt = made.asking([ASK])
    (told,) = made.attempts.call(attempt) if way == "sync" else asyncio.run(made.attempts.acall(attempt))
    assert time.monotonic() - began < 2  # on any machine far from forever; the figure itself is in bench/
    assert (told.route, told.status, told.permit, told.value) == ("fallback", "settled", None, None)
    assert made.health().fallbacks == {"slow": 1}


ERRORS = {
    "unreachable": Unanswered("unreachable"),
    "refused": RuntimeError("a defect on the way"),
    "overloaded": StoreFull("4,096 wait"),
    "store": StoreDamaged("a page"),
    "slow": TimeoutError(),
}


@pytest.mark.parametrize("why", ERRORS)
@pytest.mark.parametrize("at_once", [True, False], ids=["raised", "in the future"])
def test_every_error_on_the_way_ends_in_the_fallback_with_its_reason(line, why, at_once):
    made = line(Hanging(ERRORS[why], at_once))
    (told,) = made.attempts.call(made.asking([ASK]))
    assert [reason.code for reason in told.reasons] == [f"client.{why}"]
    assert made.health().spooled == 1


def test_an_error_of_the_caller_is_raised(line):
    made = line(Hanging(Conflict("another body")))
    with pytest.raises(Conflict):
        made.attempts.call(made.asking([ASK]))
    assert made.health().spooled == 0


def test_only_silence_of_the_gateway_counts_as_missed():
    assert missed(Unavailable("x")) == "unreachable"
    assert missed(StoreError("x")) == "store"
    assert missed(Conflict("x")) is None
    assert missed(BadInput.__new__(BadInput)) is None
    assert missed(KeyboardInterrupt()) is None


def test_what_is_kept_is_handed_over_by_itself(line):
    channel = Hanging(Unanswered("unreachable"))
    channel.error = Unanswered("unreachable")
    made = line(channel)
    made.attempts.call(made.asking([ASK]))
    assert made.health().waiting == 1
    channel.error = None
    for _ in range(2_000):
        if not made.health().waiting:
            break
        threading.Event().wait(0.005)
    assert len(channel.recorded) == 1


def test_a_disk_that_cannot_keep_it_is_said_and_the_caller_falls_back_all_the_same(line, tmp_path):
    (tmp_path / "spool").write_text("in the way")
    made = line(Hanging(Unanswered("unreachable")))
    (told,) = made.attempts.call(made.asking([ASK]))
    assert told.route == "fallback"
    assert (made.health().lost, made.health().waiting) == (1, 0)


def test_entries_of_one_call_are_kept_together(line):
    made = line(Hanging(Unanswered("unreachable")))
    told = made.attempts.call(made.asking([ASK] * 300))
    assert len({one.id for one in told}) == 300  # each under an id of its own
    assert made.health().spooled == 300


def test_who_asks_after_closing_falls_back_and_nothing_is_kept(line, caplog):
    made = line(Hanging())
    made.close()
    told = made.attempts.call(made.asking([ASK, ASK]))
    failed = made.attempts.call(made.failing(Failure(point="claims.triage", subject="claim/2")))
    assert {one.route for one in (*told, failed)} == {"fallback"}
    assert {(why.code, why.words) for one in (*told, failed) for why in one.reasons} == {
        ("client.refused", "this gateway was closed")
    }
    assert (made.health().fallbacks, made.health().spooled) == ({"refused": 3}, 0)
    assert len(caplog.messages) == 1
