"""One call to a gateway, with a time it may take in all, and what is told and kept where nobody answers in it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent import futures
from concurrent.futures import Future
from typing import Generic, TypeVar

import msgspec

from airworthy.client.handover import Handover
from airworthy.client.health import Tally
from airworthy.client.missed import KeyRefused, Unanswered, missed
from airworthy.client.spool import Spool
from airworthy.exchange.ask import Missed, Spooled

R = TypeVar("R")

FOR_THE_DISK = 0.2  # share of the time that is left for keeping the entry
DISK_PATIENCE_S = 1.0  # a disk that hangs longer must not hang the caller as well

_log = logging.getLogger("airworthy")


class Instead(msgspec.Struct, Generic[R], frozen=True):
    """What is told where nobody answered, and what is kept for the gateway."""

    told: R
    entries: tuple[Spooled, ...]


class Attempt(msgspec.Struct, Generic[R], frozen=True):
    """A call, what is told instead of its answer, and the seconds it may take in all."""

    start: Callable[[], Future[R]]
    instead: Callable[[Missed], Instead[R]]
    within_s: float

    @property
    def patience_s(self) -> float:
        """Seconds the gateway has; the rest is for the disk."""
        return self.within_s * (1 - FOR_THE_DISK)


class Attempts:
    """Makes calls that always end in time: with the gateway's answer, or with what is told instead, kept durably.

    A mistake of the caller is raised to the caller; only silence, and a gateway that cannot, end in `instead`.
    """

    def __init__(self, spool: Spool, handover: Handover, tally: Tally) -> None:
        self._spool, self._handover, self._tally = spool, handover, tally

    def call(self, attempt: Attempt[R]) -> R:
        """The answer, or what is told instead."""
        try:
            return told(attempt.start, attempt.patience_s)
        except Exception as error:  # the edge of a call: whatever happens, it ends in time and in no act
            given = attempt.instead(self._why(error))
        kept = self._spool.keep(given.entries)
        futures.wait([kept], DISK_PATIENCE_S)
        self._expect(kept)
        return given.told

    async def acall(self, attempt: Attempt[R]) -> R:
        """As `call`, for async code."""
        try:
            return await atold(attempt.start, attempt.patience_s)
        except Exception as error:  # as above
            given = attempt.instead(self._why(error))
        kept = self._spool.keep(given.entries)
        await asyncio.wait({_quiet(kept)}, timeout=DISK_PATIENCE_S)
        self._expect(kept)
        return given.told

    def _why(self, error: Exception) -> Missed:
        """Raises a mistake of the caller. A key that is refused is said aloud, once: nothing else would show it."""
        why = missed(error)
        if why is None:
            raise error
        if isinstance(error, KeyRefused) and self._tally.count("refused_key") == 1:
            _log.error("the server refuses our key, and all work falls back until it gets another one: %s", error)
        return why

    def _expect(self, kept: Future[bool]) -> None:
        if not kept.done():
            self._tally.count("late")
        self._handover.expect()


def told(start: Callable[[], Future[R]], within_s: float) -> R:
    """What `start` gives, else Unanswered. The call itself goes on: what it does is recorded either way."""
    try:
        return start().result(within_s)
    except TimeoutError:
        raise Unanswered("slow") from None


async def atold(start: Callable[[], Future[R]], within_s: float) -> R:
    """As `told`, for async code."""
    future = _quiet(start())
    await asyncio.wait({future}, timeout=within_s)
    if not future.done():
        raise Unanswered("slow")
    return future.result()


def _quiet(future: Future[R]) -> asyncio.Future[R]:
    """As a future of this loop. One that fails after nobody waits any more was counted already, and says nothing."""
    wrapped = asyncio.wrap_future(future)
    wrapped.add_done_callback(lambda done: done.cancelled() or done.exception())
    return wrapped
