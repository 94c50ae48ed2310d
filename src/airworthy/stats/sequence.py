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
from airworthy.stats.domain import Floats, bounded, check_counts, log_needed
from airworthy.stats.eprocess import above, below

_EDGE = 1e-12  # rates nearer to 0 or 1 than this are 0 or 1
_DIGITS = 1e-14
_STEPS = 900  # a tenth of them, by halves alone, reach that from anywhere


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
    low, _ = _bracket(lambda rate: needed - above(k, n, rate), k.shape)
    _, high = _bracket(lambda rate: below(k, n, rate) - needed, k.shape)
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
    lowest, _ = _bracket(lambda mean: np.asarray(needed - log_evidence_mean_above(unit, limit=float(mean))), ())
    _, highest = _bracket(lambda mean: np.asarray(log_evidence_mean_below(unit, limit=float(mean)) - needed), ())
    return low + float(lowest) * (high - low), low + float(highest) * (high - low)


def _bracket(excess: Callable[[Floats], Floats], shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """(largest seen below the root, smallest seen at or above it) in (0, 1) of a rising function; 0 or 1 if none.

    False position with halved values at the end that stays (Dowell and Jarratt, BIT 11, 1971), midpoints where that
    leaves the bracket and at every tenth step, so that it ends; until all elements agree to fourteen digits.
    """
    low, high = np.full(shape, _EDGE), np.full(shape, 1.0 - _EDGE)
    low_value, high_value = excess(low), excess(high)
    at_zero, at_one, rose = low_value >= 0.0, high_value < 0.0, np.zeros(shape, dtype=bool)
    for step in range(_STEPS):
        if np.all((high - low <= _DIGITS * high) | at_zero | at_one):
            break
        point = (low + high) / 2 if step % 10 == 9 else _inside(low, high, low_value, high_value)
        value = excess(point)
        passed = value >= 0.0
        low_value = np.where(passed, np.where(rose, low_value / 2, low_value), value)
        high_value = np.where(passed, value, np.where(rose, high_value, high_value / 2))
        low, high, rose = np.where(passed, low, point), np.where(passed, point, high), passed
    low, high = (np.where(at_zero, 0.0, np.where(at_one, 1.0, end)) for end in (low, high))
    return low, high


def _inside(low: Floats, high: Floats, low_value: Floats, high_value: Floats) -> Floats:
    rise = high_value - low_value
    point = high - high_value * (high - low) / np.where(rise > 0.0, rise, 1.0)
    return np.where((point > low) & (point < high), point, (low + high) / 2)
