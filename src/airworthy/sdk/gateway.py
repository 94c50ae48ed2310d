"""The object a developer holds: AI outputs go through it, embedded or over HTTP, sync or async."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Future
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

from airworthy.client.attempt import atold, told
from airworthy.client.health import Health
from airworthy.client.line import PATIENCE_S, Line
from airworthy.exchange.ask import Ask, Failure, StopAsked, Verb
from airworthy.exchange.channel import Caller
from airworthy.exchange.told import Noted, Told
from airworthy.sdk.deciding import Deciding, failure
from airworthy.sdk.decision import Decision, decision
from airworthy.sdk.effect import Effect, Runs
from airworthy.sdk.follow import Following
from airworthy.sdk.output import Decisions, Output, With, ask, check_together
from airworthy.sdk.said import Said, Truth, answer, outcome
from airworthy.sdk.step import Step
from airworthy.sdk.stream import Outputs, stream
from airworthy.sdk.value import type_of

T = TypeVar("T")
R = TypeVar("R")


class Gateway:
    """Asks where AI outputs may go. Everything may be called by any thread, and any task, at once.

    Where nobody answers in time, or nothing can be made durable, the caller is told `fallback`, and what was asked is
    kept and handed over later: no exception. Exceptions are mistakes in how it is called: BadInput, NotFound,
    Conflict, NotAllowed.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._follow = Following(line)

    # --- deciding

    def decide(self, point: str, *, subject: str, output: T, **beside: Unpack[With]) -> Decision[T]:
        """Where `output`, about the work item `subject`, may go. Asking the same again tells the same again."""
        return self.decide_as(type_of(output), point, subject, output, beside)

    async def adecide(self, point: str, *, subject: str, output: T, **beside: Unpack[With]) -> Decision[T]:
        """As `decide`, for async code."""
        return await self.adecide_as(type_of(output), point, subject, output, beside)

    def decide_as(self, into: type[T], point: str, subject: str, output: T, beside: With) -> Decision[T]:
        """As `decide`, read back as `into` instead of the output's own type."""
        (found,) = self._asked([ask(point, subject, output, beside)])
        return decision(found, into, self._follow)

    async def adecide_as(self, into: type[T], point: str, subject: str, output: T, beside: With) -> Decision[T]:
        """As `decide_as`, for async code."""
        (found,) = await self._aasked([ask(point, subject, output, beside)])
        return decision(found, into, self._follow)

    def decide_many(self, point: str, outputs: Iterable[Output[T]]) -> Decisions[T]:
        """Decides all `outputs` in one transaction: all of them are in the log, or all fall back."""
        together = _together(point, outputs := list(outputs))
        return self._decisions(self._asked(together), outputs)

    async def adecide_many(self, point: str, outputs: Iterable[Output[T]]) -> Decisions[T]:
        """As `decide_many`, for async code."""
        together = _together(point, outputs := list(outputs))
        return self._decisions(await self._aasked(together), outputs)

    def astream(self, point: str, outputs: Outputs[T], *, in_flight: int = 32) -> AsyncIterator[Decision[T]]:
        """Decisions as they are made; at most `in_flight` outputs are taken and not yet handed out.

        `outputs` may be async or plain; a plain one must not block, for it is read on the event loop.
        """

        async def one(output: Output[T]) -> Decision[T]:
            return await self.adecide(point, subject=output.subject, output=output.output, **output.beside)

        return stream(outputs, one, in_flight)

    def decision(
        self,
        point: str,
        *,
        subject: Callable[..., str],
        item: Callable[..., Any] | None = None,
        attempt: Callable[..., int] | None = None,
        context: Callable[..., str] | None = None,
        sources: Callable[..., Any] | None = None,
        score: Callable[[Any], float] | None = None,
        proba: Callable[[Any], Any] | None = None,
        scores: Callable[[Any], Any] | None = None,
    ) -> Deciding:
        """A decorator: the function's output is decided about, and its caller gets the decision.

        `subject` to `sources` are asked of the function's arguments, `score`, `proba` and `scores` of its output.
        """
        of_call = {"item": item, "attempt": attempt, "context": context, "sources": sources}
        return Deciding(self, point, subject, of_call, {"score": score, "proba": proba, "scores": scores})

    def step(self, name: str) -> Step:
        """A step of a workflow: decisions made inside `with gateway.step(...)` belong together."""
        return Step(name, self._line.clock, self._line.random)

    # --- when the model gave nothing

    def failure(
        self, point: str, *, subject: str, error: str | BaseException = "", **beside: Unpack[With]
    ) -> Decision[Any]:
        """Records that the model gave nothing usable. The decision's route is `fallback`."""
        return self.failed_as(Any, failure(point, subject, error, {**beside}))

    async def afailure(
        self, point: str, *, subject: str, error: str | BaseException = "", **beside: Unpack[With]
    ) -> Decision[Any]:
        """As `failure`, for async code."""
        return await self.afailed_as(Any, failure(point, subject, error, {**beside}))

    def failed_as(self, into: type[T], failure: Failure) -> Decision[T]:
        """As `failure`, where the output would have been an `into`."""
        return decision(self._counted(self._line.attempts.call(self._line.failing(failure))), into, self._follow)

    async def afailed_as(self, into: type[T], failure: Failure) -> Decision[T]:
        """As `failed_as`, for async code."""
        found = await self._line.attempts.acall(self._line.failing(failure))
        return decision(self._counted(found), into, self._follow)

    # --- acting

    def effect(
        self, name: str, *, undo: Callable[[Any], object] | None = None, reversible: bool = True
    ) -> Callable[[Runs[T, R]], Effect[T, R]]:
        """A decorator for the only place a side effect happens: it runs under a permit, once, or not at all."""
        return lambda run: Effect(self._line, name, run, undo, reversible)

    # --- what turned out to be true, and what people say

    def outcome(self, decision: str, **said: Unpack[Truth]) -> Noted:
        """Records what turned out to be true about a decision, maybe weeks later: `correct`, `value` or `unknown`."""
        return self._line.attempts.call(self._line.noting(outcome(decision, said)))

    async def aoutcome(self, decision: str, **said: Unpack[Truth]) -> Noted:
        """As `outcome`, for async code."""
        return await self._line.attempts.acall(self._line.noting(outcome(decision, said)))

    def answer(self, decision: Decision[T], verb: Verb, *, by: str, **said: Unpack[Said]) -> Decision[T]:
        """A person's answer to a pending decision, about what they saw: Conflict where that is no longer so.

        by   who answers. Over HTTP that is whoever the key belongs to, whatever is said here.
        Raises StoreError where nobody can record it: a person must know.
        """
        return decision.retold(told(self._answering(decision, verb, by, said), PATIENCE_S))

    async def aanswer(self, decision: Decision[T], verb: Verb, *, by: str, **said: Unpack[Said]) -> Decision[T]:
        """As `answer`, for async code."""
        return decision.retold(await atold(self._answering(decision, verb, by, said), PATIENCE_S))

    def look(self, id: str, into: type[T]) -> Decision[T]:
        """The decision of that id as it stands; its values are read as `into`. Raises NotFound, StoreError."""
        found = told(partial(self._line.channel.told, id, self._line.caller), PATIENCE_S)
        return decision(found, into, self._follow)

    def read(self, json: bytes | str, into: type[T]) -> Decision[T]:
        """A decision that was written with `to_json`, alive again: it can be waited on."""
        return Decision.from_json(json, into, self._follow)

    def stop(self, use_case: str, why: str, *, by: str) -> Noted:
        """Pulls the stop switch: from now on everything of this use case falls back. Raises StoreError."""
        person = Caller(name=by, scopes=frozenset({"owner"}), is_person=True)
        asked = StopAsked(use_case=use_case, why=why, person=by)
        return told(partial(self._line.channel.stop, asked, person), PATIENCE_S)

    # --- how it fares

    def health(self) -> Health:
        """What this gateway went through since it was connected."""
        return self._line.health()

    def close(self) -> None:
        """Hands over what can be handed over, then lets go. What cannot stays in the spool. May be called twice.

        Who decides afterwards is told `fallback`, and nothing of it is kept.
        """
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answering(self, decision: Decision[Any], verb: Verb, by: str, said: Said) -> Callable[[], Future[Told]]:
        person = Caller(name=by, scopes=frozenset({"reviewer"}), is_person=True)
        return partial(self._line.channel.answer, decision.id, answer(verb, decision.digest, said), person)

    def _asked(self, asks: list[Ask]) -> tuple[Told, ...]:
        found = self._line.attempts.call(self._line.asking(asks)) if asks else ()
        return tuple(map(self._counted, found))

    async def _aasked(self, asks: list[Ask]) -> tuple[Told, ...]:
        found = await self._line.attempts.acall(self._line.asking(asks)) if asks else ()
        return tuple(map(self._counted, found))

    def _counted(self, found: Told) -> Told:
        self._line.tally.told(found.route)
        return found

    def _decisions(self, found: tuple[Told, ...], outputs: list[Output[T]]) -> Decisions[T]:
        into = [type_of(output.output) for output in outputs]
        return Decisions([decision(one, kind, self._follow) for one, kind in zip(found, into, strict=True)])


def _together(point: str, outputs: list[Output[T]]) -> list[Ask]:
    asks = [ask(point, output.subject, output.output, output.beside) for output in outputs]
    check_together(asks)
    return asks
