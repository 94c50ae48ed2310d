"""Sending what is due, to every endpoint at its own pace.

No order is promised, not even to one endpoint: what fails is tried again later, and others go ahead of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from threading import Event as Flag
from threading import Thread
from typing import Any, TypeVar

from airworthy.base.clock import Clock, Micros
from airworthy.base.ids import Random
from airworthy.integration.webhook.address import Resolve, resolve
from airworthy.integration.webhook.backoff import next_try
from airworthy.integration.webhook.endpoint import Endpoint, Endpoints, switched
from airworthy.integration.webhook.event import event
from airworthy.integration.webhook.outbox import Delivery, Outbox
from airworthy.integration.webhook.post import TIMEOUT_S, Ended, Post, posting
from airworthy.record.store import Reader

AT_ONCE = 4  # messages under way to one endpoint
LOOK_EVERY_S = 0.5  # how often the thread looks for new entries

T = TypeVar("T")
Told = Callable[[Delivery, Ended], None]


class Deliverer:
    """Takes from the log, sends, notes what came of it. Others may do the same beside it, in any process."""

    def __init__(
        self,
        log: Reader,
        outbox: Outbox,
        endpoints: Endpoints,
        *,
        clock: Clock,
        random: Random,
        resolve: Resolve = resolve,
        timeout_s: float = TIMEOUT_S,
        told: Told = lambda delivery, ended: None,
    ) -> None:
        """`told` hears of every attempt."""
        self._log = log
        self._outbox = outbox
        self._endpoints = endpoints
        self._clock = clock
        self._random = random
        self._resolve = resolve
        self._timeout_s = timeout_s
        self._told = told

    def take(self, now: Micros) -> int:
        """Notes what is to be sent of the log's new entries; returns how many messages."""
        return self._outbox.take(self._log, self._endpoints, now)

    def run_due(self, now: Micros) -> Micros | None:
        """Sends what is due at `now`, and returns when something is due next, None: nothing is.

        It ends when every endpoint had its turn; one that answers nothing costs a timeout, and keeps the rest of its
        messages due. Not from inside an event loop.
        """
        self.take(now)
        asyncio.run(self._round(now))
        return self._outbox.next_due(self._endpoints.enabled())

    def thread(self) -> DeliveryThread:
        """A started thread that sends whatever becomes due until it is stopped."""
        thread = DeliveryThread(self)
        thread.start()
        return thread

    async def forever(self, stopped: Flag, troubled: Callable[[str], None]) -> None:
        """Sends whatever becomes due until `stopped`; `troubled` hears what kept it from doing so, '' once it goes on.

        An endpoint has one lane: while its lane is slow, the others go on.
        """
        lanes: dict[str, asyncio.Task[None]] = {}
        try:
            while not stopped.is_set():
                troubled(self._start_idle(lanes))
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            for lane in lanes.values():
                lane.cancel()
            await asyncio.gather(*lanes.values(), return_exceptions=True)

    def _start_idle(self, lanes: dict[str, asyncio.Task[None]]) -> str:
        """Starts a lane where none is under way; returns what went wrong, '' when nothing did."""
        done = [lanes.pop(id) for id in list(lanes) if lanes[id].done()]
        try:
            now = self._clock.now()
            self.take(now)
            for one in self._endpoints.enabled():
                if one.id not in lanes:
                    lanes[one.id] = asyncio.create_task(self._lane(one, now))
        except Exception as error:  # the edge of a job: it is said, and tried again
            return str(error)
        return next((str(failed) for lane in done if (failed := lane.exception())), "")

    async def _round(self, now: Micros) -> None:
        await _all(self._lane(one, now) for one in self._endpoints.enabled())

    async def _lane(self, endpoint: Endpoint, now: Micros) -> None:
        """Sends what is due to one endpoint at `now`, until none of several at once arrives."""
        due = self._outbox.claim(endpoint.id, now, AT_ONCE)
        if not due:
            return
        async with posting(endpoint, self._resolve, timeout_s=self._timeout_s) as post:
            while due:
                ended = await _all(self._send(post, endpoint, one) for one in due)
                if not any(one.how == "delivered" for one in ended):
                    return
                due = self._outbox.claim(endpoint.id, now, AT_ONCE)

    async def _send(self, post: Post, endpoint: Endpoint, one: Delivery) -> Ended:
        stored = next(iter(self._log.scan(one.seq, one.seq + 1)))
        ended = await post.send(event(stored, endpoint.id), self._clock.now())
        self._settle(one, ended)
        self._told(one, ended)
        return ended

    def _settle(self, one: Delivery, ended: Ended) -> None:
        now = self._clock.now()
        first_at = now if one.first_at is None else one.first_at
        again = next_try(one.attempts + 1, first_at=first_at, now=now, random=self._random)
        if ended.how == "delivered":
            self._outbox.settle(one, "delivered", now, first_at=first_at, status=ended.status)
        elif ended.how == "gone" or again is None:
            self._outbox.settle(one, "dead", now, first_at=first_at, status=ended.status)
        else:
            self._outbox.settle(one, "due", again, first_at=first_at, status=ended.status)
        if ended.how == "gone":
            self._disable(one.endpoint, now)

    def _disable(self, id: str, now: Micros) -> None:
        self._endpoints.replace(id, lambda endpoint: switched(endpoint, now))
        self._outbox.give_up(id, now, "the endpoint answered 410 Gone")


async def _all(under_way: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What each of them came to. Where one failed the others end first: nothing is cut off in the middle."""
    ended = await asyncio.gather(*under_way, return_exceptions=True)
    failed = next((one for one in ended if isinstance(one, BaseException)), None)
    if failed is not None:
        raise failed
    return [one for one in ended if not isinstance(one, BaseException)]


class DeliveryThread(Thread):
    """Delivers beside whatever else the process does. What it had under way when it ends is sent again later."""

    def __init__(self, deliverer: Deliverer) -> None:
        super().__init__(name="webhooks", daemon=True)
        self._deliverer = deliverer
        self._stopped = Flag()
        self.trouble = ""  # what keeps it from sending now; for whoever asks after its health

    def run(self) -> None:
        asyncio.run(self._deliverer.forever(self._stopped, self._troubled))

    def stop(self) -> None:
        """Returns when nothing is under way. May be called twice."""
        self._stopped.set()
        self.join()

    def _troubled(self, what: str) -> None:
        self.trouble = what
