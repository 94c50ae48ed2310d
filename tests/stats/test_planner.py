from __future__ import annotations

import math

import numpy as np
import pytest

from airworthy.base.errors import OutOfRange
from airworthy.stats.boundary import Boundary
from airworthy.stats.planner import (
    chance_of_opening,
    chance_of_revoking,
    labels_needed,
    labels_to_revoke,
    least_labels,
    units_needed,
    weeks,
)


def every_label(boundary: Boundary, risk: float, most: int) -> list[float]:
    """The slow version: the chance of having decided after each label, carried one label at a time."""
    alive, decided, shares = {0: 1.0}, 0.0, []
    for labels in range(1, most + 1):
        following: dict[int, float] = {}
        for errors, mass in alive.items():
            for more, chance in ((0, 1 - risk), (1, risk)):
                if boundary.reached(errors + more, labels):
                    decided += mass * chance
                else:
                    following[errors + more] = following.get(errors + more, 0.0) + mass * chance
        alive = following
        shares.append(decided)
    return shares


@pytest.mark.parametrize("risk", [0.02, 0.1, 0.3])
def test_the_chance_of_opening_is_the_one_carried_label_by_label(risk):
    slow = every_label(Boundary(budget=0.1, level=0.1), risk, 250)
    for within in (10, 40, 100, 250):
        assert chance_of_opening(0.1, risk, 0.1, within=within) == pytest.approx(slow[within - 1], abs=1e-12)


@pytest.mark.parametrize("risk", [0.05, 0.1, 0.3])
def test_the_chance_of_revoking_is_the_one_carried_label_by_label(risk):
    slow = every_label(Boundary(budget=0.1, level=0.1, side="above"), risk, 250)
    for within in (10, 40, 100, 250):
        assert chance_of_revoking(0.1, risk, 0.1, within=within) == pytest.approx(slow[within - 1], abs=1e-9)


@pytest.mark.parametrize(
    ("budget", "risk", "median", "p90"),
    [(0.05, 0.025, 380, 920), (0.02, 0.010, 1_010, 2_310), (0.01, 0.005, 1_800, 4_500)],
)
def test_labels_needed_are_about_the_published_figures(budget, risk, median, p90):
    found = labels_needed(budget, risk, 0.05)
    assert found.median == pytest.approx(median, rel=0.1)
    assert found.p90 == pytest.approx(p90, rel=0.1)


def test_the_chance_of_opening_is_the_share_of_simulated_gates():
    boundary, random, needed = Boundary(budget=0.05, level=0.05), np.random.default_rng(1), []
    for _ in range(1_000):
        wrong = random.random(2_000) < 0.025
        needed.append(boundary.first(np.flatnonzero(wrong) + 1, 2_000) or math.inf)
    for within in (100, 371, 867):
        share = np.mean(np.array(needed) <= within)
        assert share == pytest.approx(chance_of_opening(0.05, 0.025, 0.05, within=within), abs=0.045)


def test_labels_to_revoke_are_fewer_than_the_published_figures():
    found = labels_to_revoke(0.05, 0.10, 0.05)
    assert (found.median, found.p90) == (152, 433)


def test_what_has_been_seen_counts():
    fresh, halfway = labels_needed(0.05, 0.025, 0.05), labels_needed(0.05, 0.025, 0.05, errors=2, labels=170)
    assert halfway.median is not None
    assert fresh.median is not None
    assert halfway.median < fresh.median
    assert labels_needed(0.05, 0.025, 0.05, errors=0, labels=88).median == 0


def test_a_risk_at_or_above_the_budget_is_out_of_reach():
    assert labels_needed(0.05, 0.05, 0.05).median is None
    assert labels_to_revoke(0.05, 0.05, 0.05).median is None


def test_more_labels_than_anyone_will_collect_are_out_of_reach():
    found = labels_needed(0.05, 0.0499, 0.05, most=20_000)
    assert (found.median, found.p90) == (None, None)
    assert 0.0 < found.reached < 0.5


def test_least_labels_by_hand():
    assert least_labels(0, budget=0.05, level=0.05) == 88


def test_weeks_by_hand():
    # 500 a week, 80 % acted on, a tenth of it audited: 40 labels a week
    assert weeks(400, per_week=500, coverage=0.8, audit_rate=0.1) == pytest.approx(10)
    assert weeks(400, per_week=500, coverage=0.8, audit_rate=0.0) == math.inf


def test_units_needed_by_hand():
    # log 20 / log(.9/.8) = 25.4
    assert units_needed(0.9, 0.8, 0.05) == 26
    assert units_needed(0.8, 0.8, 0.05) is None


def test_impossible_arguments_are_named():
    with pytest.raises(OutOfRange, match="`true_risk`"):
        labels_needed(0.05, 1.5, 0.05)
    with pytest.raises(OutOfRange, match="`coverage`"):
        weeks(1, per_week=1, coverage=2, audit_rate=1)
