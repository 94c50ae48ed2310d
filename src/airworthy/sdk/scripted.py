"""A gateway's other end, in memory, that routes as it is told to. For tests of code that uses a gateway."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import timedelta
from threading import Lock
from typing import Any, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from airworthy.base.clock import HOUR, Clock, Micros, moment
from airworthy.base.errors import AirworthyError, Conflict, NotAllowed, NotFound
from airworthy.base.ids import Random, new_id
from airworthy.client.missed import Unanswered
from airworthy.exchange.ask import (
    Answer,
    Ask,
    EffectEnded,
    Failure,
    GrantAsked,
    Missed,
    Outcome,
    Redemption,
    ReleaseAsked,
    RevokeAsked,
    Spooled,
    StopAsked,
)
from airworthy.exchange.channel import Caller
from airworthy.exchange.permit import Decider, Permit, Terms, issue, payload_digest, refusal
from airworthy.exchange.told import Noted, Reconciled, Redeemed, Told, Why
from airworthy.record.decision import Route

R = TypeVar("R")

POLICY = "0" * 64  # in force here, always
_SETTLED: dict[str, Route] = {"accept": "act", "correct": "act", "cannot_tell": "fallback"}


class Script(msgspec.Struct, frozen=True):
    """How outputs at one point are routed, and what a person will say to what waits for one."""

    route: Route = "review"
    effect: str = ""  # the only effect its permits are for; empty: whichever comes
    answer: Answer | None = None


class Scripted:
    """Keeps the promises of `exchange.channel.Channel` in memory, but for durability. Not scripted: review."""

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock, self._random = clock, random
        self._key = Ed25519PrivateKey.generate()  # thrown away with this object
        self._lock = Lock()
        self._asked: dict[tuple[str, str, int], Ask] = {}
        self._told: dict[str, Told] = {}
        self._used: set[str] = set()
        self.scripts: dict[str, Script] = {}
        self.down: Missed | None = None  # nobody answers, for this reason
        self.noted: list[Outcome | EffectEnded | Failure | StopAsked | Spooled] = []

    @property
    def decisions(self) -> tuple[Told, ...]:
        """Everything decided, in order, as it stands now."""
        return tuple(self._told.values())

    def submit(self, asks: Sequence[Ask], caller: Caller) -> Future[tuple[Told, ...]]:
        return self._answered(lambda: tuple([self._decide(ask) for ask in asks]))

    def told(self, decision: str, caller: Caller, *, wait_s: float = 0.0) -> Future[Told]:
        return self._answered(lambda: self._visited(self._found(decision)))

    def answer(self, decision: str, answer: Answer, caller: Caller) -> Future[Told]:
        return self._answered(lambda: self._settle(self._found(decision), answer))

    def failure(self, failure: Failure, caller: Caller) -> Future[Told]:
        return self._answered(lambda: self._fail(failure))

    def outcome(self, outcome: Outcome, caller: Caller) -> Future[Noted]:
        return self._answered(lambda: self._learn(outcome))

    def redeem(self, redemption: Redemption, caller: Caller) -> Future[Redeemed]:
        return self._answered(lambda: self._redeem(redemption))

    def ended(self, ended: EffectEnded, caller: Caller) -> Future[Noted]:
        return self._answered(lambda: self._end(ended))

    def reconcile(self, spooled: Sequence[Spooled], caller: Caller) -> Future[Reconciled]:
        return self._answered(lambda: self._reconcile(spooled))

    def stop(self, asked: StopAsked, caller: Caller) -> Future[Noted]:
        return self._answered(lambda: self._stop(asked))

    def release(self, asked: ReleaseAsked, caller: Caller) -> Future[Noted]:
        return self._answered(_unscripted)

    def grant(self, asked: GrantAsked, caller: Caller) -> Future[Noted]:
        return self._answered(_unscripted)

    def revoke(self, asked: RevokeAsked, caller: Caller) -> Future[Noted]:
        return self._answered(_unscripted)

    def close(self) -> None: ...

    def _answered(self, answer: Callable[[], R]) -> Future[R]:
        future: Future[R] = Future()
        try:
            with self._lock:
                if self.down:
                    raise Unanswered(self.down)
                future.set_result(answer())
        except AirworthyError as error:
            future.set_exception(error)
        return future

    def _decide(self, ask: Ask) -> Told:
        key = (ask.point, ask.subject, ask.attempt)
        before = self._asked.setdefault(key, ask)
        if before.id in self._told:
            if before != msgspec.structs.replace(ask, id=before.id):
                raise Conflict(f"{ask.subject} was asked before with another body", help="count `attempt` up")
            return msgspec.structs.replace(self._told[before.id], again=True)
        self._told[ask.id] = self._routed(ask.id, ask)
        return self._told[ask.id]

    def _routed(self, id: str, ask: Ask) -> Told:
        script = self.scripts.get(ask.point, Script())
        waits = script.route in ("review", "escalate")
        told = Told(
            id=id, point=ask.point, subject=ask.subject, attempt=ask.attempt, proposed=ask.output, route=script.route,
            status="pending" if waits else "settled", reasons=(Why("scripted", ask.point, "the test said so"),),
            policy=POLICY, digest=payload_digest(ask.output), trace=ask.trace or id, url=f"scripted:{id}",
            due_at=moment(self._clock.now()) + timedelta(hours=4) if waits else None,
        )  # fmt: skip
        return self._permitted(told, ask.output, "policy") if script.route == "act" else told

    def _permitted(self, told: Told, value: Any, decider: Decider) -> Told:
        now = self._clock.now()
        terms = Terms(
            permit=new_id(now, self._random), decision=told.id, effect=self.scripts.get(told.point, Script()).effect,
            payload=payload_digest(value), policy=POLICY, decider=decider, issued=now, expires=Micros(now + HOUR),
            nonce=self._random.bytes(16).hex(),
        )  # fmt: skip
        permit = issue(terms, self._key.sign)
        return msgspec.structs.replace(told, route="act", status="settled", value=value, permit=permit)

    def _visited(self, told: Told) -> Told:
        """As it stands when somebody asks again: by then the scripted person has answered."""
        script = self.scripts.get(told.point, Script())
        waits = told.status == "pending" and script.answer is not None
        return self._settle(told, script.answer) if waits and script.answer else told

    def _settle(self, told: Told, answer: Answer) -> Told:
        if told.status == "settled":
            raise Conflict(f"{told.id} was settled meanwhile")
        if answer.seen not in ("", told.digest):
            raise Conflict(f"{told.id} is no longer what was on the screen", help="look again, then answer")
        route = _SETTLED.get(answer.verb, "escalate")
        if route == "act":
            value = told.proposed if answer.verb == "accept" else answer.value
            told = self._permitted(told, value, "person")
        else:
            told = msgspec.structs.replace(told, route=route, status="pending" if route == "escalate" else "settled")
        self._told[told.id] = told
        return told

    def _fail(self, failure: Failure) -> Told:
        self._note(failure)
        id = new_id(self._clock.now(), self._random)
        self._told[id] = Told(
            id=id, point=failure.point, subject=failure.subject, attempt=failure.attempt, status="settled",
            route="fallback", proposed=None, reasons=(Why("model.failed", failure.point, "the model gave nothing"),),
        )  # fmt: skip
        return self._told[id]

    def _redeem(self, redemption: Redemption) -> Redeemed:
        permit = msgspec.convert(redemption.permit, Permit)
        terms, now = permit.terms, self._clock.now()
        effect = redemption.effect if terms.effect else ""
        why = refusal(permit, payload=redemption.payload, effect=effect, policy=POLICY, now=now, verify=self._is_signed)
        if why:
            raise Conflict(f"the permit does not cover this: {why}")
        if terms.permit in self._used:
            raise Conflict("the permit was used before")
        self._used.add(terms.permit)
        return Redeemed(permit=terms.permit, decision=terms.decision, seq=len(self._used), at=moment(now))

    def _end(self, ended: EffectEnded) -> Noted:
        if ended.permit not in self._used:
            raise NotFound("no such permit of this decision was ever used", code="G042")
        said = {(one.permit, one.ended) for one in self.noted if isinstance(one, EffectEnded)}
        if (ended.permit, ended.ended) in said:
            return Noted(id=ended.permit, seq=-1, note="this was recorded before")
        return self._note(ended)

    def _is_signed(self, message: bytes, signature: bytes) -> bool:
        try:
            self._key.public_key().verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def _learn(self, outcome: Outcome) -> Noted:
        self._found(outcome.decision)
        return self._note(outcome)

    def _reconcile(self, spooled: Sequence[Spooled]) -> Reconciled:
        known = {entry.id for entry in self.noted if isinstance(entry, Spooled)}
        new = [entry for entry in spooled if entry.id not in known]
        self.noted += new
        return Reconciled(
            recorded=tuple(entry.id for entry in new),
            known=tuple(entry.id for entry in spooled if entry.id in known),
            refused=(),
        )

    def _stop(self, asked: StopAsked) -> Noted:
        for point in [*self.scripts, *(told.point for told in self._told.values())]:
            if point.startswith(f"{asked.use_case}."):
                self.scripts[point] = Script("fallback")
        return self._note(asked)

    def _note(self, what: Outcome | EffectEnded | Failure | StopAsked) -> Noted:
        self.noted.append(what)
        return Noted(id=new_id(self._clock.now(), self._random), seq=len(self.noted))

    def _found(self, decision: str) -> Told:
        if decision not in self._told:
            raise NotFound(f"there is no decision {decision}")
        return self._told[decision]


def _unscripted() -> Noted:
    raise NotAllowed("a scripted gateway knows no grants and nothing to release")
