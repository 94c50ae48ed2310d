"""An effect runs under a permit for exactly this, once, or it never runs."""

from __future__ import annotations

import asyncio
import dataclasses
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import msgspec
import pytest

from airworthy.base.clock import HOUR
from airworthy.base.errors import NotAllowed, StoreError
from airworthy.exchange.ask import EffectEnded
from sdk.claims import PAY, POINT, Triage


class Payments:
    """What was paid; `pay` and `apay` are the effects."""

    def __init__(self, gateway):
        self.paid: list[Triage] = []
        self.refunded: list[Triage] = []

        @gateway.effect("claims.pay", undo=self.refunded.append)
        def pay(triage, *, permit):
            self.paid.append(triage)
            return f"paid {triage.amount} under {permit.terms.permit}"

        @gateway.effect("claims.pay", undo=self.arefund)
        async def apay(triage, *, permit):
            await asyncio.sleep(0)
            self.paid.append(triage)
            return f"paid {triage.amount} under {permit.terms.permit}"

        self.pay, self.apay = pay, apay

    async def arefund(self, triage):
        self.refunded.append(triage)

    def run(self, way, value, permit):
        return self.pay(value, permit=permit) if way == "sync" else asyncio.run(self.apay(value, permit=permit))


WAYS = pytest.mark.parametrize("way", ["sync", "async"])


@pytest.fixture
def payments(gateway):
    gateway.will(POINT, route="act", effect="claims.pay")
    return Payments(gateway)


def ended(gateway):
    return [one.ended for one in gateway.scripted.noted if isinstance(one, EffectEnded)]


@WAYS
def test_with_its_permit_it_runs_and_its_end_is_recorded(gateway, payments, way):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    assert payments.run(way, decision.value, decision.permit).startswith("paid 43.10 under")
    assert payments.paid == [PAY]
    assert ended(gateway) == ["done"]


@WAYS
def test_without_a_permit_it_never_runs(gateway, payments, way):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    with pytest.raises(NotAllowed) as refused:
        payments.run(way, decision.value, None)
    assert refused.value.diagnostics[0].code == "C002"
    assert payments.paid == []


@WAYS
def test_a_permit_is_good_once(gateway, payments, way):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    payments.run(way, decision.value, decision.permit)
    with pytest.raises(NotAllowed, match="used"):
        payments.run(way, decision.value, decision.permit)
    assert payments.paid == [PAY]


@WAYS
def test_another_payload_than_was_permitted_never_runs(gateway, payments, way):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    with pytest.raises(NotAllowed, match="payload"):
        payments.run(way, dataclasses.replace(PAY, amount=PAY.amount + 9_000), decision.permit)
    assert payments.paid == []


def test_a_value_changed_between_check_and_run_changes_nothing(gateway):
    ran = []
    gateway.will(POINT, route="act")
    decision = gateway.decide(POINT, subject="claim/1", output={"lines": [1]})
    given = decision.value

    @gateway.effect("claims.pay")
    def pay(value, *, permit):
        given["lines"].append(9_000)
        ran.append(value)

    pay(given, permit=decision.permit)
    assert ran == [{"lines": [1]}]


@WAYS
def test_another_effect_than_was_permitted_never_runs(gateway, payments, way):
    gateway.will(POINT, route="act", effect="claims.write-off")
    decision = gateway.decide(POINT, subject="claim/2", output=PAY)
    with pytest.raises(NotAllowed, match="effect"):
        payments.run(way, decision.value, decision.permit)
    assert payments.paid == []


@WAYS
def test_an_expired_permit_never_runs(gateway, payments, way):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    gateway.clock.move(2 * HOUR)
    with pytest.raises(NotAllowed, match="expired"):
        payments.run(way, decision.value, decision.permit)
    assert payments.paid == []


@WAYS
def test_a_forged_permit_never_runs(gateway, payments, way):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    longer = msgspec.structs.replace(decision.permit.terms, expires=decision.permit.terms.expires + HOUR)
    with pytest.raises(NotAllowed, match="signature"):
        payments.run(way, decision.value, msgspec.structs.replace(decision.permit, terms=longer))
    assert payments.paid == []


@WAYS
@pytest.mark.parametrize("why", ["unreachable", "slow", "store"])
def test_where_nobody_can_tell_it_never_runs(gateway, payments, way, why):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    with gateway.down(why), pytest.raises(StoreError):
        payments.run(way, decision.value, decision.permit)
    assert payments.paid == []
    assert payments.run(way, decision.value, decision.permit)


