"""How wrong an output was: 0 right, 1 wrong, between where the charter weighs fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airworthy.base import canonical


def loss(output: Any, truth: Any, weights: Mapping[str, float]) -> float:
    """The weight of the worst wrong field; without weights any difference is 1. In [0, 1].

    Raises OutOfProfile where either is no JSON value.
    """
    if canonical.same(output, truth):
        return 0.0
    if not weights or not (isinstance(output, Mapping) and isinstance(truth, Mapping)):
        return 1.0
    wrong = (weight for field, weight in weights.items() if _differs(output, truth, field))
    return max(wrong, default=0.0)


def _differs(output: Mapping[str, Any], truth: Mapping[str, Any], field: str) -> bool:
    return not canonical.same(output.get(field), truth.get(field))
