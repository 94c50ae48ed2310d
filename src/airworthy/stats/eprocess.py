"""Evidence from counts: how strongly `errors` wrong among `labels` judged speak against a limit on the error rate.

Each function is the wealth of a bettor who stakes on every rate of an interval at once, a Robbins mixture
with a closed form. Where the risk respects the limit it is a nonnegative supermartingale starting at 1, so
by Ville's inequality it ever reaches 1/level with probability at most `level`, at whatever moments it is looked at.

Source: Robbins (1970); Howard, Ramdas, McAuliffe, Sekhon, Annals of Statistics 49 (2021). Checked against numerical
integration of the mixture in tests/stats/test_eprocess.py, against simulated runs in tests/coverage/.
"""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaln

from airworthy.stats.domain import Floats, check_counts, check_share

WIDEST = 6.0  # the revoking mixture reaches up to this multiple of the budget
_SMALLEST = 1e-200  # below this scipy's regularised integrals lose digits, then underflow to zero


@overload
def log_evidence_below(errors: int, labels: int, *, budget: float) -> float: ...
@overload
def log_evidence_below(errors: NDArray[Any], labels: NDArray[Any], *, budget: float) -> Floats: ...
def log_evidence_below(errors: ArrayLike, labels: ArrayLike, *, budget: float) -> float | Floats:
    """Log evidence against "the risk is at least `budget`": what opens a gate.

    errors, labels   counts, numbers or arrays of one shape; labels = 0 gives 0.0
    budget           in (0, 1); rates in (0, budget) are bet on uniformly
    Returns a float for numbers, an array for arrays; log(1/level) or more decides at risk `level`.
    Raises OutOfRange naming the argument.
    """
    check_share("budget", budget)
    check_counts(errors, labels)
    return _plain(below(errors, labels, budget))


@overload
def log_evidence_above(errors: int, labels: int, *, budget: float) -> float: ...
@overload
def log_evidence_above(errors: NDArray[Any], labels: NDArray[Any], *, budget: float) -> Floats: ...
def log_evidence_above(errors: ArrayLike, labels: ArrayLike, *, budget: float) -> float | Floats:
    """Log evidence against "the risk is at most `budget`": what revokes.

    As `log_evidence_below`, betting on rates in (budget, h) with h = min(1, 6 budget). Needs no independence:
    it is a supermartingale whenever each item's risk given the past is at most `budget`.
    """
    check_share("budget", budget)
    check_counts(errors, labels)
    return _plain(above(errors, labels, budget))


def certify(errors: int, labels: int, *, budget: float) -> float:
    """Evidence that the true error rate lies below `budget`, valid at every sample size at once.

    errors, labels   counts in the acted region, 0 <= errors <= labels; labels = 0 gives 1.0
    budget           error budget in (0, 1)
    Returns an e-value: 1/delta or more certifies at risk delta; infinite where it exceeds what a float holds.
    Raises OutOfRange naming the argument.
    """
    with np.errstate(over="ignore"):
        return float(np.exp(log_evidence_below(errors, labels, budget=budget)))


def below(errors: ArrayLike, labels: ArrayLike, budget: ArrayLike) -> Floats:
    """`log_evidence_below` without checks, broadcasting over all three. It grows with `labels` and with `budget`."""
    k, n, a = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in (errors, labels, budget)))
    log = _log_integral_below(k + 1, n - k + 1, a) - np.log(a) - _log_at(k, n, a)
    return np.where(n == 0, 0.0, log)


def above(errors: ArrayLike, labels: ArrayLike, budget: ArrayLike) -> Floats:
    """`log_evidence_above` without checks, broadcasting over all three. It falls with `labels` and with `budget`."""
    k, n, a = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in (errors, labels, budget)))
    h = np.minimum(1.0, WIDEST * a)
    log = _log_integral_between(k + 1, n - k + 1, a, h) - np.log(h - a) - _log_at(k, n, a)
    return np.where(n == 0, 0.0, log)


def _plain(log: Floats) -> float | Floats:
    return log if log.ndim else float(log)


def _log_at(k: Floats, n: Floats, p: Floats) -> Floats:
    """log of p^k (1-p)^(n-k): the likelihood at the limit itself."""
    return k * np.log(p) + (n - k) * np.log1p(-p)


def _log_integral_between(a: Floats, b: Floats, x: Floats, y: Floats) -> Floats:
    """log of the integral of t^(a-1) (1-t)^(b-1) over (x, y), as a difference of the tails that keep their digits."""
    right = a > (a + b) * y  # the mass lies right of y: take both tails from 0; else turn the axis and take them from 1
    a, b = np.where(right, a, b), np.where(right, b, a)
    big = _log_integral_below(a, b, np.where(right, y, 1.0 - x))
    small = _log_integral_below(a, b, np.where(right, x, 1.0 - y))
    return np.asarray(big + np.log1p(-np.exp(small - big)))


def _log_integral_below(a: Floats, b: Floats, x: Floats) -> Floats:
    """log of the integral of t^(a-1) (1-t)^(b-1) over (0, x): betaln + log(betainc) where that has digits, else
    x^a (1-x)^(b-1) / a times a series."""
    share = betainc(a, b, x)
    tiny = (share < _SMALLEST) & (x > 0)
    with np.errstate(divide="ignore"):
        log = np.asarray(betaln(a, b) + np.log(share))
    if np.any(tiny):
        a, b, x = a[tiny], b[tiny], x[tiny]
        log[tiny] = a * np.log(x) + (b - 1.0) * np.log1p(-x) - np.log(a) + np.log(_series(a, b, x))
    return log


def _series(a: Floats, b: Floats, x: Floats) -> Floats:
    """Sum over j of (b-1)...(b-j) / ((a+1)...(a+j)) * (x/(1-x))^j, whose terms fall geometrically where x is below the
    mean a/(a+b), however near 1 it is (the hypergeometric series of DLMF 8.17.8 after Pfaff's transformation)."""
    total, term, j, odds = np.ones_like(a), np.ones_like(a), 1, x / (1.0 - x)
    while np.any(term > 1e-17 * total):
        term = term * (np.maximum(b - j, 0.0) * odds / (a + j))
        total += term
        j += 1
    return total
