"""What a gateway tells, as it crosses the boundary. Nothing here shows content in its repr."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from airworthy.exchange.permit import Permit
from airworthy.record.decision import Route, Stage

Status = Literal["settled", "pending"]  # pending: a person has yet to answer
Band = Literal["Established", "Likely", "Doubtful", "Unknown"]


class Why(msgspec.Struct, frozen=True):
    """One reason: a stable code, what it speaks of, and the sentence a person reads."""

    code: str
    about: str
    words: str


class Sure(msgspec.Struct, frozen=True, kw_only=True):
    """How sure, for people to read. Numbers are None before confidence was measured on enough labels."""

    band: Band
    words: str  # "cases like this were wrong 11 in 100 (7 to 16), n = 412"; or "not yet measured (14 of 200)"
    p_correct: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    score: float | None = None  # as the AI stated it
    score_from: str = ""  # stated, probability, samples, log-probabilities, fields
    slice: str = ""  # the segment
    guarantee: str = ""  # what is promised of acted outputs in this segment


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """Why one field may be wrong."""

    field: str
    why: str
    score: float | None = None
    alternatives: tuple[str, ...] = ()


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where one output may go, and why."""

    id: str
    point: str
    subject: str
    attempt: int
    status: Status
    route: Route  # what the caller is told; after a person answered, how it ended
    proposed: Any  # the AI's output
    value: Any = None  # what may be used: the output at `act`, the answer of a person; None otherwise
    permit: Permit | None = None
    reasons: tuple[Why, ...] = ()
    confidence: Sure | None = None
    doubts: tuple[Doubt, ...] = ()
    stage: Stage = "pilot"
    owner: str = ""  # the seat that answers
    due_at: datetime | None = None
    policy: str = ""
    digest: str = ""  # of what a person is shown; an answer names it
    trace: str = ""
    url: str = ""
    again: bool = False  # this was decided before, and nothing new was recorded

    def __repr__(self) -> str:
        return f"Told({self.id}, {self.point}, {self.route}, {self.status})"


class Redeemed(msgspec.Struct, frozen=True, kw_only=True):
    """The one moment this permit was good for."""

    permit: str
    decision: str
    seq: int
    at: datetime


class Noted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something was recorded."""

    id: str
    seq: int
    note: str = ""  # what the caller should know, such as that it contradicts what was said before


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """What became of spooled entries, in the order they came."""

    recorded: tuple[str, ...]  # spool ids now in the log
    known: tuple[str, ...]  # spool ids that were there already
    refused: tuple[tuple[str, str], ...]  # spool id and why: kept by the client for a person to look at


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """application/problem+json (RFC 9457), with our code and help."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    help: str = ""
    docs: str = ""
    errors: tuple[str, ...] = ()  # further diagnostics of the same request
    told: Told | None = None  # where the work goes all the same, such as to its fallback
