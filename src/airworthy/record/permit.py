"""Permissions to act, and what became of them. Their terms, with the digest of what may run, are sealed content."""

from __future__ import annotations

from typing import Literal

from airworthy.base.clock import Micros
from airworthy.record.envelope import Record


class PermitIssued(Record, frozen=True, kw_only=True, tag="permit.issued"):
    """Exactly one effect may run once, before it expires."""

    permit: str
    decision: str  # its id
    point: str
    effect: str
    terms_of: str  # digest of charter and policy it was given under; another one voids it
    decider: Literal["policy", "person"]
    expires: Micros


class PermitRedeemed(Record, frozen=True, kw_only=True, tag="permit.redeemed"):
    """The permit was used up; its effect may run now, and never again."""

    permit: str
    decision: str
    effect: str


class PermitVoided(Record, frozen=True, kw_only=True, tag="permit.voided"):
    """The permit can no longer be used, though it has not expired."""

    permit: str
    decision: str
    why: Literal["policy", "stopped", "fell_back", "grant"]


class EffectFinished(Record, frozen=True, kw_only=True, tag="effect.finished"):
    """What ran under a redeemed permit ended. A redeemed permit without this is an effect nobody has heard of since."""

    permit: str
    decision: str
    ended: Literal["done", "failed", "undone"]
