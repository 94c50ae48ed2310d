"""The charter: what must be true for this to work in the real world, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.charter.digest import charter_digest, model_digest, permit_digest, policy_digest
from airworthy.charter.document import Document
from airworthy.charter.people import Approvals, Duties, Escalation, Owners
from airworthy.charter.promise import (
    Baseline,
    BusinessResult,
    Claim,
    ErrorBudget,
    MustBeTrue,
    Retention,
    Rule,
    RunningCost,
    Source,
    WrongMeans,
)
from airworthy.charter.term import Framework, Mode, Name, Role, Section, Stage
from airworthy.charter.work import DecisionPoint, Log, Model, Pilot, Workflow


class Declared(Section, frozen=True, kw_only=True):
    """The keys of a charter. It answers: what must be true for this to work in the real world?

    airworthy        version of this format; 1
    use_case         the name of the use case
    title            what people call it
    mode             `team`, or `solo`: one person in a sandbox that can grant nothing real
    role             whether you provide the AI, deploy it, or both
    stage            the stage it is declared to run at
    workflow         where the work already happens
    decision_points  where in the work an AI output is used
    seats            who holds each seat
    owners           who owns outcome, trust and accountability
    duties           who owns performance, escalation and improvement
    wrong_means      what counts as an error
    error_budget     how much wrong is acceptable
    sources          the data the decisions stand on
    escalation       the ladder that makes sure a person answers
    rules            when a person must decide
    approvals        who may approve what
    retention        how long records are kept
    frameworks       frameworks to map the evidence to
    claims           limits of the claims
    baseline         how the work went before the AI
    running_cost     what it costs to run
    business_result  the business result it should move
    must_be_true     what must be true, in your own words
    model            the AI itself
    log              a file of past work
    pilot            how the pilot was done
    """

    airworthy: Literal[1]
    use_case: Name
    title: str
    workflow: Workflow
    decision_points: tuple[DecisionPoint, ...]
    owners: Owners
    escalation: Escalation
    wrong_means: WrongMeans
    error_budget: ErrorBudget
    mode: Mode = "team"
    role: Role = "deployer"
    stage: Stage = "pilot"
    seats: Mapping[Name, tuple[str, ...]] = {}
    duties: Duties | None = None
    sources: tuple[Source, ...] = ()
    rules: tuple[Rule, ...] = ()
    claims: tuple[Claim, ...] = ()
    baseline: Baseline | None = None
    must_be_true: tuple[MustBeTrue, ...] = ()
    running_cost: RunningCost | None = None
    business_result: BusinessResult | None = None
    approvals: Approvals | None = None
    retention: Retention | None = None
    frameworks: tuple[Framework, ...] = ()
    model: Model | None = None
    log: Log | None = None
    pilot: Pilot | None = None

    def point(self, name: str) -> DecisionPoint | None:
        """The decision point called `name`, or None."""
        return next((p for p in self.decision_points if p.point == name), None)


class Charter(Declared, frozen=True, kw_only=True):
    """A loaded charter: everything declared, and the document it was read from.

    document  the text with the place of every value
    warnings  what `check` found that refuses nothing
    """

    document: Document
    warnings: tuple[Diagnostic, ...] = ()

    def place(self, *path: str | int) -> Place:
        """Where the value at `path` stands, such as ("rules", 0, "when"); the nearest holder when it is left out."""
        return self.document.place(path)

    @property
    def bytes(self) -> bytes:
        """The charter's text in UTF-8, line ends as `\\n`."""
        return self.document.text.encode()

    @property
    def digest(self) -> str:
        """Digest of every value, wording included; comments and layout do not change it."""
        return charter_digest(self, Declared.__struct_fields__)

    @property
    def policy_digest(self) -> str:
        """Digest of everything that decides a route or says what is wrong; a change of it starts a new epoch."""
        return policy_digest(self)

    @property
    def permit_digest(self) -> str:
        """Digest of what binds a permit; a change of it voids every permit not yet used."""
        return permit_digest(self)

    @property
    def model_digest(self) -> str:
        """Digest of the model named; a change of it starts a new epoch."""
        return model_digest(self)