@WAYS
def test_an_effect_that_raises_is_recorded_as_failed_and_raises(gateway, payments, way):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    payments.paid = None
    with pytest.raises(AttributeError):
        payments.run(way, decision.value, decision.permit)
    (end,) = [one for one in gateway.scripted.noted if isinstance(one, EffectEnded)]
    assert (end.ended, end.why, end.decision) == ("failed", "AttributeError", decision.id)


def test_a_cancelled_effect_is_recorded_as_failed(gateway):
    gateway.will(POINT, route="act")
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)

    @gateway.effect("claims.pay")
    async def pay(triage, *, permit):
        await asyncio.sleep(60)

    async def cancelled():
        task = asyncio.ensure_future(pay(decision.value, permit=decision.permit))
        while not gateway.scripted._used:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert ended(gateway) == ["failed"]


@WAYS
def test_the_end_of_an_effect_that_cannot_be_recorded_now_is_kept(gateway, way):
    gateway.will(POINT, route="act")
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)

    @gateway.effect("claims.pay")
    def pay(triage, *, permit):
        gateway.scripted.down = "unreachable"
        return "paid"

    assert pay(decision.value, permit=decision.permit) == "paid"
    gateway.scripted.down = None
    gateway.close()
    (kept,) = gateway.scripted.noted
    assert kept.ended.ended == "done"


def undone(payments, way, decision):
    return payments.pay.undo(decision) if way == "sync" else asyncio.run(payments.apay.aundo(decision))


@pytest.fixture
def paid(gateway, payments):
    """A decision whose effect ran."""
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    payments.pay(decision.value, permit=decision.permit)
    return decision


@WAYS
def test_an_undo_is_recorded_then_runs_once(gateway, payments, paid, way):
    undone(payments, way, paid)
    for again in ("sync", "async"):
        with pytest.raises(NotAllowed, match="undone before") as refused:
            undone(payments, again, paid)
        assert refused.value.diagnostics[0].code == "C003"
    assert payments.refunded == [PAY]
    assert ended(gateway) == ["done", "undone"]


@WAYS
def test_an_effect_that_never_ran_is_not_undone(gateway, payments, way):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    with pytest.raises(NotAllowed, match="never ran") as refused:
        undone(payments, way, decision)
    assert refused.value.diagnostics[0].code == "C003"
    assert payments.refunded == []
    assert ended(gateway) == []


@WAYS
@pytest.mark.parametrize("why", ["unreachable", "slow", "store"])
def test_where_nobody_can_record_it_an_undo_never_runs(gateway, payments, paid, way, why):
    with gateway.down(why), pytest.raises(StoreError):
        undone(payments, way, paid)
    assert payments.refunded == []
    undone(payments, way, paid)
    assert payments.refunded == [PAY]


def test_of_fifty_callers_who_undo_one_does(payments, paid):
    def attempt(_):
        with suppress(NotAllowed):
            payments.pay.undo(paid)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(attempt, range(50)))
    assert payments.refunded == [PAY]


def test_an_effect_without_undo_says_so(gateway, payments):
    @gateway.effect("claims.write", reversible=False)
    def write(triage, *, permit): ...

    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    with pytest.raises(NotAllowed, match="cannot be undone"):
        write.undo(decision)
    assert not write.reversible
    assert payments.pay.reversible


def test_a_decision_that_did_not_act_has_nothing_to_undo(gateway, payments):
    gateway.will(POINT, route="review")
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)
    with pytest.raises(NotAllowed, match="never ran"):
        payments.pay.undo(decision)


def test_of_fifty_callers_with_one_permit_one_runs(gateway, payments):
    decision = gateway.decide(POINT, subject="claim/1", output=PAY)

    def attempt(_):
        try:
            return payments.pay(decision.value, permit=decision.permit)
        except NotAllowed:
            return None

    with ThreadPoolExecutor(16) as pool:
        done = [one for one in pool.map(attempt, range(50)) if one]
    assert len(done) == 1
    assert payments.paid == [PAY]


def test_it_keeps_the_name_and_words_of_the_function(gateway):
    @gateway.effect("claims.pay")
    def pay(triage, *, permit):
        """Pays."""

    assert (pay.__name__, pay.__doc__, pay.name) == ("pay", "Pays.", "claims.pay")
