"""What an error budget asks for at the very least, before any statistics are run."""

from __future__ import annotations

import math

from airworthy.charter.promise import ErrorBudget


def fewest_labels(budget: float, risk: float) -> int:
    """Labels without a single error that certifying `budget` at `risk` needs: the least n with (1 - budget)^n <= risk.

    budget, risk   in (0, 1)
    A lower bound for every valid test, and so for ours; `airworthy plan` says what is to be expected.
    """
    return math.ceil(math.log(risk) / math.log1p(-budget))


def fewest_to_open(declared: ErrorBudget) -> tuple[int, int]:
    """(fewest labels a segment, number of segments) until the gate can open: segments share the risk."""
    segments = len(declared.segments.values) if declared.segments else 1
    return fewest_labels(declared.budget, declared.risk / segments), segments
