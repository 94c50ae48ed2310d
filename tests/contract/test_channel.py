"""One behaviour, four ways: embedded or over HTTP, sync or async."""

from __future__ import annotations

import threading

import msgspec
import pytest

import airworthy
from airworthy.base.errors import BadInput, Conflict, NotAllowed, NotFound, StoreError
from airworthy.record.decision import DecisionMade, OutcomeLearnt
from airworthy.record.permit import EffectFinished, PermitRedeemed, PermitVoided
from airworthy.record.trouble import ClientFellBack
from contract.ways import CAR, PAY, POINT, WAYS, Triage, way
from service.live.worlds import granted


@pytest.fixture(params=WAYS)
def at(request, tmp_path):
    """A gateway of this test's own; nothing is granted yet."""
    with way(request.param, tmp_path) as found:
        yield found


@pytest.fixture(scope="module", params=WAYS)
def certified(request, tmp_path_factory):
    with way(request.param, tmp_path_factory.mktemp("way")) as found:
        found.certify()
        yield found


@pytest.fixture
def acting(certified, request):
    """A gateway whose gate is open, shared: subjects and entries are told apart by test."""
    certified.test, certified.since = f"{request.node.name}/", certified.behind.log.size()
    return certified


# --- deciding


def test_without_a_grant_the_caller_is_told_to_fall_back(at):
    decision = at.decide("claim/1")
    assert (decision.route, decision.status, decision.value, decision.permit) == ("fallback", "settled", None, None)
    assert decision.proposed == PAY
    assert decision.stage == "shadow"


def test_before_the_gate_is_certified_a_person_is_asked(at):
    granted(at.behind)
    decision = at.decide("claim/1")
    assert (decision.route, decision.status, decision.value, decision.permit) == ("review", "pending", None, None)
    assert (decision.owner, decision.pending.id) == ("clerks", decision.id)
    assert decision.confidence.words.startswith("not yet measured")
    assert decision.due_at is not None


def test_a_certified_gate_lets_it_act_with_the_type_kept(acting):
    decision = acting.decide("claim/1", score=0.99)
    assert (decision.route, decision.value) == ("act", PAY)
    assert decision.permit.terms.effect == "claims.pay"
    assert decision.confidence.guarantee


def test_the_same_again_is_told_the_same_and_recorded_once(acting):
    first = acting.decide("claim/1", score=0.99)
    entries = acting.behind.log.size()
    again = acting.decide("claim/1", score=0.99)
    assert again.again
    assert not first.again
    assert (again.id, again.route, again.value, again.permit) == (first.id, first.route, first.value, first.permit)
    assert acting.behind.log.size() == entries


def test_another_output_for_the_same_attempt_is_a_conflict_and_the_next_attempt_is_not(at):
    at.decide("claim/1")
    with pytest.raises(Conflict):
        at.decide("claim/1", Triage("refuse"))
    assert at.decide("claim/1", Triage("refuse"), attempt=2).attempt == 2


def test_a_point_no_charter_has_is_not_found(at):
    with pytest.raises((NotFound, BadInput)) as refused:
        at.call("decide", "claims.traige", subject="claim/1", output=PAY)
    assert "claims.triage" in str(refused.value)


def test_an_output_its_schema_does_not_allow_falls_back(acting):
    decision = acting.decide("claim/1", {"action": "burn"}, score=0.99)
    assert (decision.route, decision.status, decision.value, decision.permit) == ("fallback", "settled", None, None)
    assert decision.proposed == {"action": "burn"}


def test_numbers_that_are_not_finite_are_refused(at):
    with pytest.raises(BadInput):
        at.decide("claim/1", Triage("pay", float("nan")))
    with pytest.raises(BadInput):
        at.decide("claim/1", score=float("inf"))


