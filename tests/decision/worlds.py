"""Policies and requests, drawn at random for properties and written out for single cases."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from airworthy.base.clock import HOUR, Micros
from airworthy.charter.promise import Rule
from airworthy.charter.rules import Rules
from airworthy.charter.term import ROUTES
from airworthy.charter.work import DecisionPoint
from airworthy.decision.policy import Measured, Policy, SegmentGate
from airworthy.decision.request import Clause, Request, SourceRead
from airworthy.record.decision import Model
from airworthy.stats.calibration import Calibrator

NOW = Micros(1_790_000_000_000_000)
POINT = DecisionPoint(
    point="payment",
    decides="whether it is paid",
    fallback="a clerk decides",
    input={"type": "object", "properties": {"amount": {"type": "number"}, "kind": {"type": "string"}}},
    output={"type": "object", "properties": {"pay": {"type": "boolean"}}},
)
LARGE = Rule(rule="large", when="item.amount > 1000.0", route="review", why="large payments are looked at")
UNSURE = Rule(rule="unsure", when="confidence < 0.3", route="escalate", why="more likely wrong than right")
TRAVEL = Rule(rule="travel", when='item.kind == "travel"', route="fallback", why="not yet")
RULE_SETS = tuple(Rules(rules, POINT) for rules in ((), (LARGE,), (LARGE, UNSURE), (LARGE, UNSURE, TRAVEL)))
MEASURED = Measured(Calibrator(kind="logistic", labels=500), "d" * 64, 500)


def policy(**changed):
    """A policy under which a sure, ordinary request is acted on; `changed` says what is otherwise."""
    usual = {
        "use_case": "claims", "point": "payment", "charter": "c" * 64, "digest": "p" * 64, "stage": "default",
        "model": Model("local", "m", "1"), "rules": RULE_SETS[0],
        "gates": {"car": SegmentGate(0.8), "home": SegmentGate(None)},
        "segment_by": "kind", "measured": MEASURED, "granted_until": Micros(NOW + HOUR), "audit_rate": 0.1,
        "required_sources": frozenset({"claims"}), "seed": b"s" * 32,
    }  # fmt: skip
    return Policy(**(usual | changed))


def request(**changed):
    """A request that `policy()` lets act; `changed` says what is otherwise."""
    usual = {
        "point": "payment", "subject": "C-1", "item": {"amount": 20.0, "kind": "car"}, "output": {"pay": True},
        "score": 0.95, "sources": (SourceRead("claims", "defended"),), "now": NOW,
    }  # fmt: skip
    return Request(**(usual | changed))


thresholds = st.none() | st.floats(0, 1)
gates = st.fixed_dictionaries({"car": st.builds(SegmentGate, thresholds), "home": st.builds(SegmentGate, thresholds)})
policies = st.builds(
    policy,
    stage=st.sampled_from(["pilot", "shadow", "assist", "default"]),
    rules=st.sampled_from(RULE_SETS),
    gates=gates,
    segment_by=st.just("kind"),
    measured=st.sampled_from([None, MEASURED]),
    granted_until=st.sampled_from([None, Micros(NOW - 1), NOW, Micros(NOW + HOUR)]),
    stopped=st.booleans(),
    irreversible=st.booleans(),
    required_sources=st.frozensets(st.sampled_from(["claims", "rates", "people"])),
    audit_rate=st.floats(0, 1),
    blind_first_rate=st.floats(0, 1),
)
scores = st.none() | st.floats(0, 1) | st.floats()
whys = st.none() | st.sampled_from(get_args(Clause))
reads = st.builds(
    SourceRead,
    st.sampled_from(["claims", "rates", "people", "weather"]),
    st.sampled_from(["defended", "not_defended", "unknown"]),
    whys,
)
items = st.fixed_dictionaries(
    {},
    optional={
        "amount": st.none() | st.floats() | st.text(max_size=3) | st.integers(),
        "kind": st.none() | st.sampled_from(["car", "home", "travel"]) | st.text(max_size=3) | st.integers(),
    },
)
requests = st.builds(
    request, subject=st.text(max_size=12), item=items, score=scores, sources=st.lists(reads, max_size=4).map(tuple)
)
ROUTE_ORDER = {route: place for place, route in enumerate(ROUTES)}
