"""G1: how often a gate is ever open beyond its budget. Short forms here run always, the full ones are slow."""

from __future__ import annotations

import numpy as np
import pytest

from airworthy.stats.boundary import Boundary
from airworthy.stats.planner import chance_of_opening
from airworthy.stats.simulation import Delays, World, ever_decides, late_labels, once, peeking, segments

SEGMENTS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
LINEAR, STEEP = World(0.2), World(0.3, 2.0)


def noise(share: float, runs: int) -> float:
    """Three standard deviations of a simulated share."""
    return 3 * (share * (1 - share) / runs) ** 0.5


@pytest.mark.parametrize("world", [LINEAR, STEEP])
def test_peeking_does_not_open_beyond_the_budget_where_the_usual_ways_do(world):
    found = peeking(world, rows=5_000, looks=(5_000,), runs=40)
    assert found.gate <= 0.10 + noise(0.10, 40)
    assert found.naive > 0.8
    assert found.binomial > 0.2


@pytest.mark.slow
@pytest.mark.parametrize("world", [LINEAR, STEEP])
def test_peeking_a_thousand_times_keeps_the_promise_and_most_of_the_coverage(world):
    found = peeking(world, runs=400)
    assert found.gate <= 0.10
    assert found.naive > 0.85
    assert found.binomial > 0.2
    assert found.coverage[5_000] >= 0.70
    assert found.coverage[20_000] >= 0.80


def test_one_look_at_a_fixed_sample_keeps_most_of_the_coverage():
    wrong, coverage = once(LINEAR, runs=60)
    assert wrong <= 0.10 + noise(0.10, 60)
    assert coverage >= 0.85


@pytest.mark.slow
@pytest.mark.parametrize("world", [LINEAR, STEEP])
def test_one_look_at_a_fixed_sample_in_full(world):
    wrong, coverage = once(world, runs=1_000)
    assert wrong <= 0.10
    assert coverage >= 0.88


def test_the_exact_chance_of_certifying_a_risk_at_the_budget_stays_below_the_level():
    for budget, level in ((0.05, 0.05), (0.05, 0.1), (0.01, 0.05), (0.2, 0.01)):
        assert chance_of_opening(budget, budget, level, within=20_000) <= level


@pytest.mark.slow
def test_a_risk_at_the_budget_is_certified_as_seldom_as_promised():
    boundary, random = Boundary(budget=0.05, level=0.05), np.random.default_rng(11)
    decided = np.concatenate([ever_decides(random.random((100, 20_000)) < 0.05, boundary) for _ in range(20)])
    exact = chance_of_opening(0.05, 0.05, 0.05, within=20_000)
    assert decided.mean() == pytest.approx(exact, abs=noise(exact, 2_000))
    assert exact <= 0.05


def test_labels_that_come_late_do_not_open_the_gate_in_decision_order():
    decision_order, arrival_order = late_labels(Delays(), runs=300)
    assert decision_order <= 0.01
    assert arrival_order > 0.9


@pytest.mark.slow
def test_labels_that_come_late_in_full():
    decision_order, arrival_order = late_labels(Delays(), runs=5_000)
    exact = chance_of_opening(0.05, 0.08, 0.05, within=5_000)
    assert exact <= 0.001
    assert decision_order == pytest.approx(exact, abs=noise(exact, 5_000))
    assert arrival_order > 0.9


def test_segments_share_the_risk():
    assert segments(SEGMENTS, rows=1_000, runs=10) <= 0.10 + noise(0.10, 10)


@pytest.mark.slow
def test_eight_segments_together_keep_the_promise():
    assert segments(SEGMENTS, runs=400) <= 0.10
