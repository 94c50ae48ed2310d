"""A few seconds on the user's own machine: how often our gate, and the usual ways, pass what they must not pass."""

from __future__ import annotations

from dataclasses import dataclass

from airworthy.stats.planner import chance_of_opening, chance_of_revoking
from airworthy.stats.simulation import Progress, World, peeking


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """Shares of simulated runs, and exact chances where they can be summed."""

    runs: int
    rows: int
    budget: float
    risk: float
    gate: float  # ever open beyond the budget
    naive: float  # the same, by the rate seen so far
    binomial: float  # the same, by a binomial test looked at again and again
    false_open: float  # exact chance of certifying a risk of exactly the budget
    false_revoke: float  # exact chance of revoking it

    @property
    def passed(self) -> bool:
        """Whether ours kept its promise; noise of so few runs is allowed for by three standard deviations."""
        noise = 3.0 * (self.risk * (1.0 - self.risk) / self.runs) ** 0.5
        return self.gate <= self.risk + noise and max(self.false_open, self.false_revoke) <= self.risk


def self_test(
    *,
    runs: int = 60,
    rows: int = 10_000,
    budget: float = 0.05,
    risk: float = 0.10,
    seed: int = 1,
    progress: Progress | None = None,
) -> SelfTest:
    """Run it; `progress` is called with (runs done, runs in all) after each."""
    found = peeking(
        World(0.2), budget=budget, risk=risk, rows=rows, looks=(rows,), runs=runs, seed=seed, progress=progress
    )
    return SelfTest(
        runs=runs,
        rows=rows,
        budget=budget,
        risk=risk,
        gate=found.gate,
        naive=found.naive,
        binomial=found.binomial,
        false_open=chance_of_opening(budget, budget, risk, within=rows),
        false_revoke=chance_of_revoking(budget, budget, risk, within=rows),
    )
