"""A server's answer, read: what was asked for, or the error it stands for."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import AirworthyError, BadInput, Conflict, NotAllowed, NotFound
from airworthy.client.missed import KeyRefused, Unanswered
from airworthy.exchange.ask import Missed
from airworthy.exchange.told import Problem

R = TypeVar("R")

_MISTAKES: dict[int, type[AirworthyError]] = {401: KeyRefused, 403: NotAllowed, 404: NotFound, 409: Conflict}
_BAD_INPUT = frozenset({400, 413, 415, 422})
_OVERLOADED = frozenset({429, 503})
_SHUT = frozenset({"R001", "R002", "R004"})  # codes of a store that takes nothing any more, also answered with 503


def read(status: int, body: bytes, into: type[R]) -> R:
    """What the server said. Raises the error it reported: its code, sentence and help; Unanswered where it could not.

    Only what is known for a mistake of the caller is raised as one. Everything else means that nobody answered.
    """
    if 200 <= status < 300:
        return _decoded(body, into)
    problem = _problem(body)
    if problem is not None and problem.told is not None and isinstance(problem.told, into):
        return problem.told  # refused, and on record: the work falls back
    raise _error(status, problem)


def _decoded(body: bytes, into: type[R]) -> R:
    try:
        return msgspec.json.decode(body, type=into)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unanswered(
            "refused", "the server's answer cannot be read", code="C005", help="is this address an Airworthy server?"
        ) from None


def _problem(body: bytes) -> Problem | None:
    try:
        return msgspec.json.decode(body, type=Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _error(status: int, problem: Problem | None) -> AirworthyError:
    if status in _OVERLOADED and not (problem and problem.code in _SHUT):
        return _unanswered("overloaded", problem)
    if status >= 500:
        return _unanswered("store" if problem else "refused", problem)
    if problem is None:  # a proxy in between, or another server: none of ours says no without a problem
        return Unanswered("refused", f"the server answered {status} and no problem", code="C005")
    if status in _BAD_INPUT:
        more = [_diagnostic(said) for said in problem.errors]
        return BadInput([Diagnostic(problem.code, problem.detail, help=problem.help), *more])
    return _MISTAKES.get(status, AirworthyError)(problem.detail, code=problem.code, help=problem.help)


def _diagnostic(said: str) -> Diagnostic:
    """One further mistake, `CODE sentence` in the problem."""
    code, _, sentence = said.partition(" ")
    return Diagnostic(code, sentence)


def _unanswered(why: Missed, problem: Problem | None) -> Unanswered:
    return Unanswered(why, problem.detail, code=problem.code, help=problem.help) if problem else Unanswered(why)
