"""The risk gate for losses in [0, 1] and for items audited with unequal, known probability.

As `gate.Gate`, on sixteen bets a threshold instead of two counts. `weight` is least_probability/probability of the
draw; with it the guarantee is about all acted items, not about those that were looked at. Plain counting is not safe
there: see docs/explanation/statistics.md and the simulated figures.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from scipy.special import logsumexp

from airworthy.stats.betting import WEIGHTS, bets
from airworthy.stats.domain import Booleans, Floats, check_between, log_needed
from airworthy.stats.gate import check_chain


class BoundedGate:
    """A chain of thresholds learning one loss at a time. One thread at a time."""

    def __init__(self, thresholds: Sequence[float], budget: float, risk: float) -> None:
        self.thresholds = check_chain(thresholds)
        self.budget, self.risk = budget, risk
        self.index = -1  # of the laxest certified threshold; -1 while there is none
        self._needed = log_needed(risk)
        self._bets = bets(budget, side="below")
        self._ascending = [-threshold for threshold in self.thresholds]
        self._log: Floats = np.tile(np.log(WEIGHTS), (len(self.thresholds), 1))
        self._reached: Booleans = np.zeros(len(self.thresholds), dtype=bool)

    def learn(self, score: float, loss: float, weight: float = 1.0) -> None:
        """Count one audited item: its loss in [0, 1], its weight in [0, 1]. Raises OutOfRange."""
        check_between("score", score, -np.inf, np.inf)
        check_between("loss", loss, 0.0, 1.0)
        check_between("weight", weight, 0.0, 1.0)
        acted = slice(bisect_left(self._ascending, -score), None)
        self._log[acted] += np.log1p(self._bets * (weight * (self.budget - loss)))
        self._reached[acted] |= logsumexp(self._log[acted], axis=1) >= self._needed
        self.index = int(np.argmin([*self._reached, False])) - 1

    @property
    def threshold(self) -> float | None:
        """Act from this score on; None while nothing is certified. Once open it only gets laxer."""
        return None if self.index < 0 else self.thresholds[self.index]

    @property
    def log_evidence(self) -> tuple[float, ...]:
        """Log evidence per threshold now, not its maximum."""
        return tuple(logsumexp(self._log, axis=1).tolist())
