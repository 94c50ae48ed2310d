"""What is in force at one decision point: everything a decision may depend on besides its request."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from airworthy.base.clock import Micros
from airworthy.charter.rules import Rules
from airworthy.record.decision import Model, Stage
from airworthy.stats.calibration import Calibrator


class SegmentGate(msgspec.Struct, frozen=True):
    """Where one segment's gate stands."""

    threshold: float | None  # act from this score on; None while closed
    epoch: int = 1
    labels: int = 0  # that certified it


class Measured(msgspec.Struct, frozen=True):
    """A calibrator with what it learnt from."""

    calibrator: Calibrator
    digest: str
    labels: int


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """In force at one decision point. Built anew whenever anything in it changes; decisions only read it."""

    use_case: str
    point: str
    charter: str  # digest
    digest: str  # of all that binds
    stage: Stage
    model: Model
    rules: Rules
    gates: Mapping[str, SegmentGate]  # by segment; the only segment of an undivided use case is `all`
    segment_by: str | None = None  # field of the item
    measured: Measured | None = None  # None: confidence is not measured yet
    granted_until: Micros | None = None  # None: nothing may act
    stopped: bool = False
    lacks: str = ""  # the reason why it runs below the stage its charter declares, if it does
    irreversible: bool = False
    required_sources: frozenset[str] = frozenset()
    audit_rate: float = 0.0  # chance that the truth of a decision is awaited
    blind_first_rate: float = 0.0
    seed: bytes = b""  # secret key of the draws, committed to in the log before the first draw

    def segment(self, item: Mapping[str, object]) -> str | None:
        """The segment `item` belongs to, None for a value nobody declared."""
        if self.segment_by is None:
            return ALL
        value = item.get(self.segment_by)
        return None if value is None or str(value) not in self.gates else str(value)


ALL = "all"
