"""From the threads that answer to the loop that asked: however many answers come at once, the loop is woken once."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Bridge:
    """Made inside the loop. `wait` belongs to the loop's thread; futures may be answered by any thread.

    INVARIANT: whatever is in `_arrived` has a delivery ahead of it, since `_is_woken` is lowered before the queue is
    emptied and raised only after something was put in.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._is_woken = False

    def wait(self, asked: Future[T]) -> asyncio.Future[T]:
        """What `asked` will be answered with. Letting go of it lets the answer fall, and nothing else."""
        waiter: asyncio.Future[T] = self._loop.create_future()
        if asked.done():  # nothing to bring: what was told before is told at once
            _settle(waiter, asked)
        else:
            asked.add_done_callback(lambda answered: self._bring(waiter, answered))
        return waiter

    def _bring(self, waiter: asyncio.Future[Any], answered: Future[Any]) -> None:
        self._arrived.append((waiter, answered))
        if not self._is_woken:
            self._is_woken = True
            self._wake()

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._deliver)
        except RuntimeError:  # the loop has ended, and with it everyone who waited
            self._arrived.clear()

    def _deliver(self) -> None:
        self._is_woken = False
        while self._arrived:
            waiter, answered = self._arrived.popleft()
            if not waiter.done():
                _settle(waiter, answered)


def _settle(waiter: asyncio.Future[T], answered: Future[T]) -> None:
    error = answered.exception()
    if error is None:
        waiter.set_result(answered.result())
    else:
        waiter.set_exception(error)
