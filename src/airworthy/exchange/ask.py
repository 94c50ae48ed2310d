"""What a gateway is asked, as it crosses the boundary. Times are aware datetimes, shares are numbers in [0, 1]."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from airworthy.record.decision import LabelClass

MOST_AT_ONCE = 500  # asks in one batch

Verb = Literal["accept", "correct", "challenge", "cannot_tell", "escalate"]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Text = Annotated[str, msgspec.Meta(max_length=2_000)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Attempt = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something asked. Keys that are not declared are refused: a typo must not pass as an absent value."""


class Source(Asked, frozen=True, kw_only=True):
    """A source the output stands on, as it stood when it was read."""

    source: Name  # as the charter names it
    key: Text = ""  # which record of it
    as_of: datetime | None = None  # how fresh it was; None: nobody knows
    version: Text = ""


class Ask(Asked, frozen=True, kw_only=True):
    """One AI output at one decision point about one subject. Idempotent over (point, subject, attempt)."""

    point: Name  # `use-case.point`
    subject: Name  # the work item's identity in the system of record
    output: Any  # an object, as the point's output schema says
    attempt: Attempt = 1  # counts up when an item is reopened
    item: dict[str, Any] = {}  # what the AI was given; rules read it as `item.<field>`
    score: float | None = None  # the AI's own confidence; or one of the next three
    proba: dict[str, float] | list[float] | None = None  # a probability per answer
    samples: list[Any] | None = None  # answers of repeated calls
    logprobs: list[float] | None = None  # of the answer's tokens
    scores: dict[str, Share] = {}  # a score per field of the output
    sources: tuple[Source, ...] = ()
    context: Text = ""  # travels with the case, such as `zendesk:ticket/5519`
    requested_by: Text = ""  # the person who asked, where it was not the workflow
    model_version: Text = ""  # where another than the charter's spoke; that is another epoch, and nothing is certified
    parent: Text = ""  # the decision or step this one follows
    trace: Text = ""
    id: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-z]{26})?$")] = ""  # of the decision to come, random: the client
    # then knows it even where it never hears the answer


class Answer(Asked, frozen=True, kw_only=True):
    """What a person says about a pending decision."""

    verb: Verb
    seen: str  # `Told.digest` of what was on the screen
    value: Any = None  # the whole corrected output, with `correct`
    reason: Text = ""
    blind: bool = False  # given before the AI's output was shown


class Outcome(Asked, frozen=True, kw_only=True):
    """What turned out to be true about a decision. Says `correct`, or `value`, or `unknown`."""

    decision: Name
    label: LabelClass = "outcome"
    correct: bool | None = None
    value: Any = msgspec.UNSET  # the true output; the charter says how much a wrong field weighs
    unknown: bool = False  # it will never be known
    observed_at: datetime | None = None
    corrects: bool = False  # replaces what was said before; without it two outcomes that differ contradict each other
    person_value: Any = msgspec.UNSET  # what a person did without the AI


class Failure(Asked, frozen=True, kw_only=True):
    """The model gave nothing usable; the work goes to its fallback, and that is recorded."""

    point: Name
    subject: Name
    attempt: Attempt = 1
    error: Text = ""
    item: dict[str, Any] = {}
    context: Text = ""


class Redemption(Asked, frozen=True, kw_only=True):
    """A permit at the moment of its effect, with what is about to run."""

    permit: dict[str, Any]  # as it was told
    effect: Name
    payload: Any


class EffectEnded(Asked, frozen=True, kw_only=True):
    """How an effect under a redeemed permit ended."""

    permit: Name  # its id
    decision: Name
    ended: Literal["done", "failed", "undone"]
    why: Text = ""


Missed = Literal["unreachable", "slow", "overloaded", "refused", "store"]


class Spooled(Asked, frozen=True, kw_only=True):
    """Something a client could not hand over in time: it told the caller `fallback`, and hands it over now."""

    id: Name  # of this spool entry: handing it over twice records it once
    at: datetime  # when the client fell back
    why: Missed
    ask: Ask | None = None
    failure: Failure | None = None
    outcome: Outcome | None = None
    ended: EffectEnded | None = None


class StopAsked(Asked, frozen=True, kw_only=True):
    """The stop switch: everything falls back until it is released."""

    use_case: Name
    why: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]
    person: Text = ""  # taken from the session where there is one


class ReleaseAsked(Asked, frozen=True, kw_only=True):
    """Lets work flow again once two different people have asked, one of them the trust or the accountable owner."""

    use_case: Name
    why: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]
    person: Text = ""


class GrantAsked(Asked, frozen=True, kw_only=True):
    """An owner lets a use case run at a stage until a date."""

    use_case: Name
    stage: Literal["shadow", "assist", "default"]
    until: datetime
    person: Text = ""
    why: Text = ""


class RevokeAsked(Asked, frozen=True, kw_only=True):
    """Takes the grant in force away."""

    use_case: Name
    person: Text = ""
    why: Text = ""
