"""Asks become routes; the same ask again is told the same again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airworthy.base.clock import FixedClock, moment
from airworthy.base.errors import BadInput, Conflict, NotAllowed, NotFound
from airworthy.exchange.ask import Ask, Failure, Source
from airworthy.exchange.channel import Caller
from airworthy.record import codec
from airworthy.record.decision import DecisionMade
from airworthy.record.epoch import EpochStarted
from service.live.worlds import APP, CLEO, NOW, ask, charter, decided, granted, in_memory, opened


def test_without_a_grant_everything_falls_back_and_is_recorded():
    gateway = in_memory()
    told = decided(gateway, ask("claim/1"))
    assert (told.route, told.status, told.stage, told.value, told.permit) == (
        "fallback",
        "settled",
        "shadow",
        None,
        None,
    )
    made = codec.record(gateway.log.about(told.id)[0].leaf)
    assert isinstance(made, DecisionMade)
    assert (made.route, made.told, made.score) == ("review", "fallback", 900_000)


def test_granted_but_uncertified_a_person_is_asked():
    gateway = in_memory()
    granted(gateway)
    told = decided(gateway, ask("claim/1"))
    assert (told.route, told.status, told.owner) == ("review", "pending", "clerks")
    assert told.due_at == moment(NOW) + timedelta(hours=4)
    assert told.proposed == {"action": "pay", "amount": 100.0}
    assert [why.code for why in told.reasons] == ["gate.closed"]


def test_a_certified_gate_acts_under_a_permit():
    clock = FixedClock(NOW)
    gateway = in_memory(clock=clock)
    granted(gateway)
    opened(gateway, clock)
    told = decided(gateway, ask("claim/1", score=0.99))
    assert (told.route, told.status, told.value) == ("act", "settled", {"action": "pay", "amount": 100.0})
    assert told.permit is not None
    assert told.permit.terms.effect == "claims.pay"
    assert "at most 10 in 100 are wrong" in told.confidence.guarantee


def test_a_rule_sends_what_the_gate_would_act_on_to_a_person():
    clock = FixedClock(NOW)
    gateway = in_memory(clock=clock)
    granted(gateway)
    opened(gateway, clock)
    told = decided(gateway, ask("claim/1", amount=9_000.0, score=0.99))
    assert (told.route, told.permit) == ("review", None)


def test_the_same_ask_again_is_told_the_same_again_and_recorded_once():
    gateway = in_memory()
    first, size = decided(gateway, ask("claim/1")), gateway.log.size()
    again = decided(gateway, ask("claim/1", trace="another"))
    assert (again.id, again.route, again.again, gateway.log.size()) == (first.id, first.route, True, size)


def test_the_same_subject_with_another_body_is_refused_and_a_new_attempt_is_not():
    gateway = in_memory()
    first = decided(gateway, ask("claim/1"))
    with pytest.raises(Conflict, match="decided before"):
        decided(gateway, ask("claim/1", action="refuse"))
    assert decided(gateway, ask("claim/1", action="refuse", attempt=2)).id != first.id


def test_how_sure_and_how_fresh_may_change_from_one_try_to_the_next():
    source = (
        "rules:\n",
        "sources:\n  - {source: erp, owner: claims-owner, fresh: 1d, definition: x, basis: y}\n\nrules:\n",
    )
    gateway = in_memory(source)
    read = [Source(source="erp", as_of=moment(NOW) + timedelta(seconds=i)) for i in range(2)]
    first = decided(gateway, ask("claim/1", score=0.9, sources=(read[0],)))
    again = decided(gateway, ask("claim/1", score=0.8, sources=(read[1],)))
    assert (again.id, again.again) == (first.id, True)
    with pytest.raises(Conflict, match="another `item`"):
        decided(gateway, ask("claim/1", item={"amount": 7.0, "kind": "car"}))


def test_a_mended_output_is_another_attempt_and_not_the_answer_to_the_malformed_one():
    gateway = in_memory()
    first = decided(gateway, ask("claim/1", action="burn"))
    again = decided(gateway, ask("claim/1", action="burn"))
    assert (again.id, again.reasons) == (first.id, first.reasons)
    with pytest.raises(Conflict, match="another `output`"):
        decided(gateway, ask("claim/1"))
    assert decided(gateway, ask("claim/1", attempt=2)).proposed["action"] == "pay"


def test_what_runs_below_its_declared_stage_says_what_is_missing():
    gateway = in_memory()
    told = decided(gateway, ask("claim/1"))
    assert told.reasons[-1].words == "no grant lets `claims` run at the stage its charter declares; see airworthy grant"
    granted(gateway)
    assert "grant.none" not in [why.code for why in decided(gateway, ask("claim/2")).reasons]


def test_an_act_told_again_carries_the_permit_it_carried():
    clock = FixedClock(NOW)
    gateway = in_memory(clock=clock)
    granted(gateway)
    opened(gateway, clock)
    first, again = decided(gateway, ask("claim/1", score=0.99)), decided(gateway, ask("claim/1", score=0.99))
    assert again.again
    assert again.permit == first.permit


def test_many_are_decided_together_and_told_in_their_order():
    gateway = in_memory()
    told = decided(gateway, *[ask(f"claim/{i}") for i in range(50)])
    assert [one.subject for one in told] == [f"claim/{i}" for i in range(50)]
    with pytest.raises(BadInput, match="twice"):
        decided(gateway, ask("claim/x"), ask("claim/x"))


def test_an_output_its_schema_does_not_allow_falls_back_and_is_recorded():
    gateway = in_memory()
    told = decided(gateway, ask("claim/1", action="burn"))
    assert (told.route, told.status, told.reasons[0].code, told.reasons[0].about) == (
        "fallback", "settled", "output.malformed", "action: enum",
    )  # fmt: skip
    assert codec.record(gateway.log.about(told.id)[0].leaf).why == "malformed"
    assert decided(gateway, ask("claim/1", action="burn")).id == told.id


def test_a_model_that_failed_falls_back_and_is_recorded_once():
    gateway = in_memory()
    failure = Failure(point="claims.triage", subject="claim/1", error="timeout")
    told, again = (gateway.failure(failure, APP).result() for _ in range(2))
    assert (told.route, told.id, again.again) == ("fallback", again.id, True)


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        ({"point": "claims.triagee"}, NotFound, "G001"),
        ({"subject": " "}, BadInput, "G002"),
        ({"subject": "claim\n1"}, BadInput, "G002"),
        ({"score": 1.2}, BadInput, "G003"),
        ({"score": float("nan")}, BadInput, "G003"),
        ({"score": 0.5, "samples": [{}]}, BadInput, "G003"),
        ({"output": {"amount": float("inf"), "action": "pay"}}, BadInput, "G004"),
        ({"context": "x\ud800"}, BadInput, "G004"),
        ({"item": {"text": "x" * 300_000}}, BadInput, "G005"),
        ({"sources": (Source(source="nowhere"),)}, BadInput, "G006"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_recorded(change, error, code):
    gateway = in_memory()
    size = gateway.log.size()
    given = {"point": "claims.triage", "subject": "claim/1", "output": {"action": "pay"}} | change
    with pytest.raises(error) as refused:
        decided(gateway, Ask(**given))
    assert refused.value.diagnostics[0].code == code
    assert gateway.log.size() == size


def test_another_scope_cannot_decide():
    gateway = in_memory()
    with pytest.raises(NotAllowed, match="application"):
        decided(gateway, ask("claim/1"), caller=Caller("Eve", frozenset({"reviewer"}), True))


def test_a_model_nobody_judged_is_never_acted_on():
    clock = FixedClock(NOW)
    gateway = in_memory(clock=clock)
    granted(gateway)
    opened(gateway, clock)
    told = decided(gateway, ask("claim/1", score=0.99, model_version="next"))
    assert (told.route, "model.other" in [why.code for why in told.reasons]) == ("review", True)


def test_an_expired_grant_lets_the_use_case_fall_by_one_stage():
    clock = FixedClock(NOW)
    gateway = in_memory(clock=clock)
    granted(gateway, days=10)
    opened(gateway, clock)
    assert decided(gateway, ask("claim/1", score=0.99)).route == "act"
    clock.move(10 * 86_400 * 1_000_000)
    told = decided(gateway, ask("claim/2", score=0.99))
    assert (told.route, told.stage, told.permit) == ("review", "assist", None)


def test_time_never_goes_back():
    clock = FixedClock(NOW)
    gateway = in_memory(clock=clock)
    first = decided(gateway, ask("claim/1"))
    clock.move(-3_600 * 1_000_000)
    second = decided(gateway, ask("claim/2"))
    times = [codec.record(gateway.log.about(one.id)[0].leaf).ts for one in (first, second)]
    assert times[1] >= times[0]


def test_a_charter_that_declares_less_than_the_grant_is_kept_to():
    gateway = in_memory(("stage: default", "stage: assist"))
    with pytest.raises(BadInput, match="declares stage assist"):
        granted(gateway, "default")
    granted(gateway, "assist")
    assert decided(gateway, ask("claim/1")).stage == "assist"


def test_only_the_seat_the_charter_names_grants():
    gateway = in_memory()
    with pytest.raises(NotAllowed, match="trust-owner"):
        granted(gateway, by=Caller("Eve", frozenset({"owner"}), True))
    granted(gateway, by=CLEO)
    assert charter().policy_digest


def test_without_coverages_of_its_own_a_charter_does_not_wait_for_the_surest_twentieth():
    gateway = in_memory(("  coverages: [50 %, 100 %]\n", ""))
    decided(gateway, *[ask(f"claim/{i}", score=i / 200) for i in range(200)])
    gateway.tick()
    [started] = [found for stored in gateway.log.scan() if isinstance(found := codec.record(stored.leaf), EpochStarted)]
    assert (started.coverages[0], started.coverages[-1], len(started.coverages)) == (250_000, 1_000_000, 16)


def test_a_bottomless_item_is_refused():
    deep: dict = {}
    for _ in range(30_000):
        deep = {"x": deep}
    with pytest.raises(BadInput, match="64 levels"):
        decided(in_memory(), ask("claim/1", item=deep))
    while deep:
        deep = deep["x"]  # taken apart level by level: letting go of it whole would need as deep a stack
