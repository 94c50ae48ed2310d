"""Revoking: evidence that the risk of what is acted on exceeds the budget, looked at after every item.

No independence is assumed: while each item's risk given the past is at most the budget, the monitor ever revokes with
probability at most `risk`. Source: the evidence of `eprocess` and `betting`; rate reproduced in tests/coverage/.
"""

from __future__ import annotations

from airworthy.base.errors import OutOfRange
from airworthy.stats.betting import Wealth
from airworthy.stats.boundary import Boundary
from airworthy.stats.domain import log_needed
from airworthy.stats.eprocess import log_evidence_above


class Monitor:
    """Counts acted items that turned out wrong; once revoked it stays revoked. One thread at a time."""

    def __init__(self, budget: float, risk: float) -> None:
        self.budget, self.risk = budget, risk
        self.boundary = Boundary(budget=budget, level=risk, side="above")
        self.labels = self.errors = 0
        self.revoked = False

    def learn(self, loss: int | bool) -> None:
        """Count one acted item: `loss` is 1 where it turned out wrong, 0 where right or unresolved."""
        if loss:
            self._count_error(loss)
        self.labels += 1
        if loss and not self.revoked:  # a correct label only lowers the evidence
            self.revoked = self.boundary.reached(self.errors, self.labels)

    @property
    def log_evidence(self) -> float:
        """Log evidence now, not its maximum; log(1/risk) or more revokes."""
        return log_evidence_above(self.errors, self.labels, budget=self.budget)

    def _count_error(self, loss: int | bool) -> None:
        if loss != 1:
            raise OutOfRange("loss", loss, "0 and 1")
        self.errors += 1


class BoundedMonitor:
    """As Monitor, for losses in [0, 1] and items drawn with unequal, known probability. One thread at a time."""

    def __init__(self, budget: float, risk: float) -> None:
        self.budget, self.risk = budget, risk
        self._needed = log_needed(risk)
        self._wealth = Wealth(budget, side="above")
        self.labels = 0
        self.revoked = False

    def learn(self, loss: float, weight: float = 1.0) -> None:
        """Count one loss in [0, 1]; `weight` is least_probability/probability of its draw. Raises OutOfRange."""
        self._wealth.learn(loss, weight)
        self.labels += 1
        self.revoked = self.revoked or self._wealth.log_evidence >= self._needed

    @property
    def log_evidence(self) -> float:
        """Log evidence now, not its maximum; log(1/risk) or more revokes."""
        return self._wealth.log_evidence
