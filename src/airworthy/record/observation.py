"""What was seen of an AI use that has no charter yet, and what turned out to be true: enough for a first look."""

from __future__ import annotations

from airworthy.base.quantity import Ppm
from airworthy.record.envelope import Record


class ObservationMade(Record, frozen=True, kw_only=True, tag="observation.made"):
    """One call of an observed function; `input` and `output` are sealed beside it. `use_case` is its given name."""

    score: Ppm | None  # as the AI stated it


class TruthLearnt(Record, frozen=True, kw_only=True, tag="truth.learnt"):
    """What turned out to be true about an observed item: `truth` is sealed beside it. Nobody has judged it yet."""
