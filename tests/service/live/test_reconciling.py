"""What clients could not hand over in time enters the log once, and leads to no second effect."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from airworthy.base.clock import FixedClock, moment
from airworthy.base.errors import Conflict
from airworthy.base.ids import new_id
from airworthy.exchange.ask import Answer, Failure, Outcome, Redemption, Spooled
from airworthy.record import codec
from airworthy.record.decision import DecisionMade, OutcomeLearnt
from airworthy.record.trouble import ClientFellBack, GapNoted
from service.live.worlds import APP, EVE, NOW, Fixed, ask, decided, granted, in_memory, opened


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def gateway(clock):
    gateway = in_memory(clock=clock)
    granted(gateway)
    return gateway


def named(n: int) -> str:
    """The id of spool entry `n`."""
    return new_id(NOW, Fixed(n))


def spooled(n: int, **what) -> Spooled:
    return Spooled(id=named(n), at=moment(NOW) - timedelta(minutes=1), why="slow", **what)


def hand_over(gateway, *entries: Spooled):
    return gateway.reconcile(entries, APP).result()


def records(gateway, of):
    return [found for stored in gateway.log.scan() if isinstance(found := codec.record(stored.leaf), of)]


def test_an_ask_nobody_heard_of_is_recorded_as_what_the_caller_did(gateway):
    told = hand_over(gateway, spooled(1, ask=ask("claim/1")))
    made = records(gateway, DecisionMade)[0]
    assert told.recorded == (named(1),)
    assert (made.told, made.at < made.ts, made.reasons[-1].code, made.audit) == ("fallback", True, "client.slow", None)
    assert decided(gateway, ask("claim/1")).route == "fallback"


def test_handed_over_twice_it_is_recorded_once(gateway):
    entry = spooled(1, ask=ask("claim/1"))
    hand_over(gateway, entry)
    size = gateway.log.size()
    assert hand_over(gateway, entry).known == (entry.id,)
    assert hand_over(gateway, entry, entry).known == (entry.id, entry.id)
    assert gateway.log.size() == size


def test_an_act_the_caller_never_heard_of_can_no_longer_run(gateway, clock):
    opened(gateway, clock)
    told = decided(gateway, ask("claim/1", score=0.99))
    hand_over(gateway, spooled(1, ask=ask("claim/1", score=0.99)))
    asked = Redemption(permit=msgspec.to_builtins(told.permit), effect="claims.pay", payload=told.value)
    with pytest.raises(Conflict, match="taken back"):
        gateway.redeem(asked, APP).result()


def test_a_person_can_no_longer_answer_for_work_already_done_as_before(gateway):
    told = decided(gateway, ask("claim/1"))
    hand_over(gateway, spooled(1, ask=ask("claim/1")))
    with pytest.raises(Conflict, match="waits for nobody"):
        gateway.answer(told.id, Answer(verb="accept", seen=told.digest), EVE).result()
    assert gateway.told(told.id, APP).result().reasons[-1].code == "answered.fell_back"


def test_an_outcome_kept_behind_its_decision_finds_it(gateway):
    name = named(5)
    entries = (spooled(1, ask=ask("claim/1", id=name)), spooled(2, outcome=Outcome(decision=name, correct=True)))
    assert hand_over(gateway, *entries).recorded == (entries[0].id, entries[1].id)
    [learnt] = records(gateway, OutcomeLearnt)
    assert (learnt.decision, learnt.loss) == (name, 0)


def test_the_id_a_client_gave_is_the_decisions_unless_another_bears_it(gateway):
    name = named(5)
    first, second = (decided(gateway, ask(f"claim/{i}", id=name)) for i in range(2))
    assert (first.id, second.id == name) == (name, False)


def test_failures_outcomes_and_gaps_are_recorded(gateway):
    told = decided(gateway, ask("claim/1"))
    failure = Failure(point="claims.triage", subject="claim/2", error="timeout")
    hand_over(gateway, spooled(1, failure=failure), spooled(2, outcome=Outcome(decision=told.id, correct=True)))
    [gap] = records(gateway, GapNoted)
    assert (gap.entries, gap.why, gap.since < gap.until or gap.since == gap.until) == (2, "slow", True)
    assert [one.decision for one in records(gateway, OutcomeLearnt)] == [told.id]
    assert hand_over(gateway, spooled(1, failure=failure)).known == (named(1),)


def test_what_cannot_be_used_is_given_back_and_the_rest_is_recorded(gateway):
    gone, empty = spooled(2, ask=msgspec.structs.replace(ask("claim/2"), point="claims.gone")), spooled(3)
    told = hand_over(gateway, gone, empty, spooled(4, ask=ask("claim/4")))
    assert [name for name, _ in told.refused] == [gone.id, empty.id]
    assert told.recorded == (named(4),)


def test_falling_back_is_recorded_beside_the_decision(gateway):
    told = decided(gateway, ask("claim/1"))
    hand_over(gateway, spooled(1, ask=ask("claim/1")))
    [missed] = records(gateway, ClientFellBack)
    assert (missed.decision, missed.why, missed.at < missed.ts) == (told.id, "slow", True)


def test_one_subject_kept_twice_is_one_decision_two_callers_fell_back_from(gateway):
    entries = spooled(1, ask=ask("claim/1")), spooled(2, ask=ask("claim/1"))
    assert hand_over(gateway, *entries).recorded == tuple(one.id for one in entries)
    [made] = records(gateway, DecisionMade)
    assert [one.decision for one in records(gateway, ClientFellBack)] == [made.id, made.id]


def test_what_was_known_all_along_is_no_gap(gateway):
    told = decided(gateway, ask("claim/1"))
    entry = spooled(2, outcome=Outcome(decision=told.id, correct=True))
    hand_over(gateway, entry)
    hand_over(gateway, entry)
    assert len(records(gateway, GapNoted)) == 1
