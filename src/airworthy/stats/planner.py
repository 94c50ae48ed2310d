"""How many labels a decision will take, before any is collected: exact, from the integer boundary.

With each label wrong with probability `true_risk`, independently, the labels needed are a hitting time of a random
walk; its distribution is summed exactly, block by block between the integers at which it can decide.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtrc
from scipy.stats import binom

from airworthy.base.errors import OutOfRange
from airworthy.stats.boundary import Boundary
from airworthy.stats.domain import Floats, check_between, check_counts, check_share

MOST = 200_000  # labels after which a decision counts as out of reach
_NEGLIGIBLE = 1e-15


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Labels until the decision in half and in nine of ten futures; None is out of reach."""

    median: int | None
    p90: int | None
    reached: float  # probability of deciding within the labels considered


def labels_needed(
    budget: float, true_risk: float, level: float, *, errors: int = 0, labels: int = 0, most: int = MOST
) -> Forecast:
    """Further labels until "risk below `budget`" is certified at risk `level`, when the risk is `true_risk`.

    errors, labels   what has been seen already
    A true risk at or above the budget is out of reach, whatever its chance of a wrong pass. Raises OutOfRange.
    """
    _check(true_risk, errors, labels)
    boundary = Boundary(budget=budget, level=level)
    return _forecast(_openings(boundary, true_risk, errors, labels, labels + most), labels, true_risk < budget)


def labels_to_revoke(budget: float, true_risk: float, level: float, *, most: int = MOST) -> Forecast:
    """Labels until "risk above `budget`" is shown at risk `level`, when the risk is `true_risk`. Raises OutOfRange."""
    _check(true_risk, 0, 0)
    boundary = Boundary(budget=budget, level=level, side="above")
    return _forecast(_revocations(boundary, true_risk, most), 0, true_risk > budget)


def chance_of_opening(budget: float, true_risk: float, level: float, *, within: int) -> float:
    """Probability that the gate opens within this many labels; at a true risk of `budget`, of a false pass."""
    _check(true_risk, 0, 0)
    return sum(mass for _, mass in _openings(Boundary(budget=budget, level=level), true_risk, 0, 0, within))


def chance_of_revoking(budget: float, true_risk: float, level: float, *, within: int) -> float:
    """Probability that the monitor revokes within this many labels; at a true risk of `budget`, falsely."""
    _check(true_risk, 0, 0)
    boundary = Boundary(budget=budget, level=level, side="above")
    return sum(mass for _, mass in _revocations(boundary, true_risk, within))


def least_labels(errors: int, *, budget: float, level: float) -> int:
    """Fewest labels that certify when exactly `errors` of them are wrong."""
    check_counts(errors, errors)
    return Boundary(budget=budget, level=level).at(errors)


def weeks(labels: int, *, per_week: float, coverage: float, audit_rate: float) -> float:
    """Weeks to collect `labels` when this many items come, this share is acted on, and this share of it is audited."""
    for argument, value in (("coverage", coverage), ("audit_rate", audit_rate)):
        check_between(argument, value, 0.0, 1.0)
    usable = per_week * coverage * audit_rate
    return labels / usable if usable > 0 else math.inf


def units_needed(mean: float, floor: float, level: float) -> int | None:
    """Fewest independent units that can prove a bounded mean above `floor`, even in the best case; None if never.

    The best case is every unit at the mean and the whole stake on it: log(1/level) / log(mean/floor).
    """
    check_share("floor", floor)
    check_between("mean", mean, 0.0, 1.0)
    check_share("level", level)
    return math.ceil(math.log(1.0 / level) / math.log(mean / floor)) if mean > floor else None


def _openings(boundary: Boundary, risk: float, errors: int, labels: int, most: int) -> Iterator[tuple[int, float]]:
    """(label count, probability of opening exactly there). The gate opens only where labels meet the boundary."""
    alive, least = np.ones(1), errors  # probability of least, least + 1, ... errors, not yet open
    while len(alive) and (stop := max(labels, boundary.at(least))) <= most:
        alive = np.convolve(alive, _binomial(stop - labels, risk))
        yield stop, float(alive[0])
        alive, labels, least = _trimmed(alive[1:]), stop, least + 1


def _revocations(boundary: Boundary, risk: float, most: int) -> Iterator[tuple[int, float]]:
    """(label count, probability of revoking exactly there). Between two integers a fixed number of errors revokes."""
    alive, labels, errors = np.ones(1), 0, 0  # probability of 0, 1, ... errors, not revoked
    while alive.sum() > 1e-9 and labels < most:
        stop = min(boundary.at(errors), most)
        if stop > labels:
            yield from _first_passage(alive, errors, labels, stop, risk)
            alive = np.convolve(alive, binom.pmf(np.arange(stop - labels + 1), stop - labels, risk))[:errors]
            labels = stop
        errors += 1


def _first_passage(alive: Floats, errors: int, labels: int, stop: int, risk: float) -> Iterator[tuple[int, float]]:
    """Probability of reaching `errors` errors at each label after `labels` up to `stop`."""
    missing = errors - 1 - np.arange(len(alive))
    counts = np.arange(stop - labels + 1)
    within = np.minimum(missing[:, None], counts)  # more errors than labels: bdtrc(n, n) is 0
    reached = alive @ bdtrc(within, counts, risk)
    for label, mass in zip(counts[1:] + labels, np.diff(reached), strict=True):
        yield int(label), float(mass)


def _forecast(hits: Iterable[tuple[int, float]], seen: int, can_decide: bool) -> Forecast:
    if not can_decide:
        return Forecast(median=None, p90=None, reached=0.0)
    total, median, p90 = 0.0, None, None
    for labels, mass in hits:
        total += mass
        median = labels - seen if median is None and total >= 0.5 else median
        if total >= 0.9:
            p90 = labels - seen
            break
    return Forecast(median=median, p90=p90, reached=total)


def _binomial(trials: int, chance: float) -> Floats:
    """Probabilities of 0, 1, ... successes, up to where they no longer matter."""
    return _trimmed(binom.pmf(np.arange(trials + 1), trials, chance))


def _trimmed(mass: Floats) -> Floats:
    matters = np.flatnonzero(mass > _NEGLIGIBLE)
    return mass[: matters[-1] + 1] if len(matters) else mass[:0]


def _check(true_risk: float, errors: int, labels: int) -> None:
    check_between("true_risk", true_risk, 0.0, 1.0)
    check_counts(errors, labels)
    if labels < 0:
        raise OutOfRange("labels", labels, "the counts from 0 up")
