"""Whatever happens in whatever order, the log alone shows that nothing ran that was not allowed, and a gateway that
opens the log again stands where the one before it stood."""

from __future__ import annotations

import contextlib
import copy
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from airworthy.base.clock import DAY, HOUR, SECOND, FixedClock, moment
from airworthy.base.errors import AirworthyError
from airworthy.base.ids import new_id
from airworthy.exchange.ask import (
    Answer,
    EffectEnded,
    GrantAsked,
    Outcome,
    Redemption,
    ReleaseAsked,
    RevokeAsked,
    Spooled,
    StopAsked,
)
from airworthy.service.open import open_in_memory
from airworthy.storage.memory import MemoryStore
from service.live.auditor import Auditor
from service.live.worlds import APP, CLEO, DAN, EVE, FINN, NOW, Fixed, ask, charter, decided

SEEDS = (b"p" * 32, b"d" * 32)
EASY = (
    ("budget: 10 %\n  risk: 10 %", "budget: 40 %\n  risk: 40 %"), ("audit_rate: 20 %", "audit_rate: 60 %"),
    ("  outcomes: all\n", ""),
)  # fmt: skip
STRICTER = (*EASY, ("item.amount > 5000.0", "item.amount > 500.0"))


LAX, STRICT = charter(*EASY), charter(*STRICTER)  # read once: it is the slowest thing here


