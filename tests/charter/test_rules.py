"""Rules: typed at load, fast and cautious at run time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from airworthy.base.clock import micros
from airworthy.charter.environment import LONGEST, Environment
from airworthy.charter.expression import refusals
from airworthy.charter.promise import Rule
from airworthy.charter.rules import Rules, rules_at, strictest
from airworthy.charter.work import DecisionPoint

POINT = DecisionPoint(
    point="payment",
    decides="whether it is paid",
    input={
        "type": "object",
        "properties": {
            "amount": {"type": "number"},
            "count": {"type": "integer"},
            "kind": {"type": "string"},
            "level": {"enum": ["low", "high"]},
            "new": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "opened_at": {"type": "string", "format": "date-time"},
            "customer": {"type": "object", "properties": {"tier": {"type": ["string", "null"]}}},
            "extra": {"type": "object"},
            "in": {"type": "string"},
        },
    },
    output={"type": "object", "properties": {"pay": {"type": "boolean"}}},
    fallback="a clerk decides",
    undo="asked back",
)
OUT_OF_YEARS = "`item.opened_at` is a moment outside the years 1 to 9999"
NOW = micros(datetime(2026, 3, 21, 9, tzinfo=UTC))


def rule(when, route="review", name="r", points=()):
    return Rule(rule=name, when=when, route=route, why="", points=points)


def fired(when, item=None, output=None, confidence=0.5):
    return Rules([rule(when)], POINT).evaluate(item or {}, output or {}, confidence, NOW)[0]


@pytest.mark.parametrize(
    ("when", "item", "expected"),
    [
        ("item.amount > 10.0", {"amount": 11}, True),
        ("item.amount > 10.0", {"amount": 9.5}, False),
        ('item.kind in ["car", "home"] && confidence < 0.9', {"kind": "car"}, True),
        ('item.tags.exists(t, t == "vip")', {"tags": ["old", "vip"]}, True),
        ('now - item.opened_at > duration("4h")', {"opened_at": "2026-03-21T04:00:00Z"}, True),
        ('now - item.opened_at > duration("4h")', {"opened_at": "2026-03-21T08:00:00+02:00"}, False),
        ('item.customer.tier == "gold"', {"customer": {"tier": "gold"}}, True),
        ("item.new || item.count > 3", {"new": False, "count": 4}, True),
        ('has(item.extra.note) && item.extra.note == "x"', {"extra": {}}, False),
        ("item.amount > 10.0 // large", {"amount": 11}, True),
    ],
)
def test_a_rule_says_yes_or_no(when, item, expected):
    assert refusals(when, Environment(POINT)) == ()
    assert fired(when, item).fired is expected


@pytest.mark.parametrize(
    ("when", "item", "confidence", "reason"),
    [
        ("item.amount > 10.0", {}, 0.5, "`item.amount` is missing"),
        ("item.amount > 10.0", {"amount": None}, 0.5, "`item.amount` is missing"),
        ("item.amount > 10.0", {"amount": "11"}, 0.5, "`item.amount` is not a number"),
        ("item.amount > 10.0", {"amount": float("nan")}, 0.5, "`item.amount` is not a number"),
        ("item.amount > 10.0", {"amount": 10**400}, 0.5, "`item.amount` is not a number"),
        ("item.count > 10", {"count": True}, 0.5, "`item.count` is not a whole number of 64 bits"),
        ("item.count > 10", {"count": 2**70}, 0.5, "`item.count` is not a whole number of 64 bits"),
        ("item.opened_at < now", {"opened_at": "2026-03-21"}, 0.5, "`item.opened_at` is not a moment with a time zone"),
        ("item.opened_at < now", {"opened_at": "0001-01-01T00:00:00+14:00"}, 0.5, OUT_OF_YEARS),
        ("item.opened_at < now", {"opened_at": "9999-12-31T23:59:59-14:00"}, 0.5, OUT_OF_YEARS),
        ('"x" in item.tags', {"tags": ["x"] * (LONGEST + 1)}, 0.5, "`item.tags` has more than 1,000 entries"),
        ("confidence < 0.9", {}, None, "`confidence` is missing"),
        ("confidence < 0.9", {}, 10**400, "`confidence` is not a number"),
        ("confidence < 0.9", {}, float("nan"), "`confidence` is not a number"),
        ('item.customer.tier == "gold"', {"customer": "gold"}, 0.5, "`item.customer.tier` is missing"),
    ],
)  # fmt: skip
def test_a_rule_whose_value_cannot_be_read_sends_the_item_to_a_person(when, item, confidence, reason):
    outcome = fired(when, item, confidence=confidence)
    assert (outcome.fired, outcome.reason, outcome.asks_for) == (None, reason, "review")


def test_a_rule_that_fails_while_it_runs_sends_the_item_to_a_person():
    assert "divide by zero" in fired("10 / item.count > 1", {"count": 0}).reason
    endless = "item.tags.all(a, item.tags.all(b, item.tags.all(c, a == b || b == c || a != c)))"
    assert "budget" in fired(endless, {"tags": ["x"] * 1000}).reason


def test_only_the_rule_that_needs_a_missing_value_cannot_be_evaluated():
    rules = Rules(
        [rule("item.amount > 1.0"), rule('item.kind == "car"', "escalate"), rule("item.new", "fallback")], POINT
    )
    outcomes = rules.evaluate({"kind": "car", "new": False}, {}, 0.5, NOW)
    assert [o.fired for o in outcomes] == [None, True, False]
    assert strictest(o.asks_for for o in outcomes) == "escalate"


def test_a_missing_value_does_not_matter_where_the_answer_is_known_without_it():
    assert fired('item.kind == "car" && item.amount > 1.0', {"kind": "home"}).fired is False


def test_the_strictest_route_wins_and_none_means_act():
    assert strictest(["act", "fallback", "review", "escalate"]) == "fallback"
    assert strictest([]) == "act"


def test_a_rule_that_cannot_be_evaluated_asks_for_its_own_route_when_that_is_stricter():
    outcome = Rules([rule("item.amount > 1.0", "fallback")], POINT).evaluate({}, {}, 0.5, NOW)[0]
    assert outcome.asks_for == "fallback"


def test_rules_apply_where_they_say():
    both = [
        rule("item.new", name="here", points=("payment",)),
        rule("item.new", name="there", points=("letter",)),
        rule("item.new", name="all"),
    ]
    assert [r.rule for r in rules_at(both, POINT).rules] == ["here", "all"]
    assert rules_at([], POINT).evaluate({}, {}, 0.5, NOW) == ()


def test_rules_that_nest_too_deep_together_are_still_evaluated():
    deep = "(" * 28 + "item.new" + ")" * 28
    while not refusals(f"({deep})", Environment(POINT)):
        deep = f"({deep})"
    assert fired(deep, {"new": True}).fired is True


@pytest.mark.parametrize(
    ("when", "code", "marked"),
    [
        ('"é" == item.knd', "D014", "item.knd"),
        ('item.customer.teir == "gold"', "D014", "item.customer.teir"),
        ("item", "D014", "item"),
        ("item.kind == 1", "D015", "=="),
        ("item.count > 2.5", "D015", ">"),
        ("size(item.count) > 1", "D015", "size"),
        ("item.count", "D016", "item.count"),
        ("has(item.kind)", "D018", "has(item.kind)"),
        ('duration("4 hours") < now - item.opened_at', "D019", '"4 hours"'),
        ('int("x") > item.count', "D019", '"x"'),
        ("item.kind.matches('[')", "D019", "'['"),
        ('item.level == "hihg"', "D055", '"hihg"'),
        ('item.level in ["low", "medium"]', "D055", '"medium"'),
        ('item.in == "x"', "D017", "i"),
    ],
)
def test_a_rule_is_refused_at_the_very_word(when, code, marked):
    first = refusals(when, Environment(POINT))[0]
    assert first.code == code
    assert when[first.start :].startswith(marked) or code == "D017"
    assert code == "D017" or first.length == len(marked)


def test_words_inside_quotes_are_not_taken_for_names_or_calls():
    assert refusals("item.kind == 'duration(\"x\") has(item.kind)'", Environment(POINT)) == ()


def test_values_that_a_field_can_have_are_let_through():
    assert (
        refusals('item.level != "low" || item.level in ["low", "high"] || item.kind == "any"', Environment(POINT)) == ()
    )


def test_threads_that_evaluate_at_once_get_the_same_answers():
    rules = Rules([rule("item.count > 10"), rule('item.kind == "car"', "escalate")], POINT)

    def answers(start):
        return [rules.evaluate({"count": n, "kind": "car"}, {}, 0.5, NOW)[0].fired for n in range(start, start + 500)]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(answers, [0] * 8)) == [[n > 10 for n in range(500)]] * 8
