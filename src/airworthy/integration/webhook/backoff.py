"""When to try again, and when to give up: for three days, less and less often."""

from __future__ import annotations

from airworthy.base.clock import HOUR, SECOND, Micros
from airworthy.base.ids import Random

GIVE_UP_US = 72 * HOUR  # from the first attempt
_MINUTE = 60 * SECOND
STEPS = (
    5 * SECOND,
    30 * SECOND,
    2 * _MINUTE,
    10 * _MINUTE,
    30 * _MINUTE,
    1 * HOUR,
    2 * HOUR,
    4 * HOUR,
    8 * HOUR,
    12 * HOUR,  # and every twelve hours from here on
)
JITTER = 0.2  # of each wait: what failed together is not tried together


def next_try(attempts: int, *, first_at: Micros, now: Micros, random: Random) -> Micros | None:
    """When to try again after `attempts` failed ones, 1 or more; None: give up.

    The last attempt falls exactly three days after the first.
    """
    end = first_at + GIVE_UP_US
    if now >= end:
        return None
    wait = STEPS[min(attempts, len(STEPS)) - 1] * (1 + JITTER * (_uniform(random) - 0.5))
    return Micros(min(now + round(wait), end))


def _uniform(random: Random) -> float:
    return int.from_bytes(random.bytes(4)) / 2**32
