"""What was measured about the data a use case stands on."""

from __future__ import annotations

from typing import Literal

import msgspec

from airworthy.base.quantity import Ppm
from airworthy.record.envelope import Record

SliceName = Literal["P0", "P1", "P2", "P3"]


class GapSlice(msgspec.Struct, frozen=True):
    """One of the four slices: pilot hold-out, same period uncurated, later curated, later everything.

    Means over the run's seeds; None where there is nothing to measure: no item, no score, nobody's answer.
    `calibration_error` has ten equal bins.
    """

    name: SliceName
    n: int
    accuracy: Ppm | None
    confidence: Ppm | None
    calibration_error: Ppm | None
    coverage: Ppm | None  # share acted on at the pilot's threshold; None where none could be certified
    acted_error: Ppm | None
    person_accuracy: Ppm | None


class Ablation(msgspec.Struct, frozen=True):
    """The pilot built again with some of its filters: what it promised, and what all later work gave."""

    filters: tuple[str, ...]
    pilot: Ppm
    production: Ppm
    pilot_n: int
    production_n: int


class MonthlyAccuracy(msgspec.Struct, frozen=True):
    """Accuracy over one period after the pilot: flat means no drift."""

    start: int  # microseconds UTC
    n: int
    right: int


class GapMeasured(Record, frozen=True, kw_only=True, tag="gap.measured"):
    """How much cleaner the pilot was than the work."""

    run: str
    seeds: int
    act_at: Ppm  # error budget the pilot's threshold was chosen for
    slices: tuple[GapSlice, ...]
    ablations: tuple[Ablation, ...]
    over_time: tuple[MonthlyAccuracy, ...]
    honest_coverage: Ppm | None  # what a pilot with everything, in time order, could act on; None: nothing
    honest_n: int
