"""What a hostile reviewer tried and got away with, once."""

from __future__ import annotations

import msgspec
import pytest

from airworthy.base.clock import DAY, HOUR, SECOND, FixedClock, moment
from airworthy.base.errors import BadInput, Conflict, NotAllowed, StoreFull
from airworthy.base.ids import is_id, new_id
from airworthy.exchange.ask import (
    Answer,
    EffectEnded,
    Failure,
    Outcome,
    Redemption,
    RevokeAsked,
    Spooled,
    StopAsked,
)
from airworthy.exchange.channel import Caller
from airworthy.record import codec
from airworthy.record.control import GrantRevoked, StopPulled
from airworthy.record.decision import DecisionMade, OutcomeLearnt
from airworthy.record.permit import EffectFinished
from airworthy.service.open import open_in_memory
from airworthy.storage.memory import MemoryStore
from service.live.auditor import Auditor
from service.live.worlds import APP, CLEO, EVE, FINN, NOW, Fixed, ask, charter, decided, granted, in_memory, opened

SEEDS = (b"p" * 32, b"d" * 32)
MODEL = 'model: {name: triage, version: "1", provider: us}\n'
BLIND = (("  outcomes: all\n", "  blind_first: 100 %\n"), ("audit_rate: 20 %", "audit_rate: 100 %"))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


def accept(gateway, told, who=EVE, **more):
    return gateway.answer(told.id, Answer(verb="accept", seen=told.digest, **more), who).result()


def redeem(gateway, permit, payload):
    asked = Redemption(permit=msgspec.to_builtins(permit), effect="claims.pay", payload=payload)
    return gateway.redeem(asked, APP).result()


def records(gateway, of):
    return [found for stored in gateway.log.scan() if isinstance(found := codec.record(stored.leaf), of)]


@pytest.mark.parametrize("other", [("1", "2"), None], ids=["another model", "other rules"])
def test_a_gate_that_closed_for_a_change_stays_closed_when_the_change_is_taken_back(clock, other):
    first = charter(("approvals:", MODEL + "approvals:"))
    change = ('version: "1"', 'version: "2"') if other else ("amount > 5000.0", "amount > 50.0")
    second = charter(("approvals:", MODEL + "approvals:"), change)
    store = MemoryStore(random=Fixed(1))
    gateway = open_in_memory([first], clock=clock, random=Fixed(2), store=store, seeds=SEEDS)
    granted(gateway, days=900)
    opened(gateway, clock)
    assert decided(gateway, ask("claim/1", amount=10.0, score=0.99)).route == "act"
    for i, one in enumerate((second, first)):
        gateway = open_in_memory([one], clock=clock, random=Fixed(3 + i), store=store, seeds=SEEDS)
        gateway._core.append([], lambda receipts: receipts)  # died before its first tick, but what it owed went in
    granted(gateway, days=900)
    assert decided(gateway, ask("claim/2", amount=10.0, score=0.99)).route == "review"
    assert Auditor(DAY).read(store.leaves) == []


def test_one_id_given_for_two_asks_is_that_of_one_of_them(clock):
    gateway = in_memory(clock=clock)
    granted(gateway)
    name = new_id(NOW, Fixed(5))
    small, large = decided(gateway, ask("claim/1", amount=100.0, id=name), ask("claim/2", amount=4_999.0, id=name))
    assert small.id == name != large.id
    settled = accept(gateway, small)
    assert settled.value["amount"] == 100.0
    assert gateway.told(large.id, APP).result().status == "pending"


def test_saying_one_side_of_a_dispute_again_settles_nothing(clock):
    gateway = in_memory(clock=clock)
    granted(gateway)
    for start in range(0, 400, 100):
        for told in gateway.submit([ask(f"claim/{start + i}", score=0.5 + i / 200) for i in range(100)], APP).result():
            for correct in (False, True, True, True):
                gateway.outcome(Outcome(decision=told.id, correct=correct), APP).result()
        clock.move(HOUR)
    clock.move(2 * DAY)
    gateway.tick()
    assert all(gate.threshold is None for gate in gateway._core.points["claims.triage"].gates().values())


class Full:
    """A store that takes nothing for a while."""

    def __init__(self, store) -> None:
        self._store, self.full = store, False

    def submit(self, drafts):
        if self.full:
            raise StoreFull("overloaded")
        return self._store.submit(drafts)

    def __getattr__(self, name):
        return getattr(self._store, name)


def test_what_was_taken_away_while_nothing_could_be_recorded_stays_away(clock):
    store = Full(MemoryStore(random=Fixed(1)))
    gateway = open_in_memory([charter()], clock=clock, random=Fixed(2), store=store, seeds=SEEDS)
    granted(gateway)
    told = accept(gateway, decided(gateway, ask("claim/1")))
    store.full = True
    for act in (
        lambda: gateway.revoke(RevokeAsked(use_case="claims"), CLEO),
        lambda: gateway.stop(StopAsked(use_case="claims", why="odd"), CLEO),
        lambda: gateway.stop(StopAsked(use_case="claims", why="odd"), CLEO),
    ):
        with pytest.raises(StoreFull):
            act().result()
    store.full = False
    gateway.tick()
    assert (len(records(gateway, GrantRevoked)), len(records(gateway, StopPulled))) == (1, 1)
    again = open_in_memory([charter()], clock=clock, random=Fixed(3), store=store._store, seeds=SEEDS)
    assert again.overview().use_cases[0].stopped
    with pytest.raises(Conflict):
        redeem(again, told.permit, told.value)


