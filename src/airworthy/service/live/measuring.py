"""Confidence as it comes to be measured live: labels gather, a calibrator is fitted, and fitted again as they double."""

from __future__ import annotations

from collections import deque

import numpy as np

from airworthy.base import canonical
from airworthy.base.clock import Micros
from airworthy.decision.policy import Measured
from airworthy.record.epoch import CalibratorFitted
from airworthy.stats.calibration import LEAST_LABELS, Band, Calibrator, NotYetMeasured, fit, reliability

MOST = 20_000  # latest labels a calibrator is fitted on
BANDS = tuple(i / 10 for i in range(11))


class Measuring:
    """Scores and whether they were right, of decisions whose truth was awaited. One thread at a time."""

    def __init__(self, *, once: bool) -> None:
        """`once`: rules read the confidence, so that another calibrator would be another policy."""
        self.measured: Measured | None = None
        self.bands: tuple[Band, ...] = ()
        self.once = once
        self._scores: deque[float] = deque(maxlen=MOST)
        self._right: deque[float] = deque(maxlen=MOST)
        self._count = 0
        self._next = LEAST_LABELS

    @property
    def labels(self) -> int:
        """Labels gathered so far."""
        return self._count

    def learn(self, score: float, loss: float) -> Calibrator | None:
        """One more label; a new calibrator when it is time for one."""
        self._scores.append(score)
        self._right.append(1.0 if loss == 0 else 0.0)
        self._count += 1
        if self._count < self._next or (self.once and self.measured is not None):
            return None
        self._next = 2 * self._count
        try:
            return fit(np.array(self._scores), np.array(self._right))
        except NotYetMeasured:
            return None

    def take(self, fitted: CalibratorFitted) -> None:
        """This calibrator is in force from here on."""
        calibrator = Calibrator(
            kind=fitted.method, labels=fitted.labels, intercept=float(fitted.intercept), slope=float(fitted.slope),
            scores=tuple(map(float, fitted.scores)), confidences=tuple(map(float, fitted.confidences)),
        )  # fmt: skip
        self.measured = Measured(calibrator, fitted.calibrator, fitted.labels)
        self._next = max(self._next, 2 * fitted.labels)
        self.bands = reliability(np.array(self._scores), np.array(self._right), np.array(BANDS)) if self._scores else ()

    def band(self, score: float) -> Band | None:
        """How often scores like this one were right, None before it was measured."""
        place = min(int(score * 10), 9)
        return self.bands[place] if self.bands and self.bands[place].labels else None


def fitted_record(calibrator: Calibrator, *, id: str, now: Micros, use_case: str, point: str) -> CalibratorFitted:
    """A calibrator as it is recorded."""
    scores, confidences = tuple(map(repr, calibrator.scores)), tuple(map(repr, calibrator.confidences))
    intercept, slope = repr(calibrator.intercept), repr(calibrator.slope)
    digest = canonical.digest(canonical.encode([calibrator.kind, scores, confidences, intercept, slope]))
    return CalibratorFitted(
        id=id, ts=now, at=now, use_case=use_case, point=point, calibrator=digest, method=calibrator.kind,
        labels=calibrator.labels, intercept=intercept, slope=slope, scores=scores, confidences=confidences,
    )  # fmt: skip
