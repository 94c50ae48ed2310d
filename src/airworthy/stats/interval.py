"""Intervals for one look at a sample whose size was fixed beforehand; for repeated looks use `sequence`.

Each side misses the rate with probability at most (Clopper-Pearson) or about (Wilson, Jeffreys) `level`; so a usual
two-sided 95 % interval has level .025. No labels give (0.0, 1.0). All raise OutOfRange naming the argument.
Sources: Clopper and Pearson, Biometrika 26 (1934); Wilson, JASA 22 (1927); Brown, Cai and DasGupta, Statistical
Science 16 (2001).
"""

from __future__ import annotations

import math

from scipy.special import betaincinv, ndtri

from airworthy.stats.domain import check_counts, check_share


def clopper_pearson(errors: int, labels: int, *, level: float) -> tuple[float, float]:
    """Never misses more often than promised, at any rate and size."""
    _check(errors, labels, level)
    right = labels - errors
    low = float(betaincinv(errors, right + 1, level)) if errors else 0.0
    high = float(betaincinv(errors + 1, right, 1.0 - level)) if right else 1.0
    return low, high


def jeffreys(errors: int, labels: int, *, level: float) -> tuple[float, float]:
    """Right on average over rates; for display of a finished sample."""
    _check(errors, labels, level)
    right = labels - errors
    low = float(betaincinv(errors + 0.5, right + 0.5, level)) if errors else 0.0
    high = float(betaincinv(errors + 0.5, right + 0.5, 1.0 - level)) if right else 1.0
    return low, high


def wilson(errors: int, labels: int, *, level: float) -> tuple[float, float]:
    """Inverts the normal score test; cheap and close."""
    _check(errors, labels, level)
    if not labels:
        return 0.0, 1.0
    z, rate = float(ndtri(1.0 - level)), errors / labels
    centre = rate + z * z / (2 * labels)
    reach = z * math.sqrt(rate * (1 - rate) / labels + (z / (2 * labels)) ** 2)
    scale = 1 + z * z / labels
    return max(0.0, (centre - reach) / scale), min(1.0, (centre + reach) / scale)


def _check(errors: int, labels: int, level: float) -> None:
    check_counts(errors, labels)
    check_share("level", level)
