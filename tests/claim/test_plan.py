"""The plan: what it takes, and what is out of reach."""

from __future__ import annotations

from math import inf

import pytest

from airworthy.charter.load import loads
from airworthy.claim.plan import plan
from service.worlds import CHARTER

WHOLE = loads(CHARTER)
PARTS = loads(
    CHARTER.replace("monitoring_risk: 0.05,", "monitoring_risk: 0.05, segments: {by: kind, values: [car, home]},")
)


def test_twice_the_work_takes_half_the_weeks():
    once = plan(WHOLE, per_week=500, coverage=0.5, minutes=3)
    twice = plan(WHOLE, per_week=1_000, coverage=0.5, minutes=3)
    assert twice.rows[0].weeks == pytest.approx(once.rows[0].weeks / 2)
    assert twice.hours_per_week == pytest.approx(2 * once.hours_per_week)
    assert once.sooner.weeks == pytest.approx(once.rows[0].weeks / 2)


def test_a_budget_at_the_true_share_wrong_is_out_of_reach():
    row = plan(WHOLE, per_week=500, coverage=0.5, minutes=3, truly_wrong=0.10).rows[0]
    assert (row.labels, row.weeks) == (None, None)


def test_segments_share_work_and_risk():
    whole = plan(WHOLE, per_week=500, coverage=0.5, minutes=3)
    parts = plan(PARTS, per_week=500, coverage=0.5, minutes=3)
    assert (parts.segments, parts.risk, parts.per_week) == (2, whole.risk / 2, 250)
    assert parts.rows[0].weeks > 2 * whole.rows[0].weeks


def test_stricter_budgets_need_more_labels():
    labels = [row.labels for row in plan(WHOLE, per_week=500, coverage=0.5, minutes=3).rows]
    assert labels == sorted(labels)


def test_without_an_audit_it_takes_for_ever():
    nobody = loads(CHARTER.replace("risk: 0.05,", "risk: 0.05, audit_rate: 2 %,", 1))
    assert plan(nobody, per_week=1e-9, coverage=0.5, minutes=3).rows[0].weeks > 1e9
    assert inf > plan(WHOLE, per_week=500, coverage=1, minutes=0).rows[0].weeks > 0
