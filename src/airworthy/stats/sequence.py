"""Intervals that hold at every sample size at once: the rates, or means, that the evidence has not yet rejected.

They invert the same evidence that certifies, so what the page shows and what the gate does cannot disagree:
"certified at budget b" is "high <= b".
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from airworthy.base.errors import OutOfRange
from airworthy.stats.betting import log_evidence_mean_above, log_evidence_mean_below
from airworthy.stats.domain import Booleans, Floats, bounded, check_counts, log_needed
from airworthy.stats.eprocess import above, below

_HALVINGS = 52  # leaves a bracket of one unit in the last place of numbers near 1


def rate_interval(errors: int, labels: int, *, level: float) -> tuple[float, float]:
    """(low, high) of the error rate; each side misses it, at any time ever, with probability at most `level`.

    labels = 0 gives (0.0, 1.0). Raises OutOfRange naming the argument.
    """
    low, high = rate_intervals(errors, labels, level=level)
    return float(low), float(high)


def rate_intervals(errors: ArrayLike, labels: ArrayLike, *, level: float) -> tuple[Floats, Floats]:
    """`rate_interval` for arrays of counts of one shape: (lows, highs) of that shape."""
    check_counts(errors, labels)
    needed = log_needed(level)
    k, n = np.broadcast_arrays(np.asarray(errors, dtype=np.float64), np.asarray(labels, dtype=np.float64))
    low, _ = _bracket(lambda rate: above(k, n, rate) < needed, k.shape)
    _, high = _bracket(lambda rate: below(k, n, rate) >= needed, k.shape)
    return low, high


def mean_interval(values: ArrayLike, *, level: float, low: float = 0.0, high: float = 1.0) -> tuple[float, float]:
    """(low, high) of the mean of values in [low, high]; each side misses it, at any time ever, with at most `level`.

    Assumes only that each value's mean given the past is the same. No values give (low, high).
    Source: Waudby-Smith and Ramdas, arXiv 2010.09686, with fixed bets. Raises OutOfRange naming the argument.
    """
    if not low < high:
        raise OutOfRange("low", low, f"the numbers below high = {high:g}")
    needed = log_needed(level)
    unit = (bounded("values", values, low, high) - low) / (high - low)
    lowest, _ = _bracket(lambda mean: np.asarray(log_evidence_mean_above(unit, limit=float(mean)) < needed), ())
    _, highest = _bracket(lambda mean: np.asarray(log_evidence_mean_below(unit, limit=float(mean)) >= needed), ())
    return low + float(lowest) * (high - low), low + float(highest) * (high - low)


def _bracket(passes: Callable[[Floats], Booleans], shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """(largest failing, smallest passing) number in (0, 1) of a condition that once true stays true; 0 or 1 if none."""
    fails, holds = np.zeros(shape), np.ones(shape)
    for _ in range(_HALVINGS):
        middle = (fails + holds) / 2
        passed = passes(middle)
        fails, holds = np.where(passed, fails, middle), np.where(passed, middle, holds)
    return fails, holds
