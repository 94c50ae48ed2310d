"""Evidence about the mean of bounded values: sixteen fixed bets, their wealth averaged with fixed weights.

For values x with mean given the past at least `limit`, 1 + bet * weight * (limit - x) multiplies to a nonnegative
supermartingale as long as no bet can lose more than it has; likewise on the other side. It needs no independence.
Predictable weights (for a draw with known probability q: q_min/q) and values outside [0, 1] (`corrected`) fit in.

Source: Waudby-Smith and Ramdas, arXiv 2010.09686; with unequal sampling Xu, Karampatziakis and Mineiro,
arXiv 2406.10490. Checked against the plain product and by simulated runs in tests/coverage/.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from airworthy.base.errors import OutOfRange
from airworthy.stats.boundary import Side
from airworthy.stats.domain import Floats, bounded, check_between, check_share

# Shares of the largest safe bet. Geometric, so that some bet is near the best one whatever the spread of the values;
# the weights fall with the root, so that the small bets, which pay only after many values, cost little before.
SHARES: Floats = np.geomspace(0.98, 0.001, 16)
WEIGHTS: Floats = np.sqrt(SHARES) / np.sqrt(SHARES).sum()
_LOG_WEIGHTS: Floats = np.log(WEIGHTS)


def bets(limit: float, *, side: Side, low: float = 0.0, high: float = 1.0) -> Floats:
    """Sixteen bets, signed (positive bets on "below"), none of which can lose everything on a value in [low, high]."""
    if not low < limit < high:
        raise OutOfRange("limit", limit, f"the open interval ({low:g}, {high:g})")
    return SHARES / (high - limit) if side == "below" else -SHARES / (limit - low)


class Wealth:
    """Running evidence that the mean lies on `side` of `limit`, one value at a time; sixteen floats of state."""

    def __init__(self, limit: float, *, side: Side, low: float = 0.0, high: float = 1.0) -> None:
        self.limit, self.side, self.low, self.high = limit, side, low, high
        self._bets = bets(limit, side=side, low=low, high=high)
        self._log = _LOG_WEIGHTS.copy()

    def learn(self, value: float, weight: float = 1.0) -> None:
        """Count one value in [low, high], with a weight in [0, 1] that was fixed before it. Raises OutOfRange."""
        check_between("value", value, self.low, self.high)
        check_between("weight", weight, 0.0, 1.0)
        self._log += np.log1p(self._bets * (weight * (self.limit - value)))

    @property
    def log_evidence(self) -> float:
        """Log of the average wealth now; log(1/level) or more decides at risk `level`."""
        return float(logsumexp(self._log))


def log_evidence_mean_below(values: ArrayLike, *, limit: float, weights: ArrayLike = 1.0) -> float:
    """Log evidence against "the mean of these values in [0, 1] is at least `limit`". Raises OutOfRange."""
    return _final(values, weights, limit, "below")


def log_evidence_mean_above(values: ArrayLike, *, limit: float, weights: ArrayLike = 1.0) -> float:
    """Log evidence against "the mean of these values in [0, 1] is at most `limit`". Raises OutOfRange."""
    return _final(values, weights, limit, "above")


def running(
    values: ArrayLike, *, limit: float, side: Side, weights: ArrayLike = 1.0, low: float = 0.0, high: float = 1.0
) -> Floats:
    """Log evidence after each value, along the last axis: `Wealth.log_evidence` for whole arrays of runs."""
    gains = np.asarray(weights) * (limit - bounded("values", values, low, high))
    total = np.full(gains.shape, -np.inf)
    stakes = bets(limit, side=side, low=low, high=high)
    for bet, weight in zip(stakes, _LOG_WEIGHTS, strict=True):  # one at a time keeps memory at the size of the input
        total = np.logaddexp(total, weight + np.cumsum(np.log1p(bet * gains), axis=-1))
    return total


def corrected(predicted: ArrayLike, loss: ArrayLike, drawn: ArrayLike, probability: ArrayLike) -> Floats:
    """Predicted losses, corrected by the audited ones: m + (drawn/q) (loss - m), whose mean is the mean loss.

    predicted    m in [0, 1], fixed before the loss is known (such as a sighted reviewer's verdict)
    loss         in [0, 1] where drawn, anything finite where not
    probability  q in (0, 1], known; with q >= q_min the result lies in `corrected_range(q_min)`
    """
    m, q = bounded("predicted", predicted), bounded("probability", probability)
    return m + np.where(np.asarray(drawn, dtype=bool), (np.asarray(loss) - m) / q, 0.0)


def corrected_range(least_probability: float) -> tuple[float, float]:
    """(low, high) that `corrected` cannot leave when every draw has at least this probability."""
    if least_probability == 1.0:
        return 0.0, 1.0
    check_share("least_probability", least_probability)
    return 1.0 - 1.0 / least_probability, 1.0 / least_probability


def _final(values: ArrayLike, weights: ArrayLike, limit: float, side: Side) -> float:
    gains = np.asarray(weights) * (limit - bounded("values", values))
    logs = [float(np.sum(np.log1p(bet * gains))) for bet in bets(limit, side=side)]
    return float(logsumexp(_LOG_WEIGHTS + logs))
