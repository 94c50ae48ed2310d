"""Which coverage levels are worth trying: none so small that its labels could never certify it."""

from __future__ import annotations

from collections.abc import Sequence

from airworthy.stats.planner import least_labels

SPARE = 3.0  # times the fewest labels that certify without a single error


def reachable(coverages: Sequence[float], labels: int, *, budget: float, risk: float) -> tuple[float, ...]:
    """Those of `coverages` (strict to lax) whose share of `labels` is at least SPARE times what a perfect record needs.

    A fixed sequence stops at its first failure, so a first step that cannot succeed would close the whole chain. Chosen
    from counts alone, before any label is seen; the laxest level always stays.
    """
    fewest = SPARE * least_labels(0, budget=budget, level=risk)
    return tuple(share for share in coverages if share * labels >= fewest) or (coverages[-1],)
