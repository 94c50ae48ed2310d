"""The only place a side effect happens: under a permit for exactly this effect and value, once, or not at all."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Generic, Literal, Protocol, TypeVar, cast

import msgspec

from airworthy.base.errors import AirworthyError, Conflict, NotAllowed, NotFound
from airworthy.client.attempt import Attempt, atold, told
from airworthy.client.line import PATIENCE_S, Line
from airworthy.client.missed import Unanswered, missed
from airworthy.exchange.ask import EffectEnded, Redemption
from airworthy.exchange.permit import Permit
from airworthy.exchange.told import Noted
from airworthy.sdk.decision import Decision
from airworthy.sdk.value import from_json, to_json, type_of

T = TypeVar("T")
V = TypeVar("V", contravariant=True)
R = TypeVar("R")
A = TypeVar("A", covariant=True)

Ended = Literal["done", "failed"]

_log = logging.getLogger("airworthy")


class Runs(Protocol[V, A]):
    """A function that makes something happen: the value, and the permit it happens under."""

    def __call__(self, value: V, /, *, permit: Permit) -> A: ...


class Effect(Generic[T, R]):
    """A guarded function. Calling it redeems the permit, durably, then runs, then records how it ended.

    It runs with a value made anew from the very bytes the permit was redeemed for. Raises NotAllowed where there is no
    permit, it was used or it does not cover this, StoreError where nobody can tell: it never ran then.
    """

    def __init__(
        self, line: Line, name: str, run: Runs[T, R], undo: Callable[[T], object] | None, reversible: bool
    ) -> None:
        functools.update_wrapper(self, cast(Callable[..., Any], run))
        self.name, self.reversible = name, reversible and undo is not None
        self._line, self._run, self._undo = line, run, undo
        self._is_async = inspect.iscoroutinefunction(run)

    def __call__(self, value: T, *, permit: Permit | None) -> R:
        redemption = self._redemption(value, permit)
        if self._is_async:
            return cast(R, self._arun(redemption, value, cast(Permit, permit)))
        self._redeem(redemption)
        try:
            done = self._run(from_json(redemption.payload, type_of(value)), permit=cast(Permit, permit))
        except BaseException as error:
            self._ended(cast(Permit, permit), "failed", type(error).__name__)
            raise
        self._ended(cast(Permit, permit), "done")
        return done

    def undo(self, decision: Decision[T]) -> None:
        """Records, durably, that the effect is taken back, then runs what takes it back: once, or not at all.

        Raises NotAllowed (C003) where there is nothing to take back, StoreError where nobody can tell: it never ran
        then. Where only the answer got lost, or the undo itself raises, the log says `undone` and a person has to look.
        """
        undo, ended = self._undoing(decision)
        try:
            noted = told(lambda: self._line.channel.ended(ended, self._line.caller), PATIENCE_S)
        except Exception as error:  # the edge of a call: whatever it was, the undo does not run
            raise self._not_undone(error) from None
        self._check_first(noted)
        undo(cast(T, decision.value))

    async def aundo(self, decision: Decision[T]) -> None:
        """As `undo`, for an undo that is async."""
        undo, ended = self._undoing(decision)
        try:
            noted = await atold(lambda: self._line.channel.ended(ended, self._line.caller), PATIENCE_S)
        except Exception as error:  # as above
            raise self._not_undone(error) from None
        self._check_first(noted)
        await cast("Coroutine[Any, Any, object]", undo(cast(T, decision.value)))

    def _ended(self, permit: Permit, ended: Ended, why: str = "") -> None:
        """Records how it ended. What happened has happened: a refusal to record it is logged, and hides nothing."""
        try:
            self._line.attempts.call(self._ending(permit, ended, why))
        except AirworthyError as error:
            _log.error("%s %s, and that could not be recorded: %s", self.name, ended, error)

    async def _aended(self, permit: Permit, ended: Ended, why: str = "") -> None:
        """As `_ended`; goes on where the caller was cancelled, for what ran must still be recorded."""
        try:
            await asyncio.shield(self._line.attempts.acall(self._ending(permit, ended, why)))
        except AirworthyError as error:
            _log.error("%s %s, and that could not be recorded: %s", self.name, ended, error)

    def _ending(self, permit: Permit, ended: Ended, why: str) -> Attempt[Noted]:
        return self._line.ending(
            EffectEnded(permit=permit.terms.permit, decision=permit.terms.decision, ended=ended, why=why)
        )

    async def _arun(self, redemption: Redemption, value: T, permit: Permit) -> Any:
        await self._aredeem(redemption)
        try:
            running = self._run(from_json(redemption.payload, type_of(value)), permit=permit)
            done = await cast("Coroutine[Any, Any, Any]", running)
        except BaseException as error:
            await self._aended(permit, "failed", type(error).__name__)
            raise
        await self._aended(permit, "done")
        return done

    def _redemption(self, value: T, permit: Permit | None) -> Redemption:
        if permit is None:
            raise NotAllowed(f"{self.name} needs a permit, and this decision gave none", code="C002",
                             help="run it where `decision.route` is `act`, with `permit=decision.permit`")  # fmt: skip
        return Redemption(permit=msgspec.to_builtins(permit), effect=self.name, payload=to_json(value))

    def _redeem(self, redemption: Redemption) -> None:
        try:
            told(lambda: self._line.redeeming(redemption), PATIENCE_S)
        except Exception as error:  # the edge of a call: whatever it was, the effect does not run
            raise _refused(error) from None

    async def _aredeem(self, redemption: Redemption) -> None:
        try:
            await atold(lambda: self._line.redeeming(redemption), PATIENCE_S)
        except Exception as error:  # as above
            raise _refused(error) from None

    def _undoing(self, decision: Decision[T]) -> tuple[Callable[[T], object], EffectEnded]:
        if self._undo is None:
            raise NotAllowed(f"{self.name} cannot be undone", code="C003", help="declare `undo=` with the effect")
        if decision.permit is None or decision.value is None:
            raise NotAllowed(f"{self.name} never ran for this decision: it has no permit", code="C003")
        self._line.check_process()
        terms = decision.permit.terms
        return self._undo, EffectEnded(permit=terms.permit, decision=terms.decision, ended="undone")

    def _check_first(self, noted: Noted) -> None:
        if noted.note:  # a gateway has nothing to add to the first
            raise NotAllowed(f"{self.name} was undone before, and is not undone twice", code="C003")

    def _not_undone(self, error: Exception) -> AirworthyError:
        """What to raise where it could not be recorded: what never ran is not undone."""
        if isinstance(error, Conflict | NotFound):
            said = error.diagnostics[0].sentence
            return NotAllowed(f"{self.name} never ran for this decision: {said}", code="C003")
        return _refused(error)


def _refused(error: Exception) -> AirworthyError:
    """What to raise for a redemption that failed: a permit that is unknown, used or for something else is no permit."""
    if isinstance(error, Conflict | NotFound):
        said = error.diagnostics[0]
        return NotAllowed(said.sentence, code=said.code, help=said.help)
    return error if isinstance(error, AirworthyError) else Unanswered(missed(error) or "refused")
