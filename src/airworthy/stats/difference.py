"""Whether two shares differ: the interval of a difference, looked at once.

Source: Newcombe, Statistics in Medicine 17 (1998), 873-890, method 10 (two Wilson score intervals).
"""

from __future__ import annotations

from math import sqrt

from airworthy.base.errors import OutOfRange
from airworthy.stats.interval import wilson


def newcombe(
    wrong: float, n: float, wrong_before: float, n_before: float, *, level: float
) -> tuple[float, float, float]:
    """Share now minus share before, with its two-sided interval at `1 - level`. Not valid when looked at repeatedly.

    Counts that are means over splits are rounded for the interval.
    Returns (difference, low, high), each in [-1, 1]. Raises OutOfRange when either n is 0.
    """
    if n <= 0 or n_before <= 0:
        raise OutOfRange("n", min(n, n_before), "counts above 0")
    now, before = wrong / n, wrong_before / n_before
    low, high = wilson(round(wrong), round(n), level=level / 2)
    low_before, high_before = wilson(round(wrong_before), round(n_before), level=level / 2)
    difference = now - before
    down = sqrt((now - low) ** 2 + (high_before - before) ** 2)
    up = sqrt((high - now) ** 2 + (before - low_before) ** 2)
    return difference, difference - down, difference + up