class Life(RuleBasedStateMachine):
    """One use case, lived through."""

    @initialize()
    def begin(self) -> None:
        self.clock = FixedClock(NOW)
        self.store = MemoryStore(random=Fixed(1))
        self.opens = 0
        self.subjects = 0
        self.told = {}
        self.asked = {}
        self.ran: list[str] = []
        self.reopen(strict=False)

    @rule(strict=st.booleans())
    def reopen(self, strict: bool) -> None:
        """The process died and another opens the log, perhaps with other rules."""
        self.opens += 1
        self.gateway = open_in_memory(
            [STRICT if strict else LAX],
            clock=self.clock,
            random=Fixed(100 + self.opens),
            store=self.store,
            seeds=SEEDS,
        )
        self.strict = strict

    @rule(
        n=st.sampled_from([1, 1, 3, 120]),
        amount=st.sampled_from([100.0, 900.0, 9000.0]),
        by=st.sampled_from(["", "Eve"]),
    )
    def decide(self, n: int, amount: float, by: str) -> None:
        asks = [
            ask(f"claim/{self.subjects + i}", amount=amount, score=0.5 + i % 50 / 100, requested_by=by)
            for i in range(n)
        ]
        self.subjects += n
        for one, told in zip(asks, self.gateway.submit(asks, APP).result(), strict=True):
            self.told[told.id], self.asked[told.id] = told, one

    @precondition(lambda self: self.told)
    @rule(pick=st.integers(0, 10_000))
    def again(self, pick: int) -> None:
        before = self._pick(pick)
        told = decided(self.gateway, self.asked[before.id])
        assert (told.id, told.again) == (before.id, True)
        assert told.route == before.route or told.status != before.status or told.reasons != before.reasons

    @precondition(lambda self: self.told)
    @rule(
        pick=st.integers(0, 10_000),
        who=st.sampled_from([EVE, FINN, CLEO]),
        verb=st.sampled_from(["accept", "correct", "challenge", "cannot_tell"]),
    )
    def answer(self, pick: int, who, verb: str) -> None:
        before = self._pick(pick)
        value = {"action": "refuse"} if verb == "correct" else None
        with contextlib.suppress(AirworthyError):
            told = self.gateway.answer(
                before.id, Answer(verb=verb, seen=before.digest, value=value, blind=pick % 2 == 0), who
            ).result()
            self.told[told.id] = told

    @precondition(lambda self: self.told)
    @rule(right=st.integers(0, 9), late=st.booleans(), corrects=st.booleans())
    def outcomes(self, right: int, late: bool, corrects: bool) -> None:
        """The truth of the latest decisions becomes known, perhaps too late."""
        self.clock.move(2 * DAY if late else HOUR)
        for i, name in enumerate(list(self.told)[-150:]):
            self.gateway.outcome(Outcome(decision=name, correct=i % 10 >= right // 3, corrects=corrects), APP).result()

    @precondition(lambda self: self.told)
    @rule(pick=st.integers(0, 10_000), tamper=st.integers(0, 3))
    def redeem(self, pick: int, tamper: int) -> None:
        told = self._pick(pick)
        if told.permit is None:
            return
        payload = told.value if tamper else {"action": "pay", "amount": 1.0}
        asked = Redemption(permit=msgspec.to_builtins(told.permit), effect="claims.pay", payload=payload)
        try:
            redeemed = self.gateway.redeem(asked, APP).result()
        except AirworthyError:
            return
        assert tamper
        self.ran.append(redeemed.permit)
        self.gateway.ended(EffectEnded(permit=redeemed.permit, decision=told.id, ended="done"), APP).result()

    @rule(stage=st.sampled_from(["assist", "default"]), days=st.sampled_from([1, 30]))
    def grant(self, stage: str, days: int) -> None:
        until = moment(self.gateway._core.now()) + timedelta(days=days)
        self.gateway.grant(GrantAsked(use_case="claims", stage=stage, until=until), CLEO).result()

    @rule()
    def revoke(self) -> None:
        with contextlib.suppress(AirworthyError):
            self.gateway.revoke(RevokeAsked(use_case="claims"), CLEO).result()

    @rule()
    def stop(self) -> None:
        self.gateway.stop(StopAsked(use_case="claims", why="a test"), EVE).result()
        assert (
            decided(self.gateway, ask(f"stopped/{self.subjects}/{self.opens}/{self.store.size()}")).route == "fallback"
        )

    @rule(who=st.sampled_from([CLEO, DAN, EVE]))
    def release(self, who) -> None:
        with contextlib.suppress(AirworthyError):
            self.gateway.release(ReleaseAsked(use_case="claims", why="mended"), who).result()

    @rule(by=st.sampled_from([SECOND, 601 * SECOND, 5 * HOUR, 3 * DAY, -7 * HOUR]))
    def time_passes(self, by: int) -> None:
        self.clock.move(by)
        self.gateway.tick()

    @rule(fresh=st.booleans(), pick=st.integers(0, 10_000))
    def spool(self, fresh: bool, pick: int) -> None:
        """A client that fell back hands its ask over, twice."""
        known = None if fresh or not self.told else self._pick(pick)
        asked = ask(f"missed/{self.store.size()}") if known is None else self.asked[known.id]
        entry = Spooled(id=new_id(NOW, Fixed(self.store.size())), at=moment(self.clock.now()), why="slow", ask=asked)
        first, second = (self.gateway.reconcile([entry], APP).result() for _ in range(2))
        assert (first.recorded, second.known) == ((entry.id,), (entry.id,))

    @rule()
    def look(self) -> None:
        """The log alone says that nothing ran that was not allowed; opened again, everything stands where it stood."""
        self.gateway.tick()
        other = open_in_memory(
            [STRICT if self.strict else LAX], clock=self.clock, random=Fixed(7), store=_copy(self.store), seeds=SEEDS
        )
        assert _state(other) == _state(self.gateway)
        auditor = Auditor(DAY)
        assert auditor.read(self.store.leaves) == []
        assert len(set(self.ran)) == len(self.ran) == len(auditor.used)

    def teardown(self) -> None:
        if hasattr(self, "gateway"):
            self.look()

    def _pick(self, pick: int):
        return list(self.told.values())[pick % len(self.told)]


def _state(gateway):
    core = gateway._core
    now = core.now()
    case = core.cases["claims"]
    point = case.points["triage"]
    learning = point.learning
    return {
        "standing": case.standing(now),
        "gates": point.gates(),
        "measured": point.measuring.measured,
        "evidence": learning
        and {
            name: (one.gate.labels, one.gate.errors, one.labels, one.errors) for name, one in learning._segments.items()
        },
        "waiting": learning and len(learning._open),
        "permits": {one.permit for one in core.permits.of()},
        "pending": {
            name: (one.digest, sorted(vote.person for vote in one.votes)) for name, one in core.pending.items()
        },
        "release": case.release_asked_by,
    }


def _copy(store: MemoryStore) -> MemoryStore:
    """The same log in another store, to be opened without touching this one."""
    twin = copy.copy(store)
    for name in ("leaves",):
        setattr(twin, name, list(getattr(store, name)))
    for name in ("tiles", "payloads", "_kinds", "_about", "_runs", "_decided"):
        setattr(twin, name, copy.deepcopy(getattr(store, name)))
    twin._edge = copy.deepcopy(store._edge)
    return twin


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_longer_lives():
    many = settings(TestLife.settings, max_examples=150, stateful_step_count=50)
    run_state_machine_as_test(Life, settings=many)
