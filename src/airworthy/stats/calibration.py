"""Confidence that people may see: scores mapped to how often cases like this were right. No guarantee rests on it.

Below 5,000 labels a logistic curve on the logit of the score (Platt 1999, with the logit of Kull, Silva Filho and
Flach 2017), from there on isotonic regression. Checked against scikit-learn in tests/stats/test_calibration.py.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import isotonic_regression

from airworthy.base.errors import AirworthyError, OutOfRange
from airworthy.stats.domain import Floats, bounded
from airworthy.stats.sequence import rate_intervals

ISOTONIC_FROM = 5_000  # labels
LEAST_LABELS = 200  # below this there is no number to show
_EDGE = 1e-6  # scores are kept this far from 0 and 1, where the logit is infinite


class NotYetMeasured(AirworthyError):
    """Too few labels, or only one kind of them, to say how sure a score is."""

    code = "S002"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrator:
    """A fitted map from score to confidence, made of plain numbers.

    logistic   confidence = 1 / (1 + exp(-(intercept + slope * logit(score))))
    isotonic   linear between the knots (scores[i], confidences[i]), flat outside
    """

    kind: Literal["logistic", "isotonic"]
    labels: int
    intercept: float = 0.0
    slope: float = 1.0
    scores: tuple[float, ...] = ()
    confidences: tuple[float, ...] = ()

    def apply(self, scores: ArrayLike) -> Floats:
        """Confidences in [0, 1] of an array of scores in [0, 1]. Raises OutOfRange."""
        array = bounded("scores", scores)
        if self.kind == "isotonic":
            return np.interp(array, self.scores, self.confidences)
        return np.asarray(1.0 / (1.0 + np.exp(-(self.intercept + self.slope * _logits(array)))))

    def confidence(self, score: float) -> float:
        """`apply` for one score, in about a microsecond. Raises OutOfRange."""
        if not 0.0 <= score <= 1.0:
            raise OutOfRange("score", score, "[0, 1]")
        if self.kind == "isotonic":
            return self._between_knots(score)
        kept = min(max(score, _EDGE), 1.0 - _EDGE)
        return _logistic(self.intercept + self.slope * math.log(kept / (1.0 - kept)))

    def to_plain(self) -> dict[str, Any]:
        """Numbers, strings and tuples only; `Calibrator(**plain)` is equal to this one."""
        return asdict(self)

    def _between_knots(self, score: float) -> float:
        right = bisect_right(self.scores, score)
        if right == 0 or right == len(self.scores):
            return self.confidences[0 if right == 0 else -1]
        low, high = self.scores[right - 1], self.scores[right]
        start, end = self.confidences[right - 1], self.confidences[right]
        return start + (end - start) * (score - low) / (high - low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What became of the cases whose score lay in [low, high), or [low, 1] for the last band."""

    low: float
    high: float
    labels: int
    mean_score: float  # not a number where there are no labels
    right: int
    interval: tuple[float, float]  # of the share right, holding at all times at once


def fit(scores: ArrayLike, right: ArrayLike, *, least: int = LEAST_LABELS) -> Calibrator:
    """The map from score to confidence that these labels support.

    scores, right   in [0, 1], and 0 or 1, of one length
    Raises NotYetMeasured below `least` labels or where all are right or all wrong; OutOfRange.
    """
    score, truth = _pairs(scores, right)
    if len(score) < least:
        raise NotYetMeasured(f"the confidence of these scores is not yet measured ({len(score)} of {least})")
    if truth.min() == truth.max():
        raise NotYetMeasured(f"the confidence cannot be measured from {len(score)} labels that are all alike")
    return _fit_logistic(score, truth) if len(score) < ISOTONIC_FROM else _fit_isotonic(score, truth)


def reliability(scores: ArrayLike, right: ArrayLike, bands: ArrayLike, *, level: float = 0.05) -> tuple[Band, ...]:
    """Score against truth in bands with edges `bands`, rising from 0 to 1; an empty band keeps the interval (0, 1)."""
    score, truth = _pairs(scores, right)
    edges = bounded("bands", bands)
    if len(edges) < 2 or edges[0] != 0.0 or edges[-1] != 1.0 or np.any(np.diff(edges) <= 0):
        raise OutOfRange("bands", bands, "the strictly rising edges from 0 to 1")
    place = _places(score, edges)
    labels, total, good = (np.bincount(place, weights, len(edges) - 1) for weights in (None, score, truth))
    with np.errstate(invalid="ignore"):
        mean = total / labels
    low, high = rate_intervals(good, labels, level=level)
    intervals = zip(low.tolist(), high.tolist(), strict=True)
    columns = (edges[:-1].tolist(), edges[1:].tolist(), labels.tolist(), mean.tolist(), good.astype(int).tolist())
    return tuple(
        Band(low=a, high=b, labels=n, mean_score=m, right=k, interval=interval)
        for a, b, n, m, k, interval in zip(*columns, intervals, strict=True)
    )