def test_many_are_decided_together_and_found_by_subject(acting):
    outputs = [
        airworthy.Output(acting.subject(f"claim/{n}"), Triage("pay", 100.0 + n), score=0.99, item=CAR)
        for n in range(20)
    ]
    found = acting.call("decide_many", POINT, outputs)
    assert len(found) == 20
    assert all(found[acting.subject(f"claim/{n}")].value == Triage("pay", 100.0 + n) for n in range(20))


def test_a_malformed_output_falls_back_and_says_which_field_breaks_what(acting):
    told = acting.decide("claim/1", {"action": "burn"})
    assert (told.route, told.permit, told.reasons[0].code, told.reasons[0].about) == (
        "fallback", None, "output.malformed", "action: enum",
    )  # fmt: skip


def test_one_malformed_output_in_a_batch_falls_back_alone(acting):
    outputs = [
        airworthy.Output(acting.subject("claim/1"), PAY, score=0.99, item=CAR),
        airworthy.Output(acting.subject("claim/2"), {"action": "burn"}),
    ]
    found = acting.call("decide_many", POINT, outputs)
    assert (found[acting.subject("claim/1")].route, found[acting.subject("claim/2")].route) == ("act", "fallback")


def test_one_ask_nobody_can_mean_keeps_the_whole_batch_out_of_the_log(at):
    before = len(at.records(DecisionMade))
    with pytest.raises(BadInput):
        at.call("decide_many", POINT, [airworthy.Output("claim/1", PAY), airworthy.Output("", PAY)])
    assert len(at.records(DecisionMade)) == before


def test_a_failed_model_falls_back_and_is_told_the_same_again(at):
    granted(at.behind)
    first = at.call("failure", POINT, subject="claim/1", error="TimeoutError")
    again = at.call("failure", POINT, subject="claim/1", error="TimeoutError")
    assert (first.route, first.status, first.proposed) == ("fallback", "settled", None)
    assert again.id == first.id


def test_a_trace_is_told_back(at):
    with at.gateway.step("intake") as step:
        decision = at.decide("claim/1")
    assert decision.trace == step.trace
    made = at.records(DecisionMade)[-1]
    assert made.parent == step.id


# --- effects


def test_an_effect_runs_once_under_its_permit_and_its_end_is_in_the_log(acting):
    ran = []
    pay = acting.effect(ran)
    decision = acting.decide("claim/1", score=0.99)
    pay(decision.value, permit=decision.permit)
    with pytest.raises(NotAllowed):
        pay(decision.value, permit=decision.permit)
    assert ran == [PAY]
    assert len(acting.records(PermitRedeemed)) == 1
    assert [one.ended for one in acting.records(EffectFinished)] == ["done"]


def test_another_payload_or_effect_never_runs(acting):
    ran = []
    decision = acting.decide("claim/1", score=0.99)
    with pytest.raises(NotAllowed):
        acting.effect(ran)(Triage("pay", 9_000.0), permit=decision.permit)
    with pytest.raises(NotAllowed):
        acting.gateway.effect("claims.write-off")(lambda value, *, permit: ran.append(value))(
            decision.value, permit=decision.permit
        )
    forged = msgspec.structs.replace(decision.permit, signature="00" * 64)
    with pytest.raises(NotAllowed):
        acting.effect(ran)(decision.value, permit=forged)
    assert ran == []


def test_without_a_gateway_no_effect_runs(acting):
    ran = []
    decision = acting.decide("claim/1", score=0.99)
    acting.switch.down = True
    with pytest.raises(StoreError):
        acting.effect(ran)(decision.value, permit=decision.permit)
    acting.switch.down = False
    assert ran == []


def test_after_the_stop_switch_nothing_acts_and_no_permit_is_good(at):
    granted(at.behind)
    ran = []
    decision = at.accepted("claim/1")
    at.gateway.stop("claims", "wrong amounts", by="Eve")
    with pytest.raises(NotAllowed):
        at.effect(ran)(decision.value, permit=decision.permit)
    assert ran == []
    assert at.decide("claim/2").route == "fallback"