def test_what_could_not_be_handed_over_takes_nothing_back_yet(clock):
    store = Full(MemoryStore(random=Fixed(1)))
    gateway = open_in_memory([charter()], clock=clock, random=Fixed(2), store=store, seeds=SEEDS)
    granted(gateway)
    told = accept(gateway, decided(gateway, ask("claim/1")))
    entry = Spooled(id=new_id(NOW, Fixed(7)), at=told.due_at, why="slow", ask=ask("claim/1"))
    store.full = True
    with pytest.raises(StoreFull):
        gateway.reconcile([entry], APP).result()
    store.full = False
    assert gateway.reconcile([entry], APP).result().recorded == (entry.id,)
    with pytest.raises(Conflict, match="taken back"):
        redeem(gateway, told.permit, told.value)


def test_whoever_answers_blind_sees_the_output_in_no_way_and_agrees_with_nothing(clock):
    gateway = in_memory(*BLIND, clock=clock)
    granted(gateway)
    told = decided(gateway, ask("claim/1", amount=321.0))
    waiting = gateway.told(told.id, EVE, wait_s=1)
    clock.move(2 * SECOND)
    gateway.tick()
    seen = waiting.result(timeout=5)
    assert (seen.proposed, seen.confidence, seen.doubts) == (None, None, ())
    assert gateway.told(told.id, CLEO).result().proposed is None
    with pytest.raises(BadInput, match="seen"):
        accept(gateway, told, blind=True)
    sees_too = msgspec.structs.replace(EVE, scopes=frozenset({"reviewer", "auditor"}))
    accept(gateway, told, sees_too, blind=True)
    assert [one.label for one in records(gateway, OutcomeLearnt)] == ["sighted"]


def test_the_digest_of_what_is_hidden_cannot_be_guessed(clock):
    one, other = (in_memory(clock=clock, seed=seed) for seed in (1, 2))
    told = []
    for gateway in (one, other):
        granted(gateway)
        told.append(decided(gateway, ask("claim/1", id=new_id(NOW, Fixed(5)))))
    assert told[0].id == told[1].id
    assert told[0].digest != told[1].digest


def test_who_holds_no_seat_that_judges_says_nothing_that_certifies(clock):
    gateway = in_memory(clock=clock)
    granted(gateway)
    told = decided(gateway, ask("claim/1"))
    mallory = Caller("Mallory", frozenset({"reviewer"}), True)
    with pytest.raises(NotAllowed, match="no seat"):
        gateway.outcome(Outcome(decision=told.id, correct=True), mallory).result()
    with pytest.raises(NotAllowed, match="does not say"):
        gateway.outcome(Outcome(decision=told.id, correct=True), CLEO).result()
    gateway.outcome(Outcome(decision=told.id, correct=True), EVE).result()
    [learnt] = records(gateway, OutcomeLearnt)
    assert learnt.actor.kref is not None


def test_an_answer_after_the_deadline_is_none(clock):
    gateway = in_memory(clock=clock)
    granted(gateway)
    told = decided(gateway, ask("claim/1"))
    clock.move(4 * HOUR)
    with pytest.raises(Conflict, match="waits for nobody"):
        accept(gateway, told)


def test_nothing_a_caller_wrote_stands_in_a_leaf(clock):
    gateway = in_memory(clock=clock)
    name = "erikamustermann19800101ab0"
    assert not is_id(name)
    for words in ({"parent": "Erika Mustermann"}, {"id": name}, {"parent": name}):
        with pytest.raises(BadInput) as refused:
            decided(gateway, ask("claim/1", **words))
        assert refused.value.diagnostics[0].code == "G009"
    decided(gateway, ask("canary/1", model_version="canary", context="canary", requested_by="canary", trace="canary"))
    gateway.failure(Failure(point="claims.triage", subject="canary/2", error="canary"), APP).result()
    told = decided(gateway, ask("canary/3"))
    gateway.stop(StopAsked(use_case="claims", why="canary"), Caller("canary", frozenset({"owner"}), True)).result()
    gateway.outcome(Outcome(decision=told.id, value={"action": "canary"}), APP).result()
    assert not [stored for stored in gateway.log.scan() if b"canary" in stored.leaf]


