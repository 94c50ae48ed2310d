"""The ground a segment's gate stands on: its thresholds fixed before the evidence, its calibrator."""

from __future__ import annotations

from typing import Literal

from airworthy.base.quantity import Ppm
from airworthy.record.envelope import Record


class EpochStarted(Record, frozen=True, kw_only=True, tag="epoch.started"):
    """A segment begins to gather evidence anew; what came before counts for nothing."""

    point: str
    segment: str
    epoch: int
    why: Literal["first", "monitor", "policy", "model", "calibrator", "labels_missing"]
    policy: str
    model: str  # version
    thresholds: tuple[Ppm, ...]  # strict to lax
    coverages: tuple[Ppm, ...]  # share of the earlier scores at or above each
    budget: Ppm
    risk: Ppm  # the chance this epoch may spend on opening wrongly
    monitoring_risk: Ppm
    scores: int  # earlier unlabelled scores the thresholds were taken from


class CalibratorFitted(Record, frozen=True, kw_only=True, tag="calibrator.fitted"):
    """From here on confidence is shown. Numbers are decimal text that reads back as the same double."""

    point: str
    calibrator: str  # digest
    method: Literal["logistic", "isotonic"]
    labels: int
    intercept: str
    slope: str
    scores: tuple[str, ...] = ()
    confidences: tuple[str, ...] = ()
