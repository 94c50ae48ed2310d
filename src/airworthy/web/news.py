"""Tells whoever follows the log that it has grown."""

from __future__ import annotations

import asyncio
from contextlib import suppress

PAUSE_S = 0.02  # entries within it are told as one growth


class News:
    """Made inside the loop. `next` belongs to the loop's thread, `arrived` to any.

    INVARIANT: whoever takes `next` before looking at the log misses nothing that comes after.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._next = asyncio.Event()
        self._is_announced = False

    def next(self) -> asyncio.Event:
        """Set at the next growth."""
        return self._next

    def arrived(self, newest: int) -> None:
        """Something is durable. Says so a moment later, once for all that came meanwhile."""
        if not self._is_announced:
            self._is_announced = True
            with suppress(RuntimeError):  # the loop has ended, and with it everyone who followed
                self._loop.call_soon_threadsafe(self._loop.call_later, PAUSE_S, self._announce)

    def _announce(self) -> None:
        self._is_announced = False
        reached, self._next = self._next, asyncio.Event()
        reached.set()
