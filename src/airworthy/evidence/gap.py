"""How much cleaner was the pilot than the work? Four slices, an ablation that names the filter, and time.

    P0  the pilot's own items, held out        P1  the same period, not curated
    P2  later, the pilot's curation kept       P3  later, everything

P0 to P1 is selection; P1 to P3 is drift and scope; P2 separates them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from airworthy.base.quantity import MILLION, Ppm, ppm
from airworthy.record.data import Ablation, GapMeasured, GapSlice, SliceName
from airworthy.stats.difference import newcombe

Floats = NDArray[np.float64]
BANDS = 10
MATERIAL = 0.02  # points below which a difference is not worth naming
PART = 0.2  # of the whole gap that a filter must explain to be named


class SliceFigures(msgspec.Struct, frozen=True):
    """One slice of one split. Shares in [0, 1]; NaN where there is nothing to measure."""

    n: int
    accuracy: float
    confidence: float
    calibration_error: float
    coverage: float
    acted_error: float
    person_accuracy: float


def figures(
    loss: Floats, score: Floats, person_loss: Floats, threshold: float | None, weight: Floats | None = None
) -> SliceFigures:
    """The figures of one slice.

    person_loss   NaN where unknown
    threshold     None: nothing was certified
    weight        how many items each one stands for, where a part of the slice was used up for training
    """
    weight = np.ones(len(loss)) if weight is None else weight
    acted = score >= threshold if threshold is not None else np.zeros(len(score), bool)
    known, sure = ~np.isnan(person_loss), ~np.isnan(score)
    return SliceFigures(
        n=len(loss),
        accuracy=1 - _mean(loss, weight),
        confidence=_mean(score[sure], weight[sure]),
        calibration_error=_calibration_error(loss[sure], score[sure], weight[sure]),
        coverage=_mean(acted.astype(float), weight) if threshold is not None else float("nan"),
        acted_error=_mean(loss[acted], weight[acted]),
        person_accuracy=1 - _mean(person_loss[known], weight[known]),
    )


def _mean(values: Floats, weight: Floats) -> float:
    return float(np.average(values, weights=weight)) if len(values) else float("nan")


def _calibration_error(loss: Floats, score: Floats, weight: Floats) -> float:
    """Mean distance of confidence and share right over ten equal bands, weighted by items."""
    if not len(loss):
        return float("nan")
    band = np.minimum((score * BANDS).astype(int), BANDS - 1)
    return float(np.abs(np.bincount(band, weight * (score - (1 - loss)), BANDS)).sum() / weight.sum())


def averaged(name: SliceName, splits: Sequence[SliceFigures]) -> GapSlice:
    """Means over splits, as they enter the log."""

    def mean(field: str) -> Ppm | None:
        values = np.array([getattr(one, field) for one in splits], float)
        values = values[~np.isnan(values)]
        return ppm(float(values.mean())) if len(values) else None

    return GapSlice(
        name,
        round(float(np.mean([one.n for one in splits]))),
        mean("accuracy"),
        mean("confidence"),
        mean("calibration_error"),
        mean("coverage"),
        mean("acted_error"),
        mean("person_accuracy"),
    )


class Cause(msgspec.Struct, frozen=True):
    """What a filter, or time, does to the pilot's promise. `gap` is pilot minus later work."""

    name: str
    gap: float
    named: bool


class Reading(msgspec.Struct, frozen=True):
    """What the gap report says once its figures are in."""

    gap: float  # P0 minus P3
    causes: tuple[Cause, ...]  # one a filter, largest first
    drift: tuple[float, float, float]  # share right later minus held out, without any filter, with its 95 % interval
    drifted: bool
    confidence_moved: float | None  # P3 minus P0; None where the AI gave none
    verdict: Literal["nothing broke", "the pilot saw easier work", "the work changed", "both"]

    @property
    def named(self) -> tuple[str, ...]:
        """The filters that cause it."""
        return tuple(cause.name for cause in self.causes if cause.named)


def read_gap(measured: GapMeasured) -> Reading:
    """Names the cause: filters whose own gap is material and a real part of the whole; drift where time alone moves it.

    Time alone is the pilot done again without any filter, held out, against all later work.
    """
    of = {one.name: one for one in measured.slices}
    gap = _share(of["P0"].accuracy) - _share(of["P3"].accuracy)
    alone = (one for one in measured.ablations if len(one.filters) == 1)
    causes = tuple(sorted((_cause(one, gap) for one in alone), key=lambda cause: -cause.gap))
    drift = _drift(next(one for one in measured.ablations if not one.filters))
    drifted = abs(drift[0]) >= MATERIAL and not drift[1] <= 0 <= drift[2]
    selected = any(cause.named for cause in causes)
    verdict: Literal["nothing broke", "the pilot saw easier work", "the work changed", "both"] = (
        "both"
        if selected and drifted
        else "the pilot saw easier work"
        if selected
        else "the work changed"
        if drifted
        else "nothing broke"
    )
    return Reading(gap, causes, drift, drifted, _moved(of["P0"].confidence, of["P3"].confidence), verdict)


def _moved(before: Ppm | None, after: Ppm | None) -> float | None:
    return None if before is None or after is None else (after - before) / MILLION


def _cause(one: Ablation, gap: float) -> Cause:
    own = _share(one.pilot) - _share(one.production)
    return Cause(one.filters[0], own, own >= max(MATERIAL, PART * gap))


def _drift(unfiltered: Ablation) -> tuple[float, float, float]:
    later, before = _share(unfiltered.production), _share(unfiltered.pilot)
    n, n_before = unfiltered.production_n, unfiltered.pilot_n
    return newcombe(later * n, n, before * n_before, n_before, level=0.05)


def _share(value: Ppm | None) -> float:
    return float("nan") if value is None else value / MILLION
