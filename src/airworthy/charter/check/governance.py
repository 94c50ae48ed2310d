"""Governance: do the rules do what they say, and is everything that must be true bound to a claim?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from airworthy.base.clock import micros
from airworthy.base.diagnostic import Diagnostic, did_you_mean
from airworthy.charter.check.finding import FIELDS, Path, Subject, reading
from airworthy.charter.environment import Environment
from airworthy.charter.expression import refusals
from airworthy.charter.promise import Rule, RuleTest
from airworthy.charter.rules import Outcome, Rules
from airworthy.charter.work import DecisionPoint

_GIVEN = ("item", "output", "confidence", "now")
_SOME_DAY = micros(datetime(2026, 1, 1, tzinfo=UTC))  # a test that gives no `now` sees the same one everywhere


@reading("rules", "decision_points", FIELDS)
def rules(subject: Subject) -> Iterator[Diagnostic]:
    """Every rule can be read at each of its decision points, and its tests come out as written."""
    for i, rule in enumerate(subject.charter.rules):
        yield from _points_exist(subject, i, rule)
        points = [p for p in subject.charter.decision_points if not rule.points or p.point in rule.points]
        refused = _first_refusals(subject, i, rule, points)
        yield from refused
        if points and not refused:
            yield from _tested(subject, i, rule, points)
        if rule.route == "act":
            sentence = f"rule `{rule.rule}` changes nothing: the strictest route wins, and `act` is the laxest"
            yield subject.warning("D052", ("rules", i, "route"), sentence, "route to review, escalate or fallback")


def _points_exist(subject: Subject, i: int, rule: Rule) -> Iterator[Diagnostic]:
    known = [p.point for p in subject.charter.decision_points]
    for j, name in enumerate(rule.points):
        if name not in known:
            sentence = f"rule `{rule.rule}` applies at `{name}`, which is no decision point"
            help = did_you_mean(name, known) or f"the decision points are {', '.join(known)}"
            yield subject.mistake("D044", ("rules", i, "points", j), sentence, help)


def _first_refusals(subject: Subject, i: int, rule: Rule, points: list[DecisionPoint]) -> list[Diagnostic]:
    """What is wrong with the rule at the first decision point where anything is."""
    node = subject.document.node(("rules", i, "when"))
    text = str(node.value) if node is not None else rule.when
    lead = len(text) - len(text.lstrip())
    for point in points:
        if found := refusals(rule.when, Environment(point)):
            return [
                Diagnostic(
                    m.code,
                    f"rule `{rule.rule}` {m.sentence}",
                    subject.document.within(node, lead + m.start, m.length) if node else None,
                    m.help,
                )
                for m in found
            ]
    return []


def _tested(subject: Subject, i: int, rule: Rule, points: list[DecisionPoint]) -> Iterator[Diagnostic]:
    fired = False
    for j, test in enumerate(rule.tests):
        at: Path = ("rules", i, "tests", j)
        unknown = list(_unknown_values(subject, (*at, "given"), rule, test, points))
        yield from unknown
        for outcome in [] if unknown else [_outcome(rule, p, test) for p in points]:
            fired = fired or bool(outcome.fired)
            if outcome.asks_for != test.route:
                yield _failed(subject, at, test, outcome, j)
                break
    name: Path = ("rules", i, "rule")
    if not rule.tests:
        yield subject.warning("D022", name, f"rule `{rule.rule}` has no test", "add `tests:` with one example each way")
    elif not fired:
        yield subject.warning(
            "D023", name, f"rule `{rule.rule}` fires in none of its tests", "add a test where it does"
        )


def _outcome(rule: Rule, point: DecisionPoint, test: RuleTest) -> Outcome:
    given = test.given
    now = micros(datetime.fromisoformat(given["now"])) if "now" in given else _SOME_DAY
    return Rules([rule], point).evaluate(given.get("item", {}), given.get("output", {}), given.get("confidence"), now)[
        0
    ]


def _failed(subject: Subject, at: Path, test: RuleTest, outcome: Outcome, j: int) -> Diagnostic:
    came = f"test {j + 1} of rule `{outcome.rule}` expects `{test.route}` and gets `{outcome.asks_for}`"
    said = {
        True: "the rule fired",
        False: "the rule stayed silent",
        None: f"the rule could not be evaluated: {outcome.reason}",
    }
    return subject.mistake("D020", (*at, "route"), came, said[outcome.fired])


def _unknown_values(
    subject: Subject, at: Path, rule: Rule, test: RuleTest, points: list[DecisionPoint]
) -> Iterator[Diagnostic]:
    """Values a test gives that no decision would have."""
    for name, value in test.given.items():
        if name not in _GIVEN:
            sentence = f"a test of rule `{rule.rule}` gives `{name}`, which no decision has"
            yield subject.mistake_at_key("D021", (*at, name), sentence, f"it may give {', '.join(_GIVEN)}")
        elif not _fits(name, value):
            sentence = f"a test of rule `{rule.rule}` gives a `{name}` that no decision could have"
            yield subject.mistake("D021", (*at, name), sentence, _FITTING[name])
        elif isinstance(value, dict):
            known = {f for p in points for f in (p.input if name == "item" else p.output)["properties"]}
            for field in value:
                if field not in known:
                    sentence = f"a test of rule `{rule.rule}` gives `{name}.{field}`, which no decision has"
                    help = did_you_mean(field, known) or f"the fields are {', '.join(sorted(known))}"
                    yield subject.mistake_at_key("D021", (*at, name, field), sentence, help)


_FITTING = {
    "item": "write the fields in `{}`",
    "output": "write the fields in `{}`",
    "confidence": "write a number between 0 and 1",
    "now": 'write a moment with its zone, such as `"2026-03-21T09:00:00Z"`',
}


def _fits(name: str, value: Any) -> bool:
    if name == "confidence":
        return type(value) in (int, float) and 0 <= value <= 1
    if name == "now":
        return isinstance(value, str) and _has_zone(value)
    return isinstance(value, dict)


def _has_zone(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


_NOT_BUILT = {"measure": "names a measure of its own", "window": "looks at a window of the records only"}


@reading("claims")
def claims(subject: Subject) -> Iterator[Diagnostic]:
    """Claims exist in the catalogue, and ask only for what this version measures."""
    known = subject.known_claims
    for i, claim in enumerate(subject.charter.claims):
        for key in ("measure", "window"):
            if getattr(claim, key) is not None:
                sentence = f"the claim `{claim.claim}` {_NOT_BUILT[key]}, which this version cannot measure yet"
                yield subject.mistake_at_key("D045", ("claims", i, key), sentence, f"leave `{key}:` out")
        if claim.measure is None and known is not None and claim.claim not in known:
            sentence = f"the claim `{claim.claim}` is not in the catalogue"
            help = (
                did_you_mean(claim.claim, known)
                or "docs/reference/claims.md lists them; `must_be_true:` takes a sentence"
            )
            yield subject.mistake("D034", ("claims", i, "claim"), sentence, help)
        if claim.level is not None and not 0 < claim.level < 0.5:
            sentence = f"the level of `{claim.claim}` must lie between 0 and a half"
            yield subject.mistake("D029", ("claims", i, "level"), sentence, "write such as `0.05`")


@reading("must_be_true")
def must_be_true(subject: Subject) -> Iterator[Diagnostic]:
    """What must be true is bound to a claim that exists, or shown as not measured yet."""
    for i, one in enumerate(subject.charter.must_be_true):
        if one.claim is None:
            sentence = f"not measured yet: {one.sentence}"
            yield subject.warning("D035", ("must_be_true", i, "sentence"), sentence, "bind it to a claim with `claim:`")
        elif subject.known_claims is not None and one.claim not in subject.known_claims:
            sentence = f"what must be true is bound to `{one.claim}`, which is no claim"
            help = did_you_mean(one.claim, subject.known_claims)
            yield subject.mistake(
                "D034", ("must_be_true", i, "claim"), sentence, help or "name a claim of the catalogue"
            )


@reading("mode", "stage")
def solo_grants_nothing(subject: Subject) -> Iterator[Diagnostic]:
    """A solo charter is a sandbox: it never reaches a stage where the AI touches real work."""
    if subject.charter.mode == "solo" and subject.charter.stage in ("assist", "default"):
        sentence = f"a solo charter is a sandbox and cannot run at stage `{subject.charter.stage}`"
        yield subject.mistake("D049", ("stage",), sentence, "write `mode: team` and name the other people")


CHECKS = (rules, claims, must_be_true, solo_grants_nothing)
