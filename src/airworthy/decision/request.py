"""One AI output that asks where it may go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from airworthy.base.clock import Micros

Clause = Literal["owner", "definition", "contract", "stale", "incomplete", "lineage", "basis"]


class SourceRead(msgspec.Struct, frozen=True):
    """A source the output stands on, as it stood when it was read."""

    source: str
    state: Literal["defended", "not_defended", "unknown"]
    why: Clause | None = None  # the clause that failed, where it is not defended
    contract: str = ""
    as_of: Micros | None = None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller knows. `score` is the AI's own confidence in [0, 1], None where it gave none."""

    point: str
    subject: str  # the work item's identity in the system of record
    attempt: int = 1
    item: Mapping[str, Any]
    output: Mapping[str, Any]
    score: float | None  # anything outside [0, 1] counts as none
    sources: tuple[SourceRead, ...] = ()
    model_version: str = ""  # that spoke; empty: the one in force
    now: Micros

    @property
    def stated(self) -> float | None:
        """The score where it is one: not missing, a number, in [0, 1]."""
        return self.score if self.score is not None and 0 <= self.score <= 1 else None
