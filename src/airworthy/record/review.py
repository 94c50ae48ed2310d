"""What people said about decisions, and how each was settled. What they wrote is sealed content."""

from __future__ import annotations

from typing import Literal

from airworthy.record.decision import Route
from airworthy.record.envelope import Record

Verb = Literal["accept", "correct", "challenge", "cannot_tell", "escalate"]


class AnswerGiven(Record, frozen=True, kw_only=True, tag="answer.given"):
    """One person's answer to a pending decision."""

    decision: str
    verb: Verb
    blind: bool  # given before the output was shown
    agrees: bool | None  # whether it comes to the same as the output; None where it says nothing about it


class DecisionSettled(Record, frozen=True, kw_only=True, tag="decision.settled"):
    """A pending decision came to its end: people answered, or the deadline passed and the work falls back."""

    decision: str
    how: Literal["accepted", "corrected", "challenged", "deadline", "fell_back", "stopped", "withdrawn"]
    told: Route  # `act` where people let it be carried out
    people: int  # different people who stand behind it