def expected_calibration_error(scores: ArrayLike, right: ArrayLike, *, bands: int = 10) -> float:
    """Mean distance of score and share right over equal bands, weighted by labels (Naeini, Cooper, Hauskrecht 2015)."""
    score, truth = _pairs(scores, right)
    place = _places(score, np.linspace(0.0, 1.0, bands + 1))
    return float(np.abs(np.bincount(place, truth - score, bands)).sum() / len(score))


def smooth_calibration_error(scores: ArrayLike, right: ArrayLike) -> float:
    """Calibration error without bands: residuals smoothed at the scale equal to the error found.

    Source: Blasiok and Nakkiran, "Smooth ECE", arXiv 2309.12236: reflected Gaussian kernel on a grid of 1/1,000.
    """
    score, truth = _pairs(scores, right)
    place = np.rint(score * _CELLS).astype(np.int64)
    residual = np.bincount(place, truth - score, _CELLS + 1) / len(score)
    low, high = 0.0, 1.0
    for _ in range(30):  # the smoothed error falls as the scale grows, so they meet once
        scale = (low + high) / 2
        low, high = (scale, high) if _smoothed(residual, scale) > scale else (low, scale)
    return high


def venn_abers(scores: ArrayLike, right: ArrayLike, at: float) -> tuple[float, float]:
    """(low, high) of the confidence at one score: how sure are we of it.

    The isotonic value at `at` when a case there is added as wrong, and as right. Perfectly calibrated for
    exchangeable cases in the sense that one of the two is. Source: Vovk and Petej, UAI 2014.
    """
    score, truth = _pairs(scores, right)
    place = bounded("at", np.array([at]))[0]
    low, high = (_isotonic(np.append(score, place), np.append(truth, added)) for added in (0.0, 1.0))
    return float(np.interp(place, *low)), float(np.interp(place, *high))


_CELLS = 1_000


def _smoothed(residual: Floats, scale: float) -> float:
    """Integral of the absolute residual after a Gaussian of this scale, reflected at 0 and 1."""
    circle = np.concatenate((residual, residual[-2:0:-1]))  # reflection at both ends is a circle of twice the length
    circle[0] *= 2.0
    circle[_CELLS] *= 2.0
    frequency = np.arange(_CELLS + 1) * np.pi  # of the cosines on [0, 1]
    smooth = np.fft.irfft(np.fft.rfft(circle) * np.exp(-0.5 * (frequency * scale) ** 2), 2 * _CELLS)
    return float(np.abs(smooth).sum() / 2.0)


def _fit_logistic(score: Floats, truth: Floats) -> Calibrator:
    """Newton steps on the log likelihood of targets pulled off 0 and 1 (Platt), so that it has a maximum."""
    rights = truth.sum()
    target = np.where(truth == 1, (rights + 1) / (rights + 2), 1 / (len(truth) - rights + 2))
    design = np.column_stack((np.ones_like(score), _logits(score)))
    weights = np.zeros(2)
    for _ in range(100):
        chance = 1.0 / (1.0 + np.exp(-design @ weights))
        curvature = design.T @ (design * (chance * (1 - chance))[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, design.T @ (target - chance))
        weights = weights + step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-12:
            break
    return Calibrator(kind="logistic", labels=len(score), intercept=float(weights[0]), slope=float(weights[1]))


def _fit_isotonic(score: Floats, truth: Floats) -> Calibrator:
    places, values = _isotonic(score, truth)
    bend = np.ones(len(values), dtype=bool)  # inside a flat stretch a knot says nothing
    bend[1:-1] = (values[1:-1] != values[:-2]) | (values[1:-1] != values[2:])
    return Calibrator(
        kind="isotonic",
        labels=len(score),
        scores=tuple(places[bend].tolist()),
        confidences=tuple(values[bend].tolist()),
    )


def _isotonic(score: Floats, truth: Floats) -> tuple[Floats, Floats]:
    """(distinct scores, rising values): least squares, scores that tie averaged first."""
    places, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    means = np.bincount(inverse, truth) / counts
    return places, isotonic_regression(means, weights=counts).x


def _places(score: Floats, edges: Floats) -> Any:
    return np.minimum(np.searchsorted(edges, score, side="right") - 1, len(edges) - 2)


def _logits(score: Floats) -> Floats:
    kept = np.clip(score, _EDGE, 1.0 - _EDGE)
    return np.asarray(np.log(kept / (1.0 - kept)))


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x > -700.0 else 0.0


def _pairs(scores: ArrayLike, right: ArrayLike) -> tuple[Floats, Floats]:
    score, truth = bounded("scores", scores), np.asarray(right, dtype=np.float64)
    if score.shape != truth.shape or score.ndim != 1 or not len(score):
        raise OutOfRange("right", truth.shape, f"the non-empty lists as long as scores, {score.shape}")
    if not np.all((truth == 0) | (truth == 1)):
        raise OutOfRange("right", right, "0 and 1")
    return score, truth
