"""A decision is frozen, keeps its type, shows no content, and is no truth value."""

from __future__ import annotations

import asyncio

import pytest

from airworthy.base.errors import BadInput
from airworthy.sdk.decision import Decision
from sdk.claims import PAY, POINT, Triage


def test_an_acted_decision_has_the_value_and_a_permit(gateway):
    gateway.will(POINT, route="act")
    decision = gateway.decide(POINT, subject="claim/1", output=PAY, score=0.9)
    assert (decision.route, decision.value, decision.proposed, decision.pending) == ("act", PAY, PAY, None)
    assert decision.permit is not None


def test_a_pending_decision_has_no_value_and_no_permit(gateway):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    assert (decision.route, decision.value, decision.permit) == ("review", None, None)
    assert decision.pending.id == decision.id
    assert decision.pending.url
    assert decision.pending.due_at == decision.due_at


def test_its_route_is_matched_as_plain_text(gateway):
    match gateway.decide(POINT, subject="claim/1", output=PAY).route:
        case "act":
            taken = "pay"
        case "fallback":
            taken = "old way"
        case _:
            taken = "wait"
    assert taken == "wait"


def test_a_decision_is_not_a_truth_value(gateway):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    with pytest.raises(TypeError, match=r"decision\.route"):
        assert decision


def test_it_cannot_be_changed(gateway):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    with pytest.raises(AttributeError):
        decision.route = "act"


def test_what_is_printed_shows_no_content(gateway):
    gateway.will(POINT, route="act")
    decision = gateway.decide(POINT, subject="claim/1", output={"name": "Erika Mustermann"}, item={"x": "Mustermann"})
    for shown in (repr(decision), str(decision), f"{decision}", repr(decision.told), repr([decision])):
        assert "Mustermann" not in shown


def test_it_goes_to_json_and_comes_back(gateway):
    gateway.will(POINT, route="act")
    decision = gateway.decide(POINT, subject="claim/1", output=PAY, score=0.9)
    again = Decision.from_json(decision.to_json(), Triage)
    assert again == decision
    assert again.value == PAY
    assert again.permit == decision.permit
    assert hash(again) == hash(decision)


def test_a_decision_from_json_can_be_waited_on_only_through_a_gateway(gateway):
    gateway.answers(POINT, "accept")
    json = gateway.decide(POINT, subject="claim/1", output=PAY).to_json()
    with pytest.raises(TypeError, match=r"gateway\.read"):
        Decision.from_json(json, Triage).wait(0)
    assert gateway.read(json, Triage).wait(1).value == PAY


def test_a_correction_comes_back_as_the_type_of_the_output(gateway):
    gateway.answers(POINT, "correct", Triage("refuse", PAY.amount))
    decision = gateway.decide(POINT, subject="claim/1", output=PAY).wait(5)
    assert decision.value == Triage("refuse", PAY.amount)
    assert decision.proposed == PAY
    assert decision.permit.terms.decider == "person"


def test_a_correction_that_does_not_fit_the_type_is_said(gateway):
    gateway.answers(POINT, "correct", {"action": "refuse"})
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    with pytest.raises(BadInput, match="Triage"):
        decision.wait(5)


@pytest.mark.parametrize("timeout", [0, 0.05])
def test_a_timeout_gives_the_pending_decision_never_an_act(gateway, timeout):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    for waited in (decision.wait(timeout), asyncio.run(decision.result(timeout))):
        assert (waited.status, waited.route, waited.value, waited.permit) == ("pending", "review", None, None)


def test_waiting_survives_an_outage(gateway):
    gateway.answers(POINT, "accept")
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    with gateway.down("unreachable"):
        assert decision.wait(0.05).status == "pending"
        assert asyncio.run(decision.result(0.05)).status == "pending"
    assert asyncio.run(decision.result(5)).value == PAY


def test_a_settled_decision_is_not_asked_about_again(gateway):
    gateway.will(POINT, route="act")
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    with gateway.down():
        assert decision.wait(10) is decision


def test_look_finds_a_decision_by_its_id(gateway):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    assert gateway.look(decision.id, Triage) == decision
