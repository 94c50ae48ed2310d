"""What went wrong, recorded where it matters: nothing that happened beside the gateway is silently missing."""

from __future__ import annotations

from typing import Literal

from airworthy.base.clock import Micros
from airworthy.record.envelope import Record

Missed = Literal["unreachable", "slow", "overloaded", "refused", "store"]


class ModelFailed(Record, frozen=True, kw_only=True, tag="model.failed"):
    """The model gave nothing usable; the work fell back."""

    point: str
    attempt: int
    why: Literal["error", "malformed"]  # malformed: an output its schema does not allow


class ClientFellBack(Record, frozen=True, kw_only=True, tag="client.missed"):
    """A caller did not hear the decision in time and told its work to fall back. `at` is when."""

    decision: str
    why: Missed


class GapNoted(Record, frozen=True, kw_only=True, tag="gap.noted"):
    """For a while a caller could not reach the gateway; what it kept meanwhile is in the log from here on."""

    since: Micros
    until: Micros
    entries: int  # handed over afterwards
    why: Missed


class OutcomeUnmatched(Record, frozen=True, kw_only=True, tag="outcome.unmatched"):
    """An outcome of a decision this log does not hold. What was said is sealed content; nothing of it counts."""


class PermitRefused(Record, frozen=True, kw_only=True, tag="permit.refused"):
    """Somebody tried to run an effect without a permit that covers it; it did not run."""

    why: Literal[
        "signature", "expired", "not_yet", "payload", "effect", "policy", "used", "voided", "unknown", "stopped"
    ]
    decision: str = ""  # where the permit is one of ours
