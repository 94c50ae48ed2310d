"""What a measure gives: observations, a figure, or the plain statement that nothing was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from airworthy.charter.model import Charter
from airworthy.evidence.facts import Facts

Floats = NDArray[np.float64]
Times = NDArray[np.int64]


@dataclass(frozen=True)
class Share:
    """Independent yes-or-no observations in time order; 1 is yes. `of` names one: `decision`, `incident`."""

    values: Floats
    at: Times  # microseconds UTC
    of: str


@dataclass(frozen=True)
class Mean:
    """Independent observations in [-1, 1] in time order, in points of a share."""

    values: Floats
    at: Times
    of: str


@dataclass(frozen=True)
class Figure:
    """A figure with its interval, judged once: it was computed at `at` and does not claim to hold at any time."""

    value: float
    low: float
    high: float
    n: int
    of: str
    at: int


@dataclass(frozen=True)
class Unmeasured:
    """Nothing was measured: why, and what it would take. Never a pass."""

    why: str
    takes: str


Measurement = Share | Mean | Figure | Unmeasured
Measure = Callable[[Facts, Charter], Measurement]
Measures = Mapping[str, Measure]


def selective(facts: Facts, charter: Charter) -> Unmeasured | None:
    """Where too many truths are missing: what is known may then not be what is true, and nothing follows from it."""
    missing = facts.decisions.unlearnt(int(charter.error_budget.horizon))
    limit = float(charter.error_budget.missing_limit)
    if missing <= limit:
        return None
    why = (
        f"{100 * missing:.1f} % of decisions old enough to be judged have no known truth; at most {100 * limit:g} % may"
    )
    return Unmeasured(why, "the missing outcomes, or a random sample of them")
