"""Whether two shares differ: the interval of a difference, looked at once.

Source: Newcombe, Statistics in Medicine 17 (1998), 873-890, method 10 (two Wilson score intervals).
"""

from __future__ import annotations

from math import sqrt

from scipy.stats import norm

from airworthy.base.errors import OutOfRange


def newcombe(
    wrong: float, n: float, wrong_before: float, n_before: float, *, level: float
) -> tuple[float, float, float]:
    """Share now minus share before, with its two-sided interval at `1 - level`. Not valid when looked at repeatedly.

    Returns (difference, low, high), each in [-1, 1]. Raises OutOfRange when either n is 0.
    """
    if n <= 0 or n_before <= 0:
        raise OutOfRange("n", min(n, n_before), "counts above 0")
    now, before = wrong / n, wrong_before / n_before
    low, high = _wilson(now, n, level)
    low_before, high_before = _wilson(before, n_before, level)
    difference = now - before
    down = sqrt((now - low) ** 2 + (high_before - before) ** 2)
    up = sqrt((high - now) ** 2 + (before - low_before) ** 2)
    return difference, difference - down, difference + up


def _wilson(share: float, n: float, level: float) -> tuple[float, float]:
    z = float(norm.ppf(1 - level / 2))
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return middle - half, middle + half
