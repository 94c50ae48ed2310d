"""`@gateway.decision(...)`: a function whose output goes through a decision point; it returns the decision instead."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, Protocol, TypeVar, cast, get_type_hints, overload

from airworthy.exchange.ask import Failure
from airworthy.sdk.decision import Decision
from airworthy.sdk.output import With
from airworthy.sdk.said import checked
from airworthy.sdk.value import to_json, type_of

P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger("airworthy")


class Asks(Protocol):
    """What the decorator needs of a gateway."""

    def decide_as(self, into: type[T], point: str, subject: str, output: T, beside: With) -> Decision[T]: ...

    async def adecide_as(self, into: type[T], point: str, subject: str, output: T, beside: With) -> Decision[T]: ...

    def failed_as(self, into: type[T], failure: Failure) -> Decision[T]: ...

    async def afailed_as(self, into: type[T], failure: Failure) -> Decision[T]: ...


class Deciding:
    """The decorator. Where the function raises, its caller gets a decision with route `fallback`: never an exception
    of the model, never a string. The exception is logged."""

    def __init__(
        self,
        gateway: Asks,
        point: str,
        subject: Callable[..., str],
        of_call: dict[str, Callable[..., Any] | None],
        of_output: dict[str, Callable[[Any], Any] | None],
    ) -> None:
        self._gateway, self._point, self._subject = gateway, point, subject
        self._of_call = {name: ask for name, ask in of_call.items() if ask}
        self._of_output = {name: ask for name, ask in of_output.items() if ask}

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, fn: Callable[P, Coroutine[Any, Any, T]]
    ) -> Callable[P, Coroutine[Any, Any, Decision[T]]]: ...

    @overload
    def __call__(self, fn: Callable[P, T]) -> Callable[P, Decision[T]]: ...

    def __call__(self, fn: Callable[P, Any]) -> Callable[P, Any]:
        return self._async(fn) if inspect.iscoroutinefunction(fn) else self._sync(fn)

    def _sync(self, fn: Callable[P, T]) -> Callable[P, Decision[T]]:
        @functools.wraps(fn)
        def decided(*args: P.args, **kwargs: P.kwargs) -> Decision[T]:
            subject, beside = self._subject(*args, **kwargs), self._beside(*args, **kwargs)
            try:
                output = fn(*args, **kwargs)
                beside |= self._said(output)
            except Exception as error:  # whatever a model raises, the work goes to its fallback
                return self._gateway.failed_as(returned(fn), self._failure(subject, beside, error))
            return self._gateway.decide_as(returned(fn, output), self._point, subject, output, cast(With, beside))

        return decided

    def _async(self, fn: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, Decision[T]]]:
        @functools.wraps(fn)
        async def decided(*args: P.args, **kwargs: P.kwargs) -> Decision[T]:
            subject, beside = self._subject(*args, **kwargs), self._beside(*args, **kwargs)
            try:
                output = await fn(*args, **kwargs)
                beside |= self._said(output)
            except Exception as error:  # as above
                return await self._gateway.afailed_as(returned(fn), self._failure(subject, beside, error))
            into = returned(fn, output)
            return await self._gateway.adecide_as(into, self._point, subject, output, cast(With, beside))

        return decided

    def _beside(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {name: ask(*args, **kwargs) for name, ask in self._of_call.items()}

    def _said(self, output: Any) -> dict[str, Any]:
        """What is told of the output. Raises where either has no JSON form: then the model gave nothing usable."""
        to_json(output)
        said = {name: ask(output) for name, ask in self._of_output.items()}
        to_json(said)
        return said

    def _failure(self, subject: str, beside: dict[str, Any], error: Exception) -> Failure:
        _log.warning("%s: the model failed for one item, which goes to its fallback", self._point, exc_info=error)
        return failure(self._point, subject, error, beside)


def failure(point: str, subject: str, error: str | BaseException, beside: dict[str, Any]) -> Failure:
    """What is recorded of a model that gave nothing usable; the error's first 500 characters.

    Raises BadInput (C010, C012).
    """
    said: dict[str, Any] = {name: beside[name] for name in ("attempt", "context") if name in beside}
    item = {} if beside.get("item") is None else to_json(beside["item"])
    return checked(Failure, {**said, "point": point, "subject": subject, "error": _words(error), "item": item})


def _words(error: object) -> object:
    """What is written of an error; anything else than text or an exception is left for the check to refuse."""
    if isinstance(error, BaseException):
        # A file name may bring half a character along, and a failing model must end in the fallback all the same.
        error = f"{type(error).__name__}: {error}".encode(errors="backslashreplace").decode()
    return error[:500] if isinstance(error, str) else error


def returned(fn: Callable[..., Any], output: Any = None) -> Any:
    """The type a function says it returns, else that of its output; `Any` where neither is known."""
    try:
        said = get_type_hints(fn).get("return")
    except (NameError, TypeError, AttributeError):  # a name that is only there for the type checker
        said = None
    if said is not None and said is not type(None):
        return said
    return Any if output is None else type_of(output)
