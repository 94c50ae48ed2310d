"""What `decide` may never do, whatever the policy and the request."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings

from airworthy.base.clock import Micros
from airworthy.decision.explain import WORDS, explain
from airworthy.decision.policy import SegmentGate
from airworthy.decision.request import SourceRead
from airworthy.decision.route import decide
from airworthy.record.decision import Reason
from decision.worlds import NOW, POINT, ROUTE_ORDER, RULE_SETS, policies, policy, request, requests

NEVER_ACT = {"stopped", "grant.expired", "segment.unknown", "score.missing", "gate.closed", "gate.below"}
thorough = settings(max_examples=250, deadline=None, derandomize=True)


def codes(found):
    return {reason.code for reason in found.reasons}


def test_a_sure_ordinary_request_is_acted_on():
    found = decide(request(), policy())
    assert (found.route, found.told, codes(found)) == ("act", "act", {"gate.certified"})
    assert found.audit is not None


@thorough
@given(requests, policies)
def test_nothing_is_act_without_a_certified_segment_at_or_above_its_threshold(asking, in_force):
    found = decide(asking, in_force)
    if found.route == "act":
        threshold = in_force.gates[found.segment].threshold
        assert asking.item["kind"] == found.segment
        assert threshold is not None
        assert threshold <= asking.score <= 1


@thorough
@given(requests, policies)
def test_told_is_never_act_outside_stage_default_with_a_live_grant(asking, in_force):
    if decide(asking, in_force).told == "act":
        assert in_force.stage == "default"
        assert in_force.granted_until is not None
        assert in_force.granted_until >= asking.now


@thorough
@given(requests, policies)
def test_the_route_is_never_laxer_than_any_step_asked_for(asking, in_force):
    found = decide(asking, in_force)
    assert ROUTE_ORDER[found.told] >= ROUTE_ORDER[found.route]
    if codes(found) & NEVER_ACT or any(code.startswith("source.") for code in codes(found)):
        assert found.route != "act"
    for outcome in in_force.rules.evaluate(asking.item, asking.output, _stated(found, asking), asking.now):
        assert ROUTE_ORDER[found.route] >= ROUTE_ORDER[outcome.asks_for]


def _stated(found, asking):
    return asking.stated if found.confidence is None else found.confidence.p / 1_000_000


@thorough
@given(requests, policies)
def test_stopped_is_fallback_always(asking, in_force):
    found = decide(asking, policy_stopped(in_force))
    assert (found.route, found.told) == ("fallback", "fallback")


def policy_stopped(in_force):
    return policy(**{name: getattr(in_force, name) for name in in_force.__struct_fields__} | {"stopped": True})


@thorough
@given(requests, policies)
def test_every_required_source_that_is_not_defended_now_asks_for_a_person(asking, in_force):
    states = {name: {one.state for one in asking.sources if one.source == name} for name in in_force.required_sources}
    if any(seen != {"defended"} for seen in states.values()):
        assert decide(asking, in_force).route != "act"


@thorough
@given(requests, policies)
def test_the_same_request_always_gets_the_same_decision(asking, in_force):
    assert decide(asking, in_force) == decide(asking, in_force)


@thorough
@given(requests, policies)
def test_every_reason_has_words(asking, in_force):
    for reason in decide(asking, in_force).reasons:
        assert reason.code in WORDS
        assert "{" not in explain(reason)


def test_a_reason_of_a_later_version_is_shown_as_it_stands():
    assert explain(Reason("moon.full", "tide")) == "moon.full `tide`"


@pytest.mark.parametrize("score", [None, math.nan, math.inf, -math.inf, 1.000001, -0.1, 87.0])
def test_what_is_no_score_is_reviewed_and_never_recorded_as_confidence(score):
    found = decide(request(score=score), policy(gates={"car": SegmentGate(0.0)}))
    assert found.route == "review"
    assert found.confidence is None
    assert "score.missing" in codes(found)


@pytest.mark.parametrize("kind", [None, "boat", "", 7, "None"])
def test_an_item_of_no_declared_segment_is_reviewed(kind):
    found = decide(request(item={"amount": 1.0, "kind": kind}), policy())
    assert (found.route, found.segment, found.threshold) == ("review", "", None)
    assert "segment.unknown" in codes(found)


def test_an_item_without_the_field_belongs_to_no_segment_even_to_one_called_none():
    assert decide(request(item={}), policy(gates={"None": SegmentGate(0.1)})).route == "review"


def test_a_segment_nobody_opened_a_gate_for_is_reviewed():
    assert codes(decide(request(), policy(segment_by=None, gates={}))) == {"gate.closed"}


def test_a_rule_that_cannot_be_evaluated_asks_for_a_person():
    found = decide(request(item={"kind": "car"}), policy(rules=RULE_SETS[1]))
    assert found.route == "review"
    assert Reason("rule.not_evaluated", "large") in found.reasons
    assert found.rules == ()


def test_the_rules_that_fired_are_named_and_the_strictest_wins():
    found = decide(request(item={"amount": 2e6, "kind": "travel"}), policy(rules=RULE_SETS[3]))
    assert found.route == "fallback"
    assert found.rules == ("large", "travel")


@pytest.mark.parametrize(
    ("read", "code"),
    [
        ((), "source.not_read"),
        ((SourceRead("claims", "unknown"),), "source.unknown"),
        ((SourceRead("claims", "not_defended"),), "source.not_defended"),
        ((SourceRead("claims", "not_defended", "stale"),), "source.stale"),
    ],
)
def test_a_source_that_cannot_be_defended_routes_to_review(read, code):
    found = decide(request(sources=read), policy())
    assert found.route == "review"
    assert Reason(code, "claims") in found.reasons


def test_a_source_read_twice_is_as_good_as_its_worse_reading():
    read = (SourceRead("claims", "not_defended", "stale"), SourceRead("claims", "defended"))
    assert decide(request(sources=read), policy()).route == "review"


def test_reasons_come_in_the_same_order_whatever_the_sets_order():
    wanted = [f"s{i}" for i in range(20)]
    shuffled = random.Random(1).sample(wanted, 20)
    found = decide(request(sources=()), policy(required_sources=frozenset(shuffled)))
    assert [one.about for one in found.reasons if one.code == "source.not_read"] == sorted(wanted)


def test_an_effect_that_cannot_be_undone_waits_for_a_measured_confidence():
    assert decide(request(), policy(irreversible=True)).route == "act"
    found = decide(request(), policy(irreversible=True, measured=None))
    assert found.route == "review"
    assert "irreversible.not_measured" in codes(found)


@pytest.mark.parametrize(
    ("stage", "told"), [("pilot", "review"), ("shadow", "fallback"), ("assist", "review"), ("default", "act")]
)
def test_the_stage_shapes_what_the_caller_hears_and_not_the_route(stage, told):
    found = decide(request(), policy(stage=stage))
    assert (found.route, found.told) == ("act", told)


def test_a_grant_holds_to_its_last_moment_and_not_beyond():
    assert decide(request(), policy(granted_until=NOW)).told == "act"
    assert decide(request(), policy(granted_until=Micros(NOW - 1))).told == "review"
    assert decide(request(), policy(granted_until=None)).told == "review"


def test_only_reviews_are_drawn_for_blind_first_and_all_that_rules_allow_for_the_audit():
    acted, reviewed = (
        decide(request(), policy(blind_first_rate=1.0)),
        decide(request(score=0.1), policy(blind_first_rate=1.0)),
    )
    assert (acted.audit is not None, acted.blind_first) == (True, None)
    assert (reviewed.audit is not None, reviewed.blind_first.drawn) == (True, True)


def test_the_point_of_these_worlds_is_the_one_their_rules_were_compiled_for():
    assert request().point == policy().point == POINT.point
