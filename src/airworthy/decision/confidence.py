"""How sure, in words: for people to read, never for a guarantee."""

from __future__ import annotations

from airworthy.base.quantity import ppm
from airworthy.decision.policy import Measured
from airworthy.exchange.told import Band
from airworthy.record.decision import Confidence

DOUBTFUL = 0.75  # below it
_FROM: tuple[tuple[float, Band], ...] = ((0.95, "Established"), (DOUBTFUL, "Likely"), (0.0, "Doubtful"))


def confidence(score: float | None, measured: Measured | None) -> Confidence | None:
    """The calibrated chance of being right, None before it was measured or without a score."""
    if score is None or measured is None:
        return None
    return Confidence(ppm(measured.calibrator.confidence(score)), measured.labels, measured.digest)


def band(confidence: Confidence | None) -> Band:
    """The word for a confidence."""
    if confidence is None:
        return "Unknown"
    return next(word for floor, word in _FROM if confidence.p >= ppm(floor))
