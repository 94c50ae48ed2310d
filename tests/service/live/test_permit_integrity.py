"""What was approved is provably what ran: each of these was seen going wrong in a framework people use."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest

from airworthy.base.clock import HOUR, SECOND, FixedClock, moment
from airworthy.base.errors import AirworthyError, BadInput, Conflict, NotAllowed
from airworthy.exchange.ask import Answer, GrantAsked, Redemption, RevokeAsked, StopAsked
from airworthy.exchange.permit import Permit, refusal, verifier
from airworthy.record import codec
from airworthy.record.permit import PermitIssued, PermitRedeemed, PermitVoided
from airworthy.record.trouble import PermitRefused
from airworthy.service.open import open_in_memory
from airworthy.storage.memory import MemoryStore
from service.live.worlds import (
    APP,
    CLEO,
    EVE,
    FINN,
    NOW,
    Fixed,
    ask,
    charter,
    decided,
    granted,
    in_memory,
    opened,
)

SEEDS = (b"p" * 32, b"d" * 32)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def gateway(clock):
    gateway = in_memory(clock=clock)
    granted(gateway)
    return gateway


@pytest.fixture
def acting(gateway, clock):
    opened(gateway, clock)
    return gateway


def redeem(gateway, permit: Permit, payload, effect: str = "claims.pay"):
    return gateway.redeem(Redemption(permit=msgspec.to_builtins(permit), effect=effect, payload=payload), APP).result()


def accept(gateway, told, who=EVE, **more):
    return gateway.answer(told.id, Answer(verb="accept", seen=told.digest, **more), who).result()


def records(gateway, of):
    return [found for stored in gateway.log.scan() if isinstance(found := codec.record(stored.leaf), of)]


def refused(gateway, *of, **how) -> str:
    """Why a redemption was refused, as recorded."""
    with pytest.raises(Conflict) as error:
        redeem(gateway, *of, **how)
    assert error.value.diagnostics[0].code == "G040"
    return records(gateway, PermitRefused)[-1].why


def test_what_was_permitted_runs_once(acting):
    told = decided(acting, ask("claim/1", score=0.99))
    redeemed = redeem(acting, told.permit, told.value)
    assert redeemed.decision == told.id
    assert [one.permit for one in records(acting, PermitRedeemed)] == [told.permit.terms.permit]


def test_a_permit_replayed_runs_nothing_a_second_time(acting):
    told = decided(acting, ask("claim/1", score=0.99))
    redeem(acting, told.permit, told.value)
    assert refused(acting, told.permit, told.value) == "used"
    assert len(records(acting, PermitRedeemed)) == 1


def test_a_double_click_runs_once(acting):
    told = decided(acting, ask("claim/1", score=0.99))

    def click(_):
        try:
            return redeem(acting, told.permit, told.value)
        except Conflict:
            return None

    with ThreadPoolExecutor(8) as pool:
        ran = [one for one in pool.map(click, range(32)) if one is not None]
    assert len(ran) == 1
    assert len(records(acting, PermitRedeemed)) == 1


def test_a_payload_changed_after_approval_does_not_run(gateway):
    told = accept(gateway, decided(gateway, ask("claim/1")))
    assert told.route == "act"
    assert refused(gateway, told.permit, told.value | {"amount": 9000.0}) == "payload"
    assert redeem(gateway, told.permit, told.value).decision == told.id


def test_a_rejection_stays_one_when_the_rules_become_laxer_before_it_is_taken_up(clock):
    """A framework ran its tool after a rejection, because on resume it asked its configuration again."""
    store = MemoryStore(random=Fixed(1))
    strict = open_in_memory([charter()], clock=clock, random=Fixed(2), store=store, seeds=SEEDS)
    granted(strict)
    told = decided(strict, ask("claim/1", amount=9000.0))
    strict.answer(told.id, Answer(verb="challenge", seen=told.digest, reason="never"), EVE).result()
    lax = open_in_memory(
        [charter(("item.amount > 5000.0", "item.amount > 50000.0"))],
        clock=clock,
        random=Fixed(3),
        store=store,
        seeds=SEEDS,
    )
    granted(lax)
    again = decided(lax, ask("claim/1", amount=9000.0))
    assert (again.id, again.route, again.permit, again.again) == (told.id, "review", None, True)
    assert records(lax, PermitIssued) == []


def test_a_stricter_rule_voids_permits_that_are_out(clock):
    store = MemoryStore(random=Fixed(1))
    lax = open_in_memory([charter()], clock=clock, random=Fixed(2), store=store, seeds=SEEDS)
    granted(lax)
    told = accept(lax, decided(lax, ask("claim/1", amount=900.0)))
    strict = open_in_memory(
        [charter(("item.amount > 5000.0", "item.amount > 500.0"))],
        clock=clock,
        random=Fixed(3),
        store=store,
        seeds=SEEDS,
    )
    assert [one.why for one in records(strict, PermitVoided)] == ["policy"]
    assert refused(strict, told.permit, told.value) == "policy"


def test_the_same_payload_a_second_time_does_not_get_the_old_approval(gateway):
    first = accept(gateway, decided(gateway, ask("claim/1")))
    second = decided(gateway, ask("claim/2"))
    third = decided(gateway, ask("claim/1", attempt=2))
    assert first.permit is not None
    assert (second.status, second.permit) == ("pending", None)
    assert (third.status, third.permit) == ("pending", None)


def test_one_vote_of_a_quorum_of_two_permits_nothing(clock):
    gateway = in_memory(("    effect: pay", "    effect: pay\n    quorum: 2"), clock=clock)
    granted(gateway)
    told = decided(gateway, ask("claim/1"))
    assert (accept(gateway, told).status, records(gateway, PermitIssued)) == ("pending", [])
    with pytest.raises(Conflict, match="already"):
        accept(gateway, told)
    assert accept(gateway, told, FINN).permit is not None


def test_votes_for_another_value_do_not_count_towards_this_one(clock):
    gateway = in_memory(("    effect: pay", "    effect: pay\n    quorum: 2"), clock=clock)
    granted(gateway)
    told = decided(gateway, ask("claim/1"))
    accept(gateway, told)
    corrected = gateway.answer(
        told.id, Answer(verb="correct", seen=told.digest, value={"action": "refuse"}), FINN
    ).result()
    assert corrected.status == "pending"
    with pytest.raises(Conflict, match="saw"):
        accept(gateway, told, EVE)
    now = gateway.told(told.id, APP).result()
    settled = accept(gateway, now, EVE)
    assert (settled.value, settled.route) == ({"action": "refuse"}, "act")


def test_an_answer_to_something_else_than_is_pending_is_refused(gateway):
    told = decided(gateway, ask("claim/1"))
    with pytest.raises(Conflict) as stale:
        gateway.answer(told.id, Answer(verb="accept", seen="0" * 64), EVE).result()
    assert stale.value.diagnostics[0].code == "G023"
    assert gateway.told(told.id, APP).result().status == "pending"


def test_an_expired_permit_is_no_permit(acting, clock):
    told = decided(acting, ask("claim/1", score=0.99))
    clock.move(599 * SECOND)
    clock.move(2 * SECOND)
    assert refused(acting, told.permit, told.value) == "expired"


def test_who_asked_cannot_approve(gateway):
    told = decided(gateway, ask("claim/1", requested_by="Eve"))
    with pytest.raises(NotAllowed, match="cannot approve"):
        accept(gateway, told, EVE)
    assert accept(gateway, told, FINN).permit is not None


def test_who_holds_no_seat_and_what_is_no_person_cannot_approve(gateway):
    told = decided(gateway, ask("claim/1"))
    for nobody in (msgspec.structs.replace(EVE, name="Mallory"), msgspec.structs.replace(EVE, is_person=False), APP):
        with pytest.raises(NotAllowed):
            accept(gateway, told, nobody)


def test_a_forged_or_foreign_permit_is_not_believed(acting):
    told = decided(acting, ask("claim/1", score=0.99))
    terms = told.permit.terms
    longer = msgspec.structs.replace(told.permit, terms=msgspec.structs.replace(terms, expires=terms.expires + 1))
    assert refused(acting, longer, told.value) == "signature"
    other = in_memory(seed=9)
    granted(other)
    foreign = accept(other, decided(other, ask("claim/1")))
    assert refused(acting, foreign.permit, foreign.value) == "signature"
    with pytest.raises(BadInput, match="cannot be read"):
        acting.redeem(Redemption(permit={"terms": 1}, effect="claims.pay", payload={}), APP).result()


def test_a_permit_is_for_one_effect(acting):
    told = decided(acting, ask("claim/1", score=0.99))
    assert refused(acting, told.permit, told.value, effect="claims.refund") == "effect"


def test_a_clock_that_jumps_back_neither_revives_nor_refuses_a_permit(acting, clock):
    told = decided(acting, ask("claim/1", score=0.99))
    clock.move(-5 * HOUR)
    late = decided(acting, ask("claim/2", score=0.99))
    assert redeem(acting, told.permit, told.value).permit == told.permit.terms.permit
    clock.move(5 * HOUR + 700 * SECOND)
    assert refused(acting, late.permit, late.value) == "expired"
    clock.move(-700 * SECOND)
    assert refused(acting, late.permit, late.value) == "expired"


def test_a_stop_takes_permits_back_at_once(acting):
    told = decided(acting, ask("claim/1", score=0.99))
    acting.stop(StopAsked(use_case="claims", why="wrong sums"), CLEO).result()
    assert refused(acting, told.permit, told.value) == "stopped"
    assert decided(acting, ask("claim/2", score=0.99)).route == "fallback"


def test_a_gateway_opened_again_knows_what_was_used_and_what_was_not(clock):
    store = MemoryStore(random=Fixed(1))
    first = open_in_memory([charter()], clock=clock, random=Fixed(2), store=store, seeds=SEEDS)
    granted(first)
    used, unused = (accept(first, decided(first, ask(f"claim/{i}"))) for i in range(2))
    redeem(first, used.permit, used.value)
    again = open_in_memory([charter()], clock=clock, random=Fixed(3), store=store, seeds=SEEDS)
    assert refused(again, used.permit, used.value) == "used"
    assert redeem(again, unused.permit, unused.value).decision == unused.id


def test_a_gateway_opened_again_still_counts_votes_given_before(clock):
    two = ("    effect: pay", "    effect: pay\n    quorum: 2")
    store = MemoryStore(random=Fixed(1))
    first = open_in_memory([charter(two)], clock=clock, random=Fixed(2), store=store, seeds=SEEDS)
    granted(first)
    told = decided(first, ask("claim/1", requested_by="Gil"))
    accept(first, told)
    again = open_in_memory([charter(two)], clock=clock, random=Fixed(3), store=store, seeds=SEEDS)
    for who, error in ((EVE, Conflict), (msgspec.structs.replace(EVE, name="Gil"), NotAllowed)):
        with pytest.raises(error):
            accept(again, told, who)
    assert accept(again, told, FINN).permit is not None


def test_nobody_answering_ends_in_the_fallback_and_never_in_an_act(gateway, clock):
    told = decided(gateway, ask("claim/1"))
    waiting = gateway.told(told.id, APP, wait_s=25)
    clock.move(4 * HOUR)
    gateway.tick()
    ended = waiting.result(timeout=5)
    assert (ended.route, ended.status, ended.permit, ended.value) == ("fallback", "settled", None, None)
    assert ended.reasons[-1].code == "answered.deadline"
    with pytest.raises(Conflict, match="waits for nobody"):
        accept(gateway, told)


def test_waiting_too_long_tells_that_it_is_pending(gateway, clock):
    told = decided(gateway, ask("claim/1"))
    waiting = gateway.told(told.id, APP, wait_s=2)
    clock.move(3 * SECOND)
    gateway.tick()
    assert waiting.result(timeout=5).status == "pending"


@pytest.mark.parametrize("order", list(itertools.permutations(["stop", "expire", "replay"])))
def test_no_order_of_events_lets_a_permit_run_twice(order, clock):
    gateway = in_memory(clock=clock)
    granted(gateway)
    told = accept(gateway, decided(gateway, ask("claim/1")))
    ran = 0
    for step in ("replay", *order, "replay"):
        if step == "stop":
            gateway.stop(StopAsked(use_case="claims", why="a test"), CLEO).result()
        elif step == "expire":
            clock.move(601 * SECOND)
        else:
            try:
                redeem(gateway, told.permit, told.value)
                ran += 1
            except AirworthyError:
                pass
    assert ran == 1


def test_a_grant_taken_back_takes_its_permits_back(acting):
    told = decided(acting, ask("claim/1", score=0.99))
    acting.revoke(RevokeAsked(use_case="claims", why="audit"), CLEO).result()
    assert refused(acting, told.permit, told.value) == "voided"
    assert decided(acting, ask("claim/2", score=0.99)).route == "fallback"
    later = moment(NOW) + timedelta(days=9)
    with pytest.raises(NotAllowed):
        acting.grant(GrantAsked(use_case="claims", stage="default", until=later), EVE).result()


def test_a_permit_is_checked_offline_by_the_public_key_alone(acting):
    told = decided(acting, ask("claim/1", score=0.99))
    terms, now = told.permit.terms, told.permit.terms.issued
    asked = {"payload": told.value, "effect": "claims.pay", "policy": terms.policy, "now": now}
    assert refusal(told.permit, **asked, verify=verifier(acting.permit_key)) is None
    assert refusal(told.permit, **asked, verify=verifier(in_memory(seed=9).permit_key)) == "signature"
    assert refusal(told.permit, **asked | {"payload": {}}, verify=verifier(acting.permit_key)) == "payload"


def test_a_clock_set_far_ahead_and_back_does_not_let_permits_live_for_ever(acting, clock):
    clock.move(3_650 * 24 * HOUR)
    acting.tick()
    granted(acting)
    clock.move(-3_650 * 24 * HOUR)
    told = decided(acting, ask("claim/1", score=0.2))
    told = told if told.permit else accept(acting, told)
    clock.move(601 * SECOND)
    assert refused(acting, told.permit, told.value) == "expired"
