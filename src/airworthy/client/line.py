"""The line to a gateway: every call it knows, with what is told and kept where nobody answers."""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from airworthy.base.clock import Clock, SystemClock, moment
from airworthy.base.errors import NotAllowed
from airworthy.base.ids import Random, SystemRandom, new_id
from airworthy.client.attempt import Attempt, Attempts, Instead
from airworthy.client.handover import Handover
from airworthy.client.health import Health, Tally
from airworthy.client.missed import CLOSED, Unanswered, fallback
from airworthy.client.spool import Spool
from airworthy.exchange.ask import Ask, EffectEnded, Failure, Missed, Outcome, Redemption, Spooled
from airworthy.exchange.channel import Caller, Channel
from airworthy.exchange.told import Noted, Redeemed, Told

R = TypeVar("R")

APPLICATION = Caller(name="application", scopes=frozenset({"application"}))
REMEMBERED = 10_000  # fallbacks, so that asking again tells the same again
PATIENCE_S = 5.0  # for permits, ends of effects, outcomes: what has no fallback, or nobody waiting for it

_log = logging.getLogger("airworthy")


class Line:
    """A channel with a spool beside it. Everything may be called by any thread at once."""

    def __init__(
        self,
        channel: Channel,
        spool: Path,
        *,
        budget_s: float,
        caller: Caller = APPLICATION,
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> None:
        self.channel, self.caller = channel, caller
        self._pid = os.getpid()
        self._budget_s = budget_s
        self._closed = self._said_closed = False
        self.clock, self.random = clock or SystemClock(), random or SystemRandom()
        self.tally = Tally()
        self._fell_back: OrderedDict[tuple[str, str, int], Told] = OrderedDict()  # what callers here were told
        self._spool = Spool(spool, self.tally, clock=self.clock, random=self.random)
        self._handover = Handover(self._spool, channel, caller, self.tally)
        self.attempts = Attempts(self._spool, self._handover, self.tally)

    def asking(self, asks: Sequence[Ask]) -> Attempt[tuple[Told, ...]]:
        """Decides `asks` together; all of them fall back together, under ids that are theirs either way."""
        self.check_process()
        self.tally.count("calls", len(asks))
        if len(asks) == 1 and (told := self._fell_back.get(_once(asks[0]))) is not None:
            # The work was done as before already: an answer that comes now must not lead to a second effect.
            again: tuple[Told, ...] = (msgspec.structs.replace(told, again=True),)
            return Attempt(partial(_ready, again), _never, self._budget_s)
        named = [ask if ask.id else msgspec.structs.replace(ask, id=self._id()) for ask in asks]
        if self._closed:
            late = tuple(self._too_late(ask.id, ask, ask.output) for ask in named)
            return Attempt(partial(_ready, late), _never, self._budget_s)
        return Attempt(partial(self.channel.submit, named, self.caller), partial(self._unasked, named), self._budget_s)

    def failing(self, failure: Failure) -> Attempt[Told]:
        """Says that the model failed."""
        self.check_process()
        self.tally.count("calls")
        if self._closed:
            return Attempt(partial(_ready, self._too_late(self._id(), failure, None)), _never, self._budget_s)
        return Attempt(
            partial(self.channel.failure, failure, self.caller), partial(self._unfailed, failure), self._budget_s
        )

    def noting(self, outcome: Outcome) -> Attempt[Noted]:
        """Says what turned out to be true. About a decision that is still kept here, it is kept behind it."""
        start: Callable[[], Future[Noted]] = partial(self.channel.outcome, outcome, self.caller)
        if self._spool.holds(outcome.decision):
            start = _unanswered
        return Attempt(start, partial(self._unnoted, "outcome", outcome), PATIENCE_S)

    def ending(self, ended: EffectEnded) -> Attempt[Noted]:
        """Says how an effect ended."""
        return Attempt(
            partial(self.channel.ended, ended, self.caller), partial(self._unnoted, "ended", ended), PATIENCE_S
        )

    def redeeming(self, redemption: Redemption) -> Future[Redeemed]:
        """Uses a permit up. Nothing stands in for the answer: without it the effect does not run.

        Where only the answer got lost the permit is used up and its effect never ran. The log shows a redemption
        without an end, and a person has to look: to say `failed` here could contradict a second try that worked.
        """
        self.check_process()
        return self.channel.redeem(redemption, self.caller)

    def check_process(self) -> None:
        """Raises NotAllowed (C004) in the child of a fork: threads, sockets and locks stayed with the parent."""
        if os.getpid() != self._pid:
            raise NotAllowed("this gateway was connected in another process, before a fork", code="C004",
                             help="call `airworthy.connect` in each worker process")  # fmt: skip

    def health(self) -> Health:
        return self.tally.health(waiting=self._spool.waiting)

    def close(self) -> None:
        """Hands over what can be handed over, then ends. May be called twice. A later ask falls back, kept nowhere."""
        self._closed = True
        self._handover.close()
        self._spool.close()
        self.channel.close()

    def _too_late(self, id: str, about: Ask | Failure, proposed: object) -> Told:
        """What is told once this is closed: nobody is left to hand an entry over, so none is kept."""
        self.tally.fell_back("refused")
        if not self._said_closed:
            self._said_closed = True
            _log.error("%s, and is still asked: the work falls back, and is recorded nowhere", CLOSED)
        return _fallback(id, about, proposed, "refused", CLOSED)

    def _unasked(self, asks: Sequence[Ask], why: Missed) -> Instead[tuple[Told, ...]]:
        self.tally.fell_back(why, len(asks))
        entries = tuple(self._entry(ask.id, why, ask=ask) for ask in asks)
        told = tuple(_fallback(ask.id, ask, ask.output, why) for ask in asks)
        self._fell_back.update(zip(map(_once, asks), told, strict=True))
        while len(self._fell_back) > REMEMBERED:
            self._fell_back.popitem(last=False)
        return Instead(told, entries)

    def _unfailed(self, failure: Failure, why: Missed) -> Instead[Told]:
        self.tally.fell_back(why)
        entry = self._entry(self._id(), why, failure=failure)
        return Instead(_fallback(entry.id, failure, None, why), (entry,))

    def _unnoted(self, what: str, noted: Outcome | EffectEnded, why: Missed) -> Instead[Noted]:
        entry = self._entry(self._id(), why, **{what: noted})
        return Instead(Noted(id=entry.id, seq=-1, note="kept here until the gateway answers"), (entry,))

    def _entry(self, id: str, why: Missed, **what: Ask | Failure | Outcome | EffectEnded) -> Spooled:
        """A spool entry. That of an ask bears the decision's id, so that what follows it is kept behind it."""
        return msgspec.structs.replace(Spooled(id=id, at=moment(self.clock.now()), why=why), **what)

    def _id(self) -> str:
        return new_id(self.clock.now(), self.random)


def _fallback(id: str, about: Ask | Failure, proposed: object, why: Missed, words: str = "") -> Told:
    return fallback(
        id=id,
        point=about.point,
        subject=about.subject,
        attempt=about.attempt,
        proposed=proposed,
        why=why,
        words=words,
    )


def _once(ask: Ask) -> tuple[str, str, int]:
    return ask.point, ask.subject, ask.attempt


def _ready(told: R) -> Future[R]:
    future: Future[R] = Future()
    future.set_result(told)
    return future


def _never(why: Missed) -> Instead[R]:
    raise Unanswered(why)


def _unanswered() -> Future[Noted]:
    future: Future[Noted] = Future()
    future.set_exception(Unanswered("unreachable"))
    return future
