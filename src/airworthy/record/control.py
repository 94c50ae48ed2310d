"""Who lets a use case run, and who stops it."""

from __future__ import annotations

from typing import Literal

from airworthy.base.clock import Micros
from airworthy.record.decision import Stage
from airworthy.record.envelope import Record


class GatewayStarted(Record, frozen=True, kw_only=True, tag="gateway.started"):
    """A gateway opened this log. Random draws follow from a key committed to here, before the first of them."""

    version: str  # of the software
    environment: str
    permit_key: str  # Ed25519 public key permits verify under, hex
    draws: str  # SHA-256 of the key of the draws, hex


class GrantGiven(Record, frozen=True, kw_only=True, tag="grant.given"):
    """An owner lets a use case run at a stage, under this policy, until a date."""

    grant: str
    stage: Stage
    until: Micros
    charter: str
    policy: str
    seat: str  # in whose name


class GrantRevoked(Record, frozen=True, kw_only=True, tag="grant.revoked"):
    """A grant ends now."""

    grant: str
    seat: str
    why: Literal["person", "policy"]


class StopPulled(Record, frozen=True, kw_only=True, tag="stop.pulled"):
    """Everything of this use case falls back until it is released. Why is sealed content."""

    stop: str
    by: str = ""  # how it was pulled: `command`, `api`, `code`


class ReleaseAsked(Record, frozen=True, kw_only=True, tag="release.asked"):
    """One person wants work to flow again; it takes another. Why is sealed content."""

    stop: str


class StopReleased(Record, frozen=True, kw_only=True, tag="stop.released"):
    """Work may flow again: two different people asked for it."""

    stop: str
    seat: str  # of the owner among them