@pytest.mark.parametrize("how", ["stop", "revoke", "expiry", "fell back", "failure"])
def test_what_may_no_longer_run_is_no_longer_told_to_act(clock, how):
    gateway = in_memory(clock=clock)
    granted(gateway)
    opened(gateway, clock)
    asked = ask("claim/1", score=0.99)
    told = decided(gateway, asked)
    assert told.route == "act"
    if how == "stop":
        gateway.stop(StopAsked(use_case="claims", why="odd"), CLEO).result()
    elif how == "revoke":
        gateway.revoke(RevokeAsked(use_case="claims"), CLEO).result()
    elif how == "expiry":
        clock.move(601 * SECOND)
    elif how == "fell back":
        entry = Spooled(id=new_id(NOW, Fixed(7)), at=moment(NOW), why="slow", ask=asked)
        gateway.reconcile([entry], APP).result()
    else:
        failure = Failure(point="claims.triage", subject="claim/1")
        assert gateway.failure(failure, APP).result().route == "fallback"
    again = decided(gateway, asked)
    assert (again.id, again.route, again.value, again.permit) == (told.id, "fallback", None, None)


def test_a_pending_decision_does_not_outlive_what_allowed_it(clock):
    store = MemoryStore(random=Fixed(1))
    gateway = open_in_memory([charter()], clock=clock, random=Fixed(2), store=store, seeds=SEEDS)
    granted(gateway)
    first, second, third = decided(gateway, *[ask(f"claim/{i}", amount=900.0) for i in range(3)])
    gateway.revoke(RevokeAsked(use_case="claims"), CLEO).result()
    ended = accept(gateway, first)
    assert (ended.route, ended.permit, ended.reasons[-1].code) == ("fallback", None, "answered.withdrawn")
    stricter = charter(
        ("when: item.amount > 5000.0, route: review", "when: item.amount > 500.0, route: fallback"),
        ("    effect: pay", "    effect: pay\n    quorum: 2"),
    )
    gateway = open_in_memory([stricter], clock=clock, random=Fixed(3), store=store, seeds=SEEDS)
    granted(gateway)
    assert accept(gateway, second).status == "pending"
    assert accept(gateway, second, FINN).reasons[-1].code == "answered.withdrawn"
    assert third.status == "pending"


def test_a_permit_ends_with_the_grant_that_allowed_it(clock):
    gateway = in_memory(clock=clock)
    granted(gateway, days=30)
    opened(gateway, clock)
    clock.move(27 * DAY + 3 * HOUR)
    told = decided(gateway, ask("claim/1", score=0.99))
    if told.permit is not None:
        left = gateway.overview().use_cases[0].granted_until - told.permit.terms.issued
        assert told.permit.terms.expires - told.permit.terms.issued <= max(left, 0)
    granted(gateway, "default")
    told = decided(gateway, ask("claim/2", score=0.99))
    granted(gateway, "assist")
    with pytest.raises(Conflict, match="taken back"):
        redeem(gateway, told.permit, told.value)


def test_true_is_not_one(clock):
    gateway = in_memory(("      additionalProperties: false\n", ""), clock=clock)
    granted(gateway)
    one, true = ({"action": "pay", "extra": extra} for extra in (1, True))
    asked = msgspec.structs.replace(ask("claim/1"), output=one)
    told = decided(gateway, asked)
    with pytest.raises(Conflict, match="another `output`"):
        decided(gateway, msgspec.structs.replace(asked, output=true))
    corrected = gateway.answer(told.id, Answer(verb="correct", seen=told.digest, value=true), EVE).result()
    assert corrected.reasons[-1].code == "answered.corrected"


def test_an_effect_ends_once(clock):
    gateway = in_memory(clock=clock)
    granted(gateway)
    told = accept(gateway, decided(gateway, ask("claim/1")))
    redeem(gateway, told.permit, told.value)
    permit = told.permit.terms.permit
    for ended in ("done", "failed", "undone", "undone"):
        gateway.ended(EffectEnded(permit=permit, decision=told.id, ended=ended), APP).result()
    assert [one.ended for one in records(gateway, EffectFinished)] == ["done", "undone"]
    entry = Spooled(
        id=new_id(NOW, Fixed(7)),
        at=told.due_at,
        why="slow",
        ended=EffectEnded(permit=permit, decision=told.id, ended="done"),
    )
    assert gateway.reconcile([entry], APP).result().known == (entry.id,)


def test_two_failures_kept_for_one_subject_are_one(clock):
    gateway = in_memory(clock=clock)
    failure = Failure(point="claims.triage", subject="claim/1")
    entries = [Spooled(id=new_id(NOW, Fixed(i)), at=moment(NOW), why="slow", failure=failure) for i in (7, 8)]
    told = gateway.reconcile(entries, APP).result()
    assert (len(told.recorded), len(told.known)) == (1, 1)


@pytest.mark.parametrize("spelt", ["eve", "Eve ", "EVE", "Eve\u200b", "\uff25ve"])
def test_another_spelling_is_no_other_person(clock, spelt):
    gateway = in_memory(("    effect: pay", "    effect: pay\n    quorum: 2"), clock=clock)
    granted(gateway)
    told = decided(gateway, ask("claim/1", requested_by=spelt))
    with pytest.raises(NotAllowed, match="cannot approve"):
        accept(gateway, told)
    assert [one for one in records(gateway, DecisionMade) if one.quorum == 2]
