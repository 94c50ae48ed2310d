"""Noticing that a stream in [0, 1] has moved across a limit, whenever that was.

A single e-process is slowed by a long good history. A Shiryaev-Roberts e-detector adds up one bettor per possible
start, R_t = (R_{t-1} + 1) * e_t per bet, averaged over the bets. While every value's mean given the past respects
the limit, the mean time to an alarm is at least the threshold, with no assumption about distribution or dependence;
it carries no other promise: it will fire some day. Print the expected delay beside it.

Source: Shin, Ramdas, Rinaldo, arXiv 2203.03532. Checked against the brute-force sum over start times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from airworthy.base.errors import OutOfRange
from airworthy.stats.betting import SHARES, WEIGHTS, bets
from airworthy.stats.boundary import Side
from airworthy.stats.domain import Integers, bounded, check_between

NO_ALARM = -1


class Detector:
    """Alarms when the mean has moved to `side` of `limit`; sixteen floats of state. Latched: start anew after it.

    threshold   mean time to a false alarm, in observations, at least 1
    """

    def __init__(self, limit: float, threshold: float, *, side: Side = "below") -> None:
        self._bets = bets(limit, side=side)
        _check_threshold(threshold)
        self.limit, self.threshold, self.side = limit, threshold, side
        self.alarmed = False
        self._sums = np.zeros(len(SHARES))

    def learn(self, value: float) -> None:
        """Count the next value in [0, 1]; after an alarm nothing changes any more. Raises OutOfRange."""
        check_between("value", value, 0.0, 1.0)
        if not self.alarmed:
            self._sums = (self._sums + 1.0) * (1.0 + self._bets * (self.limit - value))
            self.alarmed = self.evidence >= self.threshold

    @property
    def evidence(self) -> float:
        """Sum over all starts so far of the evidence since then; the threshold or more alarms."""
        return float(self._sums @ WEIGHTS)


class Restarted:
    """As Detector, by one mixture that starts anew whenever it has fallen below 1.

    Restarting adds at most 1 an observation, so the same promise holds. To use it beside a Detector, give each
    twice the threshold.
    """

    def __init__(self, limit: float, threshold: float, *, side: Side = "below") -> None:
        self._bets = bets(limit, side=side)
        _check_threshold(threshold)
        self.limit, self.threshold, self.side = limit, threshold, side
        self.alarmed = False
        self._wealth = np.ones(len(SHARES))

    def learn(self, value: float) -> None:
        """Count the next value in [0, 1]; after an alarm nothing changes any more. Raises OutOfRange."""
        check_between("value", value, 0.0, 1.0)
        if self.alarmed:
            return
        if self.evidence < 1.0:
            self._wealth = np.ones(len(SHARES))
        self._wealth = self._wealth * (1.0 + self._bets * (self.limit - value))
        self.alarmed = self.evidence >= self.threshold

    @property
    def evidence(self) -> float:
        """Average wealth since the last restart; the threshold or more alarms."""
        return float(self._wealth @ WEIGHTS)


def alarm_times(values: ArrayLike, *, limit: float, threshold: float, side: Side = "below") -> Integers:
    """When a Detector alarms on each row of `values` (runs, observations): the count of observations, or NO_ALARM."""
    runs = bounded("values", values)
    _check_threshold(threshold)
    stakes, sums = bets(limit, side=side), np.zeros((len(runs), len(SHARES)))
    times = np.full(len(runs), NO_ALARM, dtype=np.int64)
    for t, column in enumerate(runs.T, start=1):
        sums = np.minimum((sums + 1.0) * (1.0 + np.outer(limit - column, stakes)), 1e200)
        times[(times == NO_ALARM) & (sums @ WEIGHTS >= threshold)] = t
    return times


def mean_run_length(times: Integers, watched: int) -> float:
    """Mean time to an alarm, runs without one counted as all they were `watched`: never more than the true mean."""
    return float(np.where(times == NO_ALARM, watched, times).mean())


def three_sigma_times(values: ArrayLike, *, mean: float, deviation: float) -> Integers:
    """The usual control chart, for comparison: the first value below mean - 3 deviations, or NO_ALARM."""
    return _first(np.asarray(values) < mean - 3.0 * deviation)


def cusum_times(errors: ArrayLike, sizes: ArrayLike, *, healthy: float, shifted: float, height: float) -> Integers:
    """Page's binomial CUSUM, for comparison: rows of errors among sizes, alarm when its sum passes `height`."""
    wrong, size = np.broadcast_arrays(np.asarray(errors, dtype=np.float64), np.asarray(sizes, dtype=np.float64))
    step = wrong * np.log(shifted / healthy) + (size - wrong) * np.log((1 - shifted) / (1 - healthy))
    total, sums = np.zeros(len(step)), np.empty_like(step)
    for t, column in enumerate(step.T):
        total = np.maximum(0.0, total + column)
        sums[:, t] = total
    return _first(sums >= height)


def _first(alarms: np.ndarray) -> Integers:
    return np.where(alarms.any(axis=1), alarms.argmax(axis=1) + 1, NO_ALARM)


def _check_threshold(threshold: float) -> None:
    if not threshold >= 1.0:
        raise OutOfRange("threshold", threshold, "the numbers from 1 up")
