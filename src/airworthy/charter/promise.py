"""Sections about what is promised: what wrong means, how much of it is acceptable, sources, rules, claims, value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airworthy.charter.term import Amount, Money, Name, Outcomes, Route, Section, Share, Span, Stage


class WrongMeans(Section, frozen=True, kw_only=True):
    """What counts as an error.

    sentence     when an output is wrong, as a sentence
    judge        the seat that says so
    known_after  how long it takes until the truth is known
    loss         how much a wrong field weighs, 0 to 1, by field of the output; every field 1 when left out
    cost         what one error costs
    undo         what it takes to mend one
    """

    sentence: str
    judge: Name
    known_after: Span
    loss: Mapping[str, Share] = {}
    cost: Money | None = None
    undo: str | None = None


class Segments(Section, frozen=True, kw_only=True):
    """Declared slices of the work, each with a guarantee of its own.

    by      the field of the input that tells the slices apart
    values  its values, one segment each; work with another value goes to review
    """

    by: str
    values: tuple[str, ...]


COVERAGES = tuple(Share(i / 20) for i in range(1, 21))


class ErrorBudget(Section, frozen=True, kw_only=True):
    """How much wrong is acceptable among what is acted on, and how sure we want to be.

    budget           the largest acceptable share of errors among items acted on without a person
    risk             the chance allowed of ever opening the gate above the budget
    monitoring_risk  the chance allowed of ever revoking while the budget is kept
    audit_rate       the share of acted decisions drawn at random to be judged by a person
    audit_floor      the lowest audit rate ever used
    horizon          how old a decision must be before its missing label counts as an error
    missing_limit    the share of missing labels above which the gate closes
    coverages        the shares of work the gate may try to act on, from strict to lax
    segments         slices of the work with a guarantee of their own
    outcomes         `all` where the truth of every decision becomes known; `sampled` where only those drawn are judged
    blind_first      the share of reviewed decisions a person answers before seeing the output
    """

    budget: Share
    horizon: Span
    risk: Share = Share(0.05)
    monitoring_risk: Share = Share(0.05)
    audit_rate: Share = Share(0.05)
    audit_floor: Share = Share(0.02)
    missing_limit: Share = Share(0.05)
    coverages: tuple[Share, ...] = COVERAGES
    segments: Segments | None = None
    outcomes: Outcomes = "sampled"
    blind_first: Share = Share(0.05)


class Source(Section, frozen=True, kw_only=True):
    """A data source the decisions stand on.

    source      its name
    owner       the seat that answers for it
    fresh       how old it may be when a decision uses it
    definition  what its terms mean, or where that is written
    basis       why we may use it for this purpose: licence, legal basis or consent
    contract    path of its data contract (ODCS), relative to the charter
    lineage     where it comes from, at least one step upstream with a version
    required    whether a decision may be acted on without it
    """

    source: Name
    owner: Name
    fresh: Span
    definition: str
    basis: str
    contract: str | None = None
    lineage: str | None = None
    required: bool = True


class RuleTest(Section, frozen=True, kw_only=True):
    """One example of what a rule does.

    given  the values it sees: `item`, `output`, `confidence`, `now`
    route  the route that follows; `act` when the rule stays silent
    """

    given: Mapping[str, Any]
    route: Route


class Rule(Section, frozen=True, kw_only=True):
    """A governance rule. All rules are evaluated at every decision; the strictest route wins.

    rule    its name
    when    a CEL expression over `item.<field>`, `output.<field>`, `confidence` and `now`
    route   where the work goes when the expression is true
    why     the reason, as the person who gets the work will read it
    points  the decision points it applies to; all of them when left out
    tests   examples, run by `airworthy check`
    """

    rule: Name
    when: str
    route: Route
    why: str
    points: tuple[Name, ...] = ()
    tests: tuple[RuleTest, ...] = ()


class Claim(Section, frozen=True, kw_only=True):
    """A limit set on a claim of the catalogue.

    claim    id of the claim
    measure  a measure of your own; refused, this version cannot take one yet
    limit    the number it is held against; the side is the measure's
    level    the chance allowed that the verdict `proven` is wrong
    window   how far back records count; refused, this version counts them all
    stages   the stages that need it
    set_by   the seat that set the limit
    """

    claim: Name
    measure: Name | None = None
    limit: Amount | None = None
    level: Share | None = None
    window: Span | None = None
    stages: tuple[Stage, ...] = ()
    set_by: Name | None = None


class Baseline(Section, frozen=True, kw_only=True):
    """How the work went before the AI; what is not known is left out and never invented.

    right             the share of items people got right
    minutes_per_item  minutes of work an item took
    median_hours      median hours from eligible to committed
    spread_hours      hours between the first and the third quartile
    items             how many items this was measured on
    measured          how and when it was measured
    """

    right: Share | None = None
    minutes_per_item: Amount | None = None
    median_hours: Amount | None = None
    spread_hours: Amount | None = None
    items: int | None = None
    measured: str | None = None


class MustBeTrue(Section, frozen=True, kw_only=True):
    """One thing that must be true for this to work in the real world.

    sentence  the thing, in your own words
    owner     the seat that answers for it
    claim     the claim that measures it; without one it is shown as not measured yet
    """

    sentence: str
    owner: Name
    claim: Name | None = None


class RunningCost(Section, frozen=True, kw_only=True):
    """What it costs to run.

    amount    how much
    currency  three letters, such as `EUR`
    per       the span or thing it is paid for, such as `month`
    """

    amount: Amount
    currency: str
    per: str


class BusinessResult(Section, frozen=True, kw_only=True):
    """The business result it should move.

    sentence  the result, as a sentence
    measure   how it is measured
    target    the value it should reach
    """

    sentence: str
    measure: str
    target: str


class Retention(Section, frozen=True, kw_only=True):
    """How long records and sealed content are kept.

    records   how long records are kept
    payloads  how long sealed content is kept
    basis     why
    """

    records: Span
    payloads: Span
    basis: str | None = None
