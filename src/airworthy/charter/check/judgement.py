"""Judgement: can the error budget be proven at all, and is someone checking?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from airworthy.base.diagnostic import Diagnostic, did_you_mean
from airworthy.base.quantity import say_span
from airworthy.charter.budget import fewest_labels
from airworthy.charter.check.finding import FIELDS, Subject, reading, repeated


@reading("error_budget")
def possible_budget(subject: Subject) -> Iterator[Diagnostic]:
    """Budget and risks lie where labels can prove something."""
    declared = subject.charter.error_budget
    at = "error_budget"
    if declared.budget <= 0:
        few = f"{fewest_labels(0.001, declared.risk or 0.05):,}"
        sentence = "an error budget of 0 can never be proven, by any number of labels"
        help = f"0.1 % needs {few} labels without an error at the very least; 5 % needs far fewer"
        yield subject.mistake("D029", (at, "budget"), sentence, help)
    if declared.budget >= 0.5:
        sentence = "an error budget of a half or more asks for nothing"
        yield subject.mistake("D029", (at, "budget"), sentence, "say how much wrong is acceptable, such as `5 %`")
    for key in ("risk", "monitoring_risk"):
        if not 0 < getattr(declared, key) < 0.5:
            sentence = f"`{key}` must lie between 0 and a half; certainty needs endless labels"
            yield subject.mistake("D029", (at, key), sentence, "write such as `0.05`")


@reading("error_budget")
def someone_checks(subject: Subject) -> Iterator[Diagnostic]:
    """Acted decisions are drawn for checking, at no less than the floor."""
    declared = subject.charter.error_budget
    if declared.audit_floor <= 0:
        sentence = "the audit rate may fall to 0, and then nobody is checking"
        yield subject.mistake("D030", ("error_budget", "audit_floor"), sentence, "write such as `2 %`")
    elif declared.audit_rate < declared.audit_floor:
        sentence = f"the audit rate {declared.audit_rate:g} lies below its own floor {declared.audit_floor:g}"
        yield subject.mistake("D030", ("error_budget", "audit_rate"), sentence, "raise the rate or lower the floor")


@reading("error_budget", "wrong_means")
def judged_after_known(subject: Subject) -> Iterator[Diagnostic]:
    """A decision is judged no earlier than its truth is known."""
    horizon, known = subject.charter.error_budget.horizon, subject.charter.wrong_means.known_after
    if horizon < known:
        sentence = f"decisions are judged after {say_span(horizon)}, but the truth takes {say_span(known)}"
        help = f"a missing label counts as an error: set `horizon` to {say_span(known)} or more"
        yield subject.mistake("D031", ("error_budget", "horizon"), sentence, help)


@reading("error_budget")
def coverages(subject: Subject) -> Iterator[Diagnostic]:
    """The coverage grid rises from strict to lax."""
    grid = subject.charter.error_budget.coverages
    rising = all(a < b for a, b in pairwise(grid))
    if not grid or grid[0] <= 0 or not rising:
        sentence = "the coverages do not rise from above 0 to 1"
        yield subject.mistake("D032", ("error_budget", "coverages"), sentence, "write such as `[0.1, 0.2, 0.5, 1]`")


@reading("error_budget", "decision_points", FIELDS)
def segments(subject: Subject) -> Iterator[Diagnostic]:
    """Segments are told apart by a field of the input, and their values exist."""
    declared = subject.charter.error_budget.segments
    if declared is None:
        return
    fields = [set(p.input.get("properties", {})) for p in subject.charter.decision_points]
    shared = set.intersection(*fields) if fields else set()
    at = ("error_budget", "segments")
    if declared.by not in shared:
        sentence = f"segments are told apart by `{declared.by}`, which is no field of the input"
        help = did_you_mean(declared.by, shared) or f"the fields are {', '.join(sorted(shared))}"
        yield subject.mistake("D033", (*at, "by"), sentence, help)
        return
    if not declared.values:
        yield subject.mistake("D033", (*at, "values"), "there are no segment values", "list the values")
    for i, value in repeated(declared.values):
        yield subject.mistake("D033", (*at, "values", i), f"the segment `{value}` is given twice", "keep one")
    yield from _values_exist(subject)


def _values_exist(subject: Subject) -> Iterator[Diagnostic]:
    declared = subject.charter.error_budget.segments
    assert declared is not None
    for point in subject.charter.decision_points:
        enum = [str(v) for v in point.input["properties"][declared.by].get("enum", [])]
        for i, value in enumerate(declared.values):
            if enum and value not in enum:
                sentence = f"the segment `{value}` is not a value of `{declared.by}`"
                help = did_you_mean(value, enum) or f"its values are {', '.join(enum)}"
                yield subject.mistake("D033", ("error_budget", "segments", "values", i), sentence, help)


@reading("wrong_means", "decision_points", FIELDS)
def loss(subject: Subject) -> Iterator[Diagnostic]:
    """Only fields of the output can be wrong, and at least one of them counts."""
    weights = subject.charter.wrong_means.loss
    known = {name for p in subject.charter.decision_points for name in p.output.get("properties", {})}
    for field in weights:
        if field not in known:
            sentence = f"`{field}` has a loss, but no decision point answers with it"
            help = did_you_mean(field, known) or f"the output has {', '.join(sorted(known))}"
            yield subject.mistake_at_key("D038", ("wrong_means", "loss", field), sentence, help)
    if weights and not any(weights.values()):
        sentence = "every loss is 0, so nothing can be wrong"
        yield subject.mistake("D038", ("wrong_means", "loss"), sentence, "give the field that matters a loss of 1")


CHECKS = (possible_budget, someone_checks, judged_after_known, coverages, segments, loss)
