"""The way to a gateway: embedded in this process, or over HTTP. Whoever uses it cannot tell which."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Literal, Protocol

import msgspec

from airworthy.exchange.ask import (
    Answer,
    Ask,
    EffectEnded,
    Failure,
    GrantAsked,
    Outcome,
    Redemption,
    ReleaseAsked,
    RevokeAsked,
    Spooled,
    StopAsked,
)
from airworthy.exchange.told import Noted, Reconciled, Redeemed, Told

Scope = Literal["application", "reviewer", "owner", "auditor"]


class Caller(msgspec.Struct, frozen=True):
    """Who asks, as the session knows them; never taken from what they send."""

    name: str = ""  # a person, or the name of an application
    scopes: frozenset[Scope] = frozenset()
    is_person: bool = False


class Channel(Protocol):
    """Everything may be called by any thread at once. A future fails with an AirworthyError, and only with one:

    BadInput     what was asked cannot be used; nothing was recorded but the refusal
    NotFound     no such decision point, decision or permit
    Conflict     it contradicts what is recorded: another body, a stale digest, a used permit
    NotAllowed   the caller may not
    StoreError   nothing can be made durable now (or nobody answers): the caller falls back

    When a future succeeds, what it tells is durable in the log.
    """

    def submit(self, asks: Sequence[Ask], caller: Caller) -> Future[tuple[Told, ...]]:
        """Decides all `asks`, durable together, told in their order. Asking again tells the same again."""

    def told(self, decision: str, caller: Caller, *, wait_s: float = 0.0) -> Future[Told]:
        """What there is to tell of a decision; while it is pending, waits up to `wait_s` for a person."""

    def answer(self, decision: str, answer: Answer, caller: Caller) -> Future[Told]:
        """A person's answer. Conflict where they saw something else, or it was settled meanwhile."""

    def failure(self, failure: Failure, caller: Caller) -> Future[Told]:
        """Records that the model failed; the work falls back. Asking again tells the same again."""

    def outcome(self, outcome: Outcome, caller: Caller) -> Future[Noted]:
        """Records what turned out to be true."""

    def redeem(self, redemption: Redemption, caller: Caller) -> Future[Redeemed]:
        """Uses a permit up, durably, before its effect runs. It succeeds at most once for a permit, ever."""

    def ended(self, ended: EffectEnded, caller: Caller) -> Future[Noted]:
        """Records how an effect ended. May be called twice."""

    def reconcile(self, spooled: Sequence[Spooled], caller: Caller) -> Future[Reconciled]:
        """Records what a client could not hand over in time. Every entry counts once, however often it comes."""

    def stop(self, asked: StopAsked, caller: Caller) -> Future[Noted]:
        """Pulls the stop switch: effective when it returns."""

    def release(self, asked: ReleaseAsked, caller: Caller) -> Future[Noted]:
        """Releases the stop switch."""

    def grant(self, asked: GrantAsked, caller: Caller) -> Future[Noted]:
        """Records a grant."""

    def revoke(self, asked: RevokeAsked, caller: Caller) -> Future[Noted]:
        """Takes the grant in force away."""

    def close(self) -> None:
        """Ends what is under way, durably. May be called twice."""
