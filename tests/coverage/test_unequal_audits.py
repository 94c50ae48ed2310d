"""Unequal audit probabilities and predictors: simulated before they are relied on."""

from __future__ import annotations

import pytest

from airworthy.stats.simulation import audits_needed, unequal_audits


def test_unequal_audits_pass_a_bad_system_only_when_the_labels_are_merely_counted():
    found = unequal_audits(true_risk=0.05, runs=60)
    assert found.weighted <= 0.05 + 3 * (0.05 * 0.95 / 60) ** 0.5
    assert found.predicted <= 0.05 + 3 * (0.05 * 0.95 / 60) ** 0.5
    assert found.counted > 0.9


@pytest.mark.slow
def test_unequal_audits_in_full():
    at_the_budget, half_of_it = unequal_audits(true_risk=0.05, runs=1_000), unequal_audits(true_risk=0.025, runs=400)
    assert at_the_budget.weighted <= 0.05
    assert at_the_budget.predicted <= 0.05
    assert at_the_budget.counted > 0.9
    assert at_the_budget.weighted_revoked <= 0.05
    assert at_the_budget.predicted_revoked <= 0.05
    assert half_of_it.weighted > 0.8
    assert half_of_it.predicted > 0.9


@pytest.mark.slow
def test_a_good_predictor_saves_a_third_of_the_audits_and_a_weak_one_none():
    counted, good = audits_needed(true_risk=0.025, q=0.05, hit=0.9, rows=40_000, runs=400)
    _, weak = audits_needed(true_risk=0.025, q=0.05, hit=0.5, rows=40_000, runs=400)
    assert good < 0.67 * counted
    assert weak > 0.9 * counted
