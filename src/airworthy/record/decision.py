"""Decisions, what turned out to be true, and the gate that opened or closed on it."""

from __future__ import annotations

from typing import Literal

import msgspec

from airworthy.base.clock import Micros
from airworthy.base.quantity import Ppm
from airworthy.record.envelope import Record

Route = Literal["act", "review", "escalate", "fallback"]
Stage = Literal["pilot", "shadow", "assist", "default"]
LabelClass = Literal["outcome", "blind", "sighted"]
CERTIFYING: frozenset[LabelClass] = frozenset({"outcome", "blind"})  # a sighted answer is anchored by the output
Work = Literal[
    "pilot", "pilot_other", "later_curated", "later_other"
]  # in its period, and kept by its curation, or not


class Model(msgspec.Struct, frozen=True):
    """Which model spoke. `version` is a digest or a name its owner keeps stable."""

    provider: str
    name: str
    version: str


class Confidence(msgspec.Struct, frozen=True):
    """Calibrated chance of being right, and what stood behind it when it was shown."""

    p: Ppm
    n: int  # labels the calibrator learnt from
    calibrator: str  # digest


class Reason(msgspec.Struct, frozen=True):
    """Why a route was chosen: a stable code, and the names it speaks of."""

    code: str
    about: str = ""


def allowed_by_rules(reasons: tuple[Reason, ...]) -> bool:
    """Whether no rule asked for anything stricter than acting, and every rule could be evaluated."""
    return not any(reason.code in ("rule", "rule.not_evaluated") for reason in reasons)


def would_act(reasons: tuple[Reason, ...]) -> bool:
    """Whether gate and rules let it act: the decisions a certificate speaks of. Sources and stage may still stop it."""
    return allowed_by_rules(reasons) and any(reason.code == "gate.certified" for reason in reasons)


class SourceState(msgspec.Struct, frozen=True):
    """A source as it stood when it was read."""

    source: str
    contract: str
    as_of: Micros | None
    state: Literal["defended", "not_defended", "unknown"]


class Draw(msgspec.Struct, frozen=True):
    """A random draw made before the outcome was known, with the chance it had."""

    chance: Ppm
    drawn: bool


class Run(msgspec.Struct, frozen=True):
    """Where in a backtest a record stands; `ordinal` counts items from 0 in decision order."""

    run: str
    ordinal: int
    work: Work


class DecisionMade(Record, frozen=True, kw_only=True, tag="decision.made"):
    """One AI output at one decision point about one subject, with its route."""

    point: str  # the decision point
    attempt: int  # 1 for the first decision about an item at this point
    stage: Stage  # in force
    charter: str  # digest of the charter in force
    policy: str  # digest of rules, thresholds, budgets and stage in force
    epoch: int  # of the segment's gate
    segment: str  # empty: no declared one
    model: Model  # that spoke
    score: Ppm | None  # as the model stated it
    confidence: Confidence | None  # None: not yet measured
    threshold: Ppm | None  # the gate's, None while closed
    route: Route  # as computed
    told: Route  # what the caller was told
    reasons: tuple[Reason, ...]  # one a step that asked for a route
    rules: tuple[str, ...] = ()  # that fired
    sources: tuple[SourceState, ...] = ()  # as they stood when they were read
    audit: Draw | None = None  # whether its truth is awaited; live drawn of all that rules allow, acted on or not
    blind_first: Draw | None = None  # whether a person answers before seeing the output, where it is reviewed
    initiated_by: Literal["policy", "user"] = "policy"  # whether the workflow asked, or somebody
    parent: str | None = None  # the decision or step this one follows
    score_from: str = "stated"  # what the score was made of
    owner: str = ""  # the seat that answers while a person is asked
    due: Micros | None = None  # when it falls back for want of an answer
    quorum: int = 1  # different people who must stand behind an answer
    run: Run | None = None  # the backtest it belongs to, if any


class OutcomeLearnt(Record, frozen=True, kw_only=True, tag="outcome.learnt"):
    """What turned out to be true about one decision. `at` is when it became known."""

    decision: str  # its id
    label: LabelClass  # where it comes from; `outcome` and `blind` may count as truth
    loss: Ppm | None  # 0 right, 1_000_000 wrong, between: partly; None: it will never be known
    person_loss: Ppm | None = None  # the same for what a person did without the AI, where that is known
    corrects: bool = False  # replaces what was said before
    outranked: bool = False  # a stronger label stands: it is kept and counts for nothing
    contradicts: bool = False  # differs from what was said before, and nobody says which holds: counts as not known
    run: Run | None = None


class GateOpened(Record, frozen=True, kw_only=True, tag="gate.opened"):
    """A threshold was certified: from here on items at or above it may be acted on."""

    point: str
    segment: str
    epoch: int
    budget: Ppm
    risk: Ppm
    threshold: Ppm
    coverage: Ppm  # share of the earlier scores at or above the threshold
    labels: int
    errors: int
    run: Run | None = None


class GateClosed(Record, frozen=True, kw_only=True, tag="gate.closed"):
    """The monitor revoked, or what the certificate rested on changed. A new epoch starts."""

    point: str
    segment: str
    epoch: int
    why: Literal["monitor", "policy", "model", "workflow", "source", "labels_missing"]
    labels: int
    errors: int
    run: Run | None = None
