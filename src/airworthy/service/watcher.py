"""Lets time pass for a gateway: one thread that no single failure ends, and that says when it no longer gets through."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic

EVERY_S = 0.25  # between two looks at deadlines, labels and the inbox while nobody asks
LATE_S = 5.0  # without one that went well nobody may rely on deadlines

_log = logging.getLogger("airworthy")


class Watcher:
    """Calls `tick` for as long as it is open."""

    def __init__(self, tick: Callable[[], None]) -> None:
        self._tick = tick
        self._over = Event()
        self._went_well_at = monotonic()
        self._thread = Thread(target=self._run, name="airworthy-watch", daemon=True)
        self._thread.start()

    def trouble(self) -> str | None:
        """What to say where no look went well for too long, else None."""
        late_s = monotonic() - self._went_well_at
        if self._over.is_set() or late_s <= LATE_S:
            return None
        return f"deadlines are not looked after: the last look that went well was {late_s:.0f} s ago"

    def close(self) -> None:
        """Ends the thread. May be called twice."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        complaint = ""
        while not self._over.wait(EVERY_S):
            try:
                self._tick()
                self._went_well_at = monotonic()
            except Exception as error:  # the edge of a job: the next look may go well
                if repr(error) != complaint:
                    _log.exception("a look at deadlines failed")
                complaint = repr(error)
