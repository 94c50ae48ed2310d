"""G2 and G3: how often a healthy system is revoked, and how long the detector stays silent about it."""

from __future__ import annotations

import numpy as np
import pytest

from airworthy.stats.betting import running
from airworthy.stats.boundary import Boundary
from airworthy.stats.planner import chance_of_revoking
from airworthy.stats.shift import Restarted
from airworthy.stats.simulation import ever_decides
from airworthy.stats.streams import days, life_cycle, weeks_to_notice

RATES = (0.02, 0.05, 0.10, 0.20)


def test_the_exact_chance_of_revoking_a_risk_at_the_budget_stays_below_the_level():
    for budget, level in ((0.05, 0.05), (0.05, 0.1), (0.2, 0.01)):
        assert chance_of_revoking(budget, budget, level, within=5_000) <= level


@pytest.mark.slow
def test_a_risk_at_the_budget_is_revoked_as_seldom_as_promised():
    boundary, random = Boundary(budget=0.05, level=0.05, side="above"), np.random.default_rng(12)
    decided = np.concatenate([ever_decides(random.random((100, 20_000)) < 0.05, boundary) for _ in range(20)])
    exact = chance_of_revoking(0.05, 0.05, 0.05, within=20_000)
    assert decided.mean() == pytest.approx(exact, abs=3 * (exact * (1 - exact) / 2_000) ** 0.5)
    assert exact <= 0.05


@pytest.mark.parametrize("q", RATES)
def test_a_life_without_drift_is_seldom_revoked_and_long_silent(q):
    found = life_cycle(q, runs=60, seed=21)
    assert found.revoked <= 0.05 + 3 * (0.05 * 0.95 / 60) ** 0.5
    assert found.run_length >= 200


@pytest.mark.slow
@pytest.mark.parametrize("q", RATES)
def test_a_life_without_drift_in_full(q):
    found = life_cycle(q, runs=1_000, seed=22)
    assert found.revoked <= 0.05
    assert found.run_length >= 200


def test_revoking_needs_no_independence():
    """Errors in clumps: after an error the next one is likelier, yet each risk given the past is at most the budget."""
    random = np.random.default_rng(13)
    wrong = np.zeros((400, 3_000), dtype=bool)
    for t in range(1, 3_000):
        wrong[:, t] = random.random(400) < np.where(wrong[:, t - 1], 0.05, 0.04)
    assert ever_decides(wrong, Boundary(budget=0.05, level=0.05, side="above")).mean() <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("side", ["below", "above"])
def test_bounded_means_at_the_limit_are_decided_as_seldom_as_promised(side):
    random = np.random.default_rng(14)
    for values in (random.beta(0.4, 1.6, (1_000, 5_000)), random.random((1_000, 5_000)) < 0.2):
        decided = (running(values, limit=0.2, side=side) >= np.log(20)).any(axis=1)
        assert decided.mean() <= 0.05


@pytest.mark.slow
def test_the_restarted_mixture_is_as_long_silent_as_promised():
    random, times = np.random.default_rng(15), []
    for _ in range(300):
        restarted, t = Restarted(0.85, 50), 0
        while not restarted.alarmed and t < 1_000:
            restarted.learn(float(random.random() < 0.85))
            t += 1
        times.append(t)
    assert np.mean(times) >= 50


def test_the_usual_charts_cry_wolf_on_days_that_swing():
    found = days(runs=60)
    assert found.detector_run_length >= 365
    assert found.three_sigma_false > 0.9
    assert found.cusum_run_length < 0.4 * found.cusum_run_length_binomial
    assert found.detector_delay <= 13


def test_whole_weeks_are_noticed_late_unless_teams_are_told_apart():
    assert weeks_to_notice(threshold=104) <= 7
    assert weeks_to_notice(threshold=104, teams=8) <= 3
