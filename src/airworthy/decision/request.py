"""One AI output that asks where it may go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from airworthy.base.clock import Micros


class SourceRead(msgspec.Struct, frozen=True):
    """A source the output stands on, as it stood when it was read."""

    source: str
    state: Literal["defended", "not_defended", "unknown"]
    why: str = ""  # stale, conflict, missing ... where it is not defended
    contract: str = ""
    as_of: Micros | None = None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller knows. `score` is the AI's own confidence in [0, 1], None where it gave none."""

    point: str
    subject: str  # the work item's identity in the system of record
    attempt: int = 1
    item: Mapping[str, Any]
    output: Mapping[str, Any]
    score: float | None
    sources: tuple[SourceRead, ...] = ()
    now: Micros
