"""The decorator: the function's output is decided about, and what it raises becomes a fallback."""

from __future__ import annotations

import asyncio
import inspect
import logging

import pytest

from airworthy.base.errors import BadInput
from airworthy.exchange.ask import Failure
from sdk.claims import PAY, POINT, Triage


def test_the_caller_gets_the_decision_with_the_type_kept(gateway):
    gateway.will(POINT, route="act")

    @gateway.decision(
        POINT, subject=lambda claim: f"claim/{claim}", item=lambda claim: {"claim": claim}, score=lambda found: 0.9
    )
    def triage(claim: int) -> Triage:
        """Looks at a claim."""
        return PAY

    decision = triage(7)
    assert (decision.subject, decision.value) == ("claim/7", PAY)
    assert triage.__doc__ == "Looks at a claim."
    ask = next(iter(gateway.scripted._asked.values()))
    assert (ask.item, ask.score) == ({"claim": 7}, 0.9)


def test_an_async_function_stays_one(gateway):
    gateway.will(POINT, route="act")

    @gateway.decision(POINT, subject=lambda claim: f"claim/{claim}")
    async def triage(claim: int) -> Triage:
        await asyncio.sleep(0)
        return PAY

    assert inspect.iscoroutinefunction(triage)
    assert asyncio.run(triage(7)).value == PAY


def test_what_the_model_raises_becomes_a_fallback_and_is_logged(gateway, caplog):
    @gateway.decision(POINT, subject=str, context=lambda claim: "ticket/1")
    def triage(claim: int) -> Triage:
        raise TimeoutError("the model did not answer")

    @gateway.decision(POINT, subject=str)
    async def atriage(claim: int) -> Triage:
        raise TimeoutError("the model did not answer")

    with caplog.at_level(logging.WARNING, "airworthy"):
        for decision in (triage(7), asyncio.run(atriage(8))):
            assert (decision.route, decision.value, decision.status) == ("fallback", None, "settled")
    failures = [one for one in gateway.scripted.noted if isinstance(one, Failure)]
    assert [one.subject for one in failures] == ["7", "8"]
    assert failures[0].error == "TimeoutError: the model did not answer"
    assert failures[0].context == "ticket/1"
    assert "the model did not answer" in caplog.text


def test_a_score_that_cannot_be_read_from_the_output_is_a_failure_of_the_model(gateway):
    @gateway.decision(POINT, subject=str, score=lambda found: found["no such field"])
    def triage(claim: int) -> dict[str, str]:
        return {}

    assert triage(1).route == "fallback"


def test_a_mistake_of_the_developer_is_raised(gateway):
    @gateway.decision(POINT, subject=str, score=lambda found: "high")
    def triage(claim: int) -> Triage:
        return PAY

    with pytest.raises(BadInput):
        triage(1)


def test_a_correction_comes_back_as_the_declared_type(gateway):
    gateway.answers(POINT, "correct", [PAY, PAY])

    @gateway.decision(POINT, subject=str)
    def triage(claim: int) -> list[Triage]:
        return []

    assert triage(1).wait(5).value == [PAY, PAY]


def test_a_function_without_annotations_gets_the_type_of_its_output(gateway):
    gateway.will(POINT, route="act")

    @gateway.decision(POINT, subject=lambda claim: str(claim))
    def triage(claim):
        return PAY

    assert triage(1).value == PAY


@pytest.mark.parametrize("broken", [{"amount": float("nan")}, {"amount": object()}], ids=["nan", "no data"])
def test_an_output_that_cannot_be_written_is_a_failure_of_the_model(gateway, broken):
    @gateway.decision(POINT, subject=str)
    def triage(claim: int) -> dict[str, object]:
        return broken

    assert triage(1).route == "fallback"
    assert gateway.scripted.noted[0].subject == "1"


def test_a_score_that_is_no_number_is_a_failure_of_the_model(gateway):
    @gateway.decision(POINT, subject=str, score=lambda found: float("nan"))
    def triage(claim: int) -> Triage:
        return PAY

    assert triage(1).route == "fallback"
