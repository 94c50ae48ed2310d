"""The rules of one decision point, ready to be evaluated on every decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from cel_expr_python import cel

from airworthy.base.clock import moment
from airworthy.charter.environment import Environment, Field, read_number
from airworthy.charter.expression import compile_all, names_in
from airworthy.charter.promise import Rule
from airworthy.charter.term import ROUTES, Route
from airworthy.charter.work import DecisionPoint


class Outcome(msgspec.Struct, frozen=True):
    """What one rule said of one decision.

    fired    whether its expression was true; None when it could not be evaluated
    reason   why it could not
    """

    rule: str
    route: Route
    fired: bool | None
    reason: str = ""

    @property
    def asks_for(self) -> Route:
        """The route this outcome asks for: a rule that could not be evaluated asks for a person."""
        if self.fired is None:
            return strictest([self.route, "review"])
        return self.route if self.fired else "act"


def strictest(routes: Iterable[Route]) -> Route:
    """The strictest of `routes`: fallback, then escalate, review, act. `act` when there is none."""
    return max(routes, key=ROUTES.index, default="act")


class Rules:
    """Compiled rules. `evaluate` reads no clock and keeps nothing; any thread may call it at once.

    Costs 13 to 18 microseconds for five rules on one core; the limit is 25.
    """

    def __init__(self, rules: Sequence[Rule], point: DecisionPoint) -> None:
        environment = Environment(point)
        texts = tuple(r.when for r in rules)
        used = frozenset[str]().union(*(names_in(t, environment) for t in texts))
        self.rules = tuple(rules)
        self._fields = tuple(f for f in environment.fields.values() if f.name in used)
        self._uses_now = "now" in used
        self._all = compile_all(texts, environment)
        self._single = tuple(environment.cel.compile(t) for t in texts)
        self._fired = tuple(Outcome(r.rule, r.route, True) for r in rules)
        self._silent = tuple(Outcome(r.rule, r.route, False) for r in rules)

    def evaluate(
        self, item: Mapping[str, Any], output: Mapping[str, Any], confidence: float | None, now: int
    ) -> tuple[Outcome, ...]:
        """One outcome a rule, in the order of the charter.

        now   microseconds UTC
        A value that is missing, or not of its declared type, is left out: only rules that need it cannot be evaluated.
        """
        given, unread = self._activation(item, output, confidence, now)
        fired = self._evaluate_all(given)
        if fired is None:
            return tuple(self._evaluate_one(i, given, unread) for i in range(len(self.rules)))
        return tuple(f if yes else s for yes, f, s in zip(fired, self._fired, self._silent, strict=True))

    def _evaluate_all(self, given: dict[str, Any]) -> list[bool] | None:
        """Whether each rule fired, in one call; None as soon as one of them could not be evaluated."""
        if self._all is None:
            return None
        try:
            answer = self._all.eval(data=given).plain_value()
        except RuntimeError:  # the budget for loops is spent
            return None
        return answer if isinstance(answer, list) else None  # an error comes back as text, not as an exception

    def _evaluate_one(self, i: int, given: dict[str, Any], unread: dict[str, str]) -> Outcome:
        try:
            answer = self._single[i].eval(data=given)
            if answer.type() == cel.Type.BOOL:
                return self._fired[i] if answer.plain_value() else self._silent[i]
            problem = str(answer.plain_value())
        except RuntimeError as error:
            problem = str(error)
        reason = next((f"`{n}` {why}" for n, why in unread.items() if f'"{n}"' in problem), problem)
        return msgspec.structs.replace(self._silent[i], fired=None, reason=reason)

    def _activation(
        self, item: Mapping[str, Any], output: Mapping[str, Any], confidence: float | None, now: int
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """The values CEL is given, and why each of the others could not be read."""
        given: dict[str, Any] = {}
        unread: dict[str, str] = {}
        for field in self._fields:
            value = _value(field, item if field.name[0] == "i" else output)
            try:
                given[field.name] = field.read(value)
            except ValueError as error:
                unread[field.name] = "is missing" if value is None else str(error)
        if self._uses_now:
            given["now"] = moment(now)
        try:
            given["confidence"] = read_number(confidence)
        except ValueError:
            unread["confidence"] = "is missing" if confidence is None else "is not a number"
        return given, unread


def _value(field: Field, held: Any) -> Any:
    for step in field.path:
        if not isinstance(held, Mapping):
            return None
        held = held.get(step)
    return held


def rules_at(rules: Sequence[Rule], point: DecisionPoint) -> Rules:
    """The rules that apply at `point`: those that name it, and those that name no decision point."""
    return Rules([r for r in rules if not r.points or point.point in r.points], point)
