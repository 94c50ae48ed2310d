"""Time as integer microseconds UTC. Everything that needs the time takes a `Clock`."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import NewType, Protocol

Micros = NewType("Micros", int)  # microseconds since 1970-01-01T00:00:00Z

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
WEEK = 7 * DAY
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Where the time comes from. May be called by any thread at once."""

    def now(self) -> Micros:
        """The time of day; whoever sets the machine's clock can make it jump."""

    def steady(self) -> int:
        """Microseconds from some moment on; it never goes back, and nobody can set it."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> Micros:
        return Micros(time.time_ns() // 1_000)

    def steady(self) -> int:
        return time.monotonic_ns() // 1_000


class FixedClock:
    """A clock that stands still until it is moved; for tests and replays."""

    def __init__(self, at: Micros | datetime) -> None:
        self._at = micros(at) if isinstance(at, datetime) else at
        self._steady = 0

    def now(self) -> Micros:
        return self._at

    def move(self, by_us: int) -> None:
        self._at = Micros(self._at + by_us)
        self._steady += max(0, by_us)

    def steady(self) -> int:
        return self._steady


def micros(at: datetime) -> Micros:
    """`at`, which must carry a zone, as microseconds UTC."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return Micros((at - _EPOCH) // timedelta(microseconds=1))


def moment(at: int) -> datetime:
    """Microseconds UTC as an aware datetime."""
    return _EPOCH + timedelta(microseconds=at)


def iso(at: int) -> str:
    """Microseconds UTC as `2026-11-22T06:00:00Z`, with the fraction only where there is one."""
    return moment(at).isoformat().replace("+00:00", "Z")


def day(at: int) -> str:
    """Microseconds UTC as people read a date: `22 Nov 2026`."""
    when = moment(at)
    return f"{when.day} {when:%b %Y}"