def test_an_effect_that_is_taken_back_is_recorded(acting):
    ran, undone = [], []
    decision = acting.decide("claim/1", score=0.99)
    pay = acting.gateway.effect("claims.pay", undo=undone.append)(lambda value, *, permit: ran.append(value))
    pay(decision.value, permit=decision.permit)
    pay.undo(decision)
    with pytest.raises(NotAllowed, match="undone before"):
        pay.undo(decision)
    assert (ran, undone) == ([PAY], [PAY])
    assert [one.ended for one in acting.records(EffectFinished)] == ["done", "undone"]


# --- people and outcomes


def test_a_correction_comes_back_typed_with_a_permit_for_exactly_it(at):
    granted(at.behind)
    decision = at.decide("claim/1")
    at.gateway.answer(decision, "correct", by="Eve", value=Triage("refuse", 0.0))
    settled = at.wait(decision, 10)
    assert (settled.route, settled.value, settled.proposed) == ("act", Triage("refuse", 0.0), PAY)
    ran = []
    at.effect(ran)(settled.value, permit=settled.permit)
    assert ran == [Triage("refuse", 0.0)]


def test_an_answer_about_something_else_than_what_was_seen_is_a_conflict(at):
    granted(at.behind)
    decision = at.decide("claim/1")
    stale = msgspec.structs.replace(decision, digest="0" * 64)
    with pytest.raises(Conflict):
        at.gateway.answer(stale, "accept", by="Eve")
    assert at.wait(decision, 0).status == "pending"


def test_waiting_ends_when_a_person_answers(at):
    granted(at.behind)
    decision = at.decide("claim/1")
    answering = threading.Timer(0.05, lambda: at.gateway.answer(decision, "accept", by="Eve"))
    answering.start()
    assert at.wait(decision, 20).value == PAY
    answering.join()


def test_a_wait_that_times_out_gives_the_pending_decision(at):
    granted(at.behind)
    waited = at.wait(at.decide("claim/1"), 0.05)
    assert (waited.status, waited.route, waited.value, waited.permit) == ("pending", "review", None, None)


def test_outcomes_are_noted_and_an_unknown_decision_is_not_found(at):
    decision = at.decide("claim/1")
    assert at.gateway.outcome(decision.id, correct=True).seq > 0
    assert at.gateway.outcome(decision.id, value=Triage("refuse"), corrects=True).seq > 0
    with pytest.raises(NotFound):
        at.gateway.outcome("00000000000000000000000000", correct=True)


def test_an_outcome_that_says_nothing_is_refused(at):
    with pytest.raises(BadInput):
        at.gateway.outcome(at.decide("claim/1").id)


# --- outages


def test_what_was_decided_during_an_outage_is_in_the_log_after_it(at):
    granted(at.behind)
    at.switch.down = True
    decisions = [at.decide(f"claim/{n}") for n in range(5)]
    assert {decision.route for decision in decisions} == {"fallback"}
    at.switch.down = False
    at.gateway.close()
    health = at.gateway.health()
    assert (health.spooled, health.reconciled, health.waiting, health.refused, health.lost) == (5, 5, 0, 0, 0)
    assert len(at.records(ClientFellBack)) == 5


def test_a_decision_the_caller_did_not_hear_loses_its_permit(at):
    granted(at.behind)
    permit = at.accepted("claim/1").permit
    at.switch.down = True
    assert at.decide("claim/1").route == "fallback"
    at.switch.down = False
    at.gateway.close()
    assert [one.permit for one in at.records(PermitVoided)] == [permit.terms.permit]


def test_an_outcome_of_a_decision_nobody_heard_counts_once_it_is_in_the_log(at):
    granted(at.behind)
    at.switch.down = True
    kept, later = at.decide("claim/1"), at.decide("claim/2")
    assert at.gateway.outcome(kept.id, correct=False).seq == -1
    at.switch.down = False
    at.until_handed_over()
    assert {one.decision for one in at.records(OutcomeLearnt)} == {kept.id}
    assert at.gateway.outcome(later.id, correct=True).seq > 0
