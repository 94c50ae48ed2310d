"""Outcomes: late, corrected, contradictory, unknown, and which of them may certify."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airworthy.base.clock import DAY, HOUR, FixedClock, moment
from airworthy.base.errors import BadInput, NotFound
from airworthy.exchange.ask import Answer, Outcome
from airworthy.record import codec
from airworthy.record.decision import OutcomeLearnt
from airworthy.record.trouble import OutcomeUnmatched
from service.live.worlds import APP, EVE, NOW, ask, decided, granted, in_memory


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def gateway(clock):
    gateway = in_memory(clock=clock)
    granted(gateway)
    decided(gateway, *[ask(f"early/{i}", score=i / 200) for i in range(200)])
    gateway.tick()
    return gateway


def say(gateway, decision: str, **said):
    return gateway.outcome(Outcome(decision=decision, **said), APP).result()


def learnt(gateway, decision: str) -> list[OutcomeLearnt]:
    found = (codec.record(stored.leaf) for stored in gateway.log.about(decision))
    return [one for one in found if isinstance(one, OutcomeLearnt)]


def counted(gateway, clock) -> tuple[int, int]:
    """Labels and errors the gate has counted once everything has matured."""
    clock.move(2 * DAY)
    gateway.tick()
    gate = gateway._core.points["claims.triage"].learning._segments["all"].gate
    return gate.labels[-1], gate.errors[-1]


def test_a_value_is_compared_by_the_losses_of_the_charter(gateway):
    told = decided(gateway, ask("claim/1"))
    say(gateway, told.id, value={"action": "pay", "amount": 7.0})
    assert [one.loss for one in learnt(gateway, told.id)] == [0]  # only `action` has a loss
    other = decided(gateway, ask("claim/2"))
    say(gateway, other.id, value={"action": "refuse"})
    assert [one.loss for one in learnt(gateway, other.id)] == [1_000_000]


def test_truth_counts_when_it_comes_in_time_and_a_missing_one_counts_as_an_error(gateway, clock):
    right, missing = decided(gateway, ask("claim/1")), decided(gateway, ask("claim/2"))
    say(gateway, right.id, correct=True)
    assert counted(gateway, clock) == (2, 1)
    say(gateway, missing.id, correct=True)
    assert counted(gateway, clock) == (2, 1)


def test_late_truth_is_kept_though_it_no_longer_counts(gateway, clock):
    told = decided(gateway, ask("claim/1"))
    clock.move(3 * DAY)
    noted = say(gateway, told.id, correct=True, observed_at=moment(NOW) + timedelta(hours=1))
    assert noted.seq > 0
    found = learnt(gateway, told.id)[0]
    assert found.at < found.ts


def test_what_contradicts_what_was_said_counts_as_not_known_until_one_corrects(gateway, clock):
    told = decided(gateway, ask("claim/1"))
    say(gateway, told.id, correct=True)
    assert "neither counts" in say(gateway, told.id, correct=False).note
    assert counted(gateway, clock) == (1, 1)
    again = decided(gateway, ask("claim/2"))
    for correct, corrects in ((True, False), (False, False), (True, True)):
        say(gateway, again.id, correct=correct, corrects=corrects)
    assert counted(gateway, clock) == (2, 1)


def test_saying_the_same_twice_is_no_contradiction(gateway, clock):
    told = decided(gateway, ask("claim/1"))
    assert [say(gateway, told.id, correct=True).note for _ in range(2)] == ["", ""]
    assert counted(gateway, clock) == (1, 0)


def test_unknown_counts_as_an_error_for_opening(gateway, clock):
    told = decided(gateway, ask("claim/1"))
    say(gateway, told.id, unknown=True)
    assert learnt(gateway, told.id)[0].loss is None
    assert counted(gateway, clock) == (1, 1)


def test_a_sighted_answer_never_certifies(gateway, clock):
    told = decided(gateway, ask("claim/1"))
    gateway.answer(told.id, Answer(verb="accept", seen=told.digest), EVE).result()
    assert [one.label for one in learnt(gateway, told.id)] == ["sighted"]
    assert counted(gateway, clock) == (1, 1)


def test_whoever_answers_blind_is_not_shown_the_output():
    gateway = in_memory(("  outcomes: all\n", "  blind_first: 0 %\n"))
    granted(gateway)
    shown = {}
    for i in range(60):
        told = decided(gateway, ask(f"claim/{i}"))
        made = codec.record(gateway.log.about(told.id)[0].leaf)
        seen = gateway.told(told.id, EVE).result()
        assert (seen.proposed is None, seen.confidence is None) == (made.audit.drawn, made.audit.drawn)
        assert gateway.told(told.id, APP).result().proposed is not None
        shown[told.id] = seen.proposed is not None
    assert {True, False} == set(shown.values())


def test_a_blind_answer_certifies_and_an_outcome_outranks_it(clock):
    gateway = in_memory(
        ("  outcomes: all\n", "  blind_first: 100 %\n"), ("audit_rate: 20 %", "audit_rate: 100 %"), clock=clock
    )
    granted(gateway)
    decided(gateway, *[ask(f"early/{i}", score=i / 200) for i in range(200)])
    gateway.tick()
    told = decided(gateway, ask("claim/1"))
    value = {"action": "refuse"}
    gateway.answer(told.id, Answer(verb="correct", seen=told.digest, value=value, blind=True), EVE).result()
    assert [(one.label, one.loss) for one in learnt(gateway, told.id)] == [("blind", 1_000_000)]
    say(gateway, told.id, correct=True)
    assert "stronger" in say(gateway, told.id, correct=False, label="blind").note
    assert counted(gateway, clock) == (1, 0)


def test_an_outcome_of_an_unknown_decision_is_refused_and_kept(gateway):
    with pytest.raises(NotFound) as missing:
        say(gateway, "0" * 26, correct=True)
    assert missing.value.diagnostics[0].code == "G021"
    kept = [stored for stored in gateway.log.scan() if isinstance(codec.record(stored.leaf), OutcomeUnmatched)]
    assert b"0000" in gateway.log.content(kept[0].seq, "outcome")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, "G060"),
        ({"correct": True, "unknown": True}, "G060"),
        ({"correct": True, "value": {}}, "G060"),
        ({"correct": True, "observed_at": moment(NOW) + timedelta(days=1)}, "G061"),
        ({"correct": True, "observed_at": moment(NOW).replace(tzinfo=None)}, "G007"),
        ({"value": {"amount": float("nan")}}, "G004"),
    ],
)
def test_an_outcome_that_says_nothing_usable_is_refused(gateway, said, code):
    told = decided(gateway, ask("claim/1"))
    with pytest.raises(BadInput) as refused:
        say(gateway, told.id, **said)
    assert refused.value.diagnostics[0].code == code
    assert learnt(gateway, told.id) == []


def test_confidence_is_told_once_enough_labels_measure_it(clock):
    gateway = in_memory(clock=clock)
    first = decided(gateway, ask("claim/x"))
    assert first.confidence.words == "not yet measured (0 of 200)"
    for i in range(240):
        told = decided(gateway, ask(f"claim/{i}", score=0.6 + i % 40 / 100))
        say(gateway, told.id, correct=i % 10 != 0)
        clock.move(HOUR // 60)
    told = decided(gateway, ask("claim/y", score=0.8))
    assert told.confidence.band in ("Likely", "Established")
    assert told.confidence.words.startswith("cases like this were wrong")
    assert told.confidence.low < told.confidence.p_correct < told.confidence.high
