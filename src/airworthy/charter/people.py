"""Sections about people: owners, duties, the escalation ladder, who may approve what."""

from __future__ import annotations

from typing import Literal

from airworthy.charter.term import Name, Section, Span


class Owner(Section, frozen=True, kw_only=True):
    """A seat that answers for something, and the seat that stands in for it.

    seat    the name of the seat
    person  who holds it, where `seats` does not say
    deputy  the seat that decides while this one is absent
    """

    seat: Name
    person: str | None = None
    deputy: Name | None = None


class Owners(Section, frozen=True, kw_only=True):
    """Who owns the outcome, who decides when the AI is trusted, who is accountable when it is wrong.

    outcome      who owns the outcome, not just the output
    trust        who decides when the AI is trusted enough to act on, and may stop it
    accountable  who is accountable when it is wrong
    """

    outcome: Owner
    trust: Owner
    accountable: Owner


class Duty(Section, frozen=True, kw_only=True):
    """One duty across the four parts of the organisation; each key names a seat.

    product     the seat in product
    operations  the seat in operations
    risk        the seat in risk
    business    the seat in the business
    """

    product: Name
    operations: Name
    risk: Name
    business: Name


class Duties(Section, frozen=True, kw_only=True):
    """Who owns performance, escalation and improvement in product, operations, risk and the business.

    performance  who watches how well it works
    escalation   who answers when work is escalated
    improvement  who turns corrections and challenges into changes
    """

    performance: Duty
    escalation: Duty
    improvement: Duty


class Step(Section, frozen=True, kw_only=True):
    """One rung of the ladder.

    to    `rotation/<seat>`, `owner`, `trust`, `accountable`, `deputy(owner)`, or a seat
    wait  how long to wait for an answer before the next rung
    by    the channels used, in order, such as `desk`
    """

    to: str
    wait: Span
    by: tuple[str, ...] = ()


class Escalation(Section, frozen=True, kw_only=True):
    """The ladder that makes sure a person answers, or the work is done as before.

    hard_deadline  the last moment the fallback can still run, counted from the opening of the case
    steps          whom to ask, in order, and how long to wait for each
    repeat         how often the whole ladder is walked again when nobody answered
    nobody         what happens when nobody answers; only `fallback`
    """

    hard_deadline: Span
    steps: tuple[Step, ...]
    nobody: Literal["fallback"]
    repeat: int = 0


class Approvals(Section, frozen=True, kw_only=True):
    """Which seat approves what; whoever wrote a change never approves it.

    shadow   entering stage `shadow`
    assist   entering stage `assist`
    default  entering stage `default`
    rules    a change of the rules
    model    a new version of the model
    data     a new version of a data contract
    waiver   a waiver
    """

    shadow: Name | None = None
    assist: Name | None = None
    default: Name | None = None
    rules: Name | None = None
    model: Name | None = None
    data: Name | None = None
    waiver: Name | None = None
