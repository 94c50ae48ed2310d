"""Deciding through a gateway: what is asked, what is told, and what happens when nobody answers."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime

import numpy as np
import pytest

import airworthy
from airworthy.base.errors import BadInput, Conflict, NotAllowed, NotFound
from airworthy.exchange.ask import MOST_AT_ONCE, Spooled, StopAsked
from sdk.claims import PAY, POINT, Triage

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def asked(gateway):
    """The ask behind the newest decision."""
    return list(gateway.scripted._asked.values())[-1]


def test_what_is_said_beside_the_output_reaches_the_gateway(gateway):
    gateway.decide(
        POINT, subject="claim/1", output=PAY, attempt=2, score=np.float64(0.5), proba=np.array([0.5, 0.5]),
        scores={"amount": 0.7}, item=PAY, context="zendesk:ticket/5519", requested_by="kim",
        sources=[airworthy.Source(source="erp.po", key="4410", as_of=NOON)], trace="t",
    )  # fmt: skip
    ask = asked(gateway)
    assert (ask.attempt, ask.score, ask.proba, ask.scores) == (2, 0.5, [0.5, 0.5], {"amount": 0.7})
    assert ask.item == {"action": "pay", "amount": "43.10"}
    assert ask.sources == (airworthy.Source(source="erp.po", key="4410", as_of=NOON),)
    assert (ask.context, ask.requested_by, ask.trace) == ("zendesk:ticket/5519", "kim", "t")


def test_sync_and_async_tell_the_same(gateway):
    gateway.will(POINT, route="act")
    told = gateway.decide(POINT, subject="claim/1", output=PAY)
    again = asyncio.run(gateway.adecide(POINT, subject="claim/1", output=PAY))
    assert again.again
    assert (again.id, again.value) == (told.id, told.value)


def test_another_output_for_the_same_item_and_attempt_is_a_conflict(gateway):
    gateway.decide(POINT, subject="claim/1", output=PAY)
    with pytest.raises(Conflict):
        gateway.decide(POINT, subject="claim/1", output=Triage("refuse", PAY.amount))
    with pytest.raises(Conflict):
        asyncio.run(gateway.adecide(POINT, subject="claim/1", output=Triage("refuse", PAY.amount)))


@pytest.mark.parametrize(
    "beside",
    [{"score": "high"}, {"score": float("nan")}, {"attempt": 0}, {"attempt": "2"}, {"scores": {"a": 2.0}},
     {"sources": ["erp"]}, {"context": 7}, {"scroe": 0.9}, {"proba": [float("inf")]}],
    ids=str,
)  # fmt: skip
def test_an_ask_that_cannot_be_meant_is_refused_before_it_is_sent(gateway, beside):
    with pytest.raises(BadInput) as refused:
        gateway.decide(POINT, subject="claim/1", output=PAY, **beside)
    assert refused.value.diagnostics[0].code == "C012"
    assert gateway.decisions == ()


def test_a_subject_must_be_named(gateway):
    with pytest.raises(BadInput):
        gateway.decide(POINT, subject="", output=PAY)


# --- many at once


def test_many_are_found_by_subject_and_attempt(gateway):
    gateway.will(POINT, route="act")
    outputs = [airworthy.Output(f"claim/{n}", Triage("pay", PAY.amount + n)) for n in range(5)]
    found = gateway.decide_many(POINT, [*outputs, airworthy.Output("claim/0", PAY, attempt=2)])
    assert found["claim/3"].value == Triage("pay", PAY.amount + 3)
    assert found["claim/0", 2].attempt == 2
    assert len(found) == 6
    assert all(decision.subject == subject for (subject, _), decision in found.items())
    with pytest.raises(KeyError, match="attempt"):
        found["claim/0"]
    with pytest.raises(KeyError):
        found["claim/9"]


def test_none_at_all_asks_nobody(gateway):
    with gateway.down():
        assert len(gateway.decide_many(POINT, [])) == 0


def test_many_async_are_the_same(gateway):
    found = asyncio.run(gateway.adecide_many(POINT, [airworthy.Output("claim/1", PAY)]))
    assert found["claim/1"].route == "review"


def test_one_subject_twice_in_a_batch_is_refused(gateway):
    twice = [airworthy.Output(subject, PAY) for subject in ("claim/0", "claim/1", "claim/1")]
    with pytest.raises(BadInput, match="outputs 2 and 3 have the same subject") as refused:
        gateway.decide_many(POINT, twice)
    assert "claim" not in str(refused.value)  # a subject may be a person's number
    assert gateway.decisions == ()


def test_more_than_one_transaction_takes_is_refused(gateway):
    with pytest.raises(BadInput, match="too many"):
        gateway.decide_many(POINT, [airworthy.Output(str(n), PAY) for n in range(MOST_AT_ONCE + 1)])


def test_an_output_shows_neither_content_nor_subject(gateway):
    assert repr(airworthy.Output("claim/1", PAY)) == "Output(attempt 1)"


# --- nobody answers


@pytest.mark.parametrize("why", ["unreachable", "slow", "overloaded", "refused", "store"])
def test_whatever_is_down_the_caller_falls_back_and_nothing_is_lost(gateway, why):
    gateway.will(POINT, route="act")
    with gateway.down(why):
        decision = gateway.decide(POINT, subject="claim/1", output=PAY)
        assert (decision.route, decision.status, decision.value, decision.permit) == ("fallback", "settled", None, None)
        assert [reason.code for reason in decision.reasons] == [f"client.{why}"]
        assert decision.proposed == PAY
        health = gateway.health()
        assert (health.fallbacks, health.spooled, health.waiting, health.lost) == ({why: 1}, 1, 1, 0)
    gateway.close()
    (kept,) = [one for one in gateway.scripted.noted if isinstance(one, Spooled)]
    assert (kept.id, kept.why, kept.ask.subject) == (decision.id, why, "claim/1")
    assert gateway.health().waiting == 0


def test_who_fell_back_and_asks_again_is_told_the_same_again_and_never_to_act(gateway):
    """Asked in time the gateway would say `act`, and the work that was done as before would be done twice."""
    gateway.will(POINT, route="act")
    with gateway.down("slow"):
        first = gateway.decide(POINT, subject="claim/1", output=PAY)
    again = gateway.decide(POINT, subject="claim/1", output=PAY)
    assert (again.id, again.route, again.permit) == (first.id, "fallback", None)
    assert gateway.health().spooled == 1
    assert gateway.decide(POINT, subject="claim/1", attempt=2, output=PAY).route == "act"


def test_async_callers_fall_back_the_same_way(gateway):
    async def all_of_it():
        one = await gateway.adecide(POINT, subject="claim/1", output=PAY)
        many = await gateway.adecide_many(POINT, [airworthy.Output("claim/2", PAY), airworthy.Output("claim/3", PAY)])
        failed = await gateway.afailure(POINT, subject="claim/4", error="no answer")
        return [one, *many.values(), failed]

    with gateway.down("slow"):
        assert [decision.route for decision in asyncio.run(all_of_it())] == ["fallback"] * 4
    assert gateway.health().spooled == 4


def test_a_mistake_is_raised_and_never_kept(gateway):
    with pytest.raises(NotFound):
        gateway.outcome("no-such-decision", correct=True)
    assert gateway.health().spooled == 0


def test_an_outcome_of_a_decision_that_is_still_kept_is_kept_behind_it(gateway):
    with gateway.down():
        decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    gateway._line._spool.holds(decision.id)
    with gateway.down():
        noted = gateway.outcome(decision.id, correct=False)
    assert noted.seq == -1
    gateway.close()
    kept = [one for one in gateway.scripted.noted if isinstance(one, Spooled)]
    assert [bool(one.ask) for one in kept] == [True, False]


def test_a_model_that_failed_falls_back_and_is_recorded(gateway):
    decision = gateway.failure(POINT, subject="claim/1", error="timeout", item={"a": 1})
    assert (decision.route, decision.proposed, decision.value) == ("fallback", None, None)
    assert gateway.scripted.noted[0].error == "timeout"


# --- people


def test_an_answer_settles_what_the_person_saw(gateway):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    settled = gateway.answer(decision, "correct", by="kim", value=Triage("refuse", PAY.amount))
    assert settled.value == Triage("refuse", PAY.amount)
    with pytest.raises(Conflict):
        gateway.answer(decision, "accept", by="kim")


def test_the_stop_switch_makes_everything_fall_back(gateway):
    gateway.will(POINT, route="act")
    gateway.stop("claims", "wrong amounts", by="kim")
    assert gateway.decide(POINT, subject="claim/1", output=PAY).route == "fallback"
    assert isinstance(gateway.scripted.noted[0], StopAsked)


# --- the process


def test_health_counts_calls_and_routes(gateway):
    gateway.will(POINT, route="act")
    gateway.decide(POINT, subject="claim/1", output=PAY)
    gateway.decide_many(POINT, [airworthy.Output("claim/2", PAY), airworthy.Output("claim/3", PAY)])
    health = gateway.health()
    assert (health.calls, health.told, health.fallbacks) == (3, {"act": 3}, {})


def test_after_a_fork_the_gateway_says_that_it_belongs_to_the_parent(gateway, monkeypatch):
    monkeypatch.setattr(os, "getpid", lambda: 1)
    with pytest.raises(NotAllowed, match="fork"):
        gateway.decide(POINT, subject="claim/1", output=PAY)


def test_closing_twice_is_fine(gateway):
    gateway.close()
    gateway.close()


# --- steps


def test_decisions_inside_a_step_share_its_trace_and_name_it_as_their_parent(gateway):
    with gateway.step("intake") as step:
        first = gateway.decide(POINT, subject="claim/1", output=PAY)
        with gateway.step("payment") as inner:
            gateway.decide(POINT, subject="claim/2", output=PAY)
        assert (asked(gateway).parent, asked(gateway).trace) == (inner.id, step.trace)
        gateway.decide(POINT, subject="claim/3", output=PAY)
        assert asked(gateway).parent == step.id
    assert first.trace == step.trace
    gateway.decide(POINT, subject="claim/4", output=PAY)
    assert asked(gateway).parent == ""


def test_steps_of_concurrent_tasks_do_not_mix(gateway):
    async def work(name):
        with gateway.step(name) as step:
            await asyncio.sleep(0)
            decision = await gateway.adecide(POINT, subject=name, output=PAY)
            return decision.trace == step.trace

    async def both():
        return await asyncio.gather(*(work(f"step{n}") for n in range(10)))

    assert all(asyncio.run(both()))
    traces = {told.trace for told in gateway.decisions}
    assert len(traces) == 10


def test_a_text_no_machine_can_write_is_refused_and_reaches_neither_gateway_nor_spool(gateway):
    with gateway.down(), pytest.raises(BadInput):
        gateway.decide(POINT, subject="claim/\ud800", output=PAY)
    with gateway.down(), pytest.raises(BadInput):
        gateway.failure(POINT, subject="claim/1", error="\ud800")
    assert gateway.health().spooled == 0


def test_an_outcome_with_a_wrong_type_is_refused(gateway):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    with pytest.raises(BadInput):
        gateway.outcome(decision.id, correct="yes")
    with pytest.raises(BadInput):
        asyncio.run(gateway.aoutcome(decision.id, correkt=True))
    assert asyncio.run(gateway.aoutcome(decision.id, value=PAY)).seq > 0


def test_an_answer_may_be_given_by_async_code(gateway):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    assert asyncio.run(gateway.aanswer(decision, "accept", by="kim")).value == PAY


@pytest.mark.parametrize("way", ["sync", "async"])
def test_a_failure_takes_the_exception_itself(gateway, way):
    ask = {"subject": "claim/1", "error": ValueError("no JSON \ud800")}
    if way == "sync":
        gateway.failure(POINT, **ask)
    else:
        asyncio.run(gateway.afailure(POINT, **ask))
    assert gateway.scripted.noted[-1].error == "ValueError: no JSON \\ud800"


def test_a_failure_of_neither_text_nor_exception_names_the_argument(gateway):
    with pytest.raises(BadInput, match=r"C012.*\$\.error"):
        gateway.failure(POINT, subject="claim/1", error=404)


@pytest.mark.parametrize("said", [{"score": float("nan")}, {"proba": [float("inf")]}, {"samples": [object()]}])
def test_what_is_no_number_names_its_argument(gateway, said):
    (name,) = said
    with pytest.raises(BadInput, match=f"C012 `{name}` cannot be asked"):
        gateway.decide(POINT, subject="claim/1", output=PAY, **said)


@pytest.mark.parametrize("verb", ["approve", ["accept"], None])
def test_a_word_that_is_no_answer_is_refused_with_the_five_that_are(gateway, verb):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    with pytest.raises(BadInput, match="accept, correct, challenge, cannot_tell, escalate"):
        gateway.answer(decision, verb, by="kim")
