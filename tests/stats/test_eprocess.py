from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import logsumexp

from airworthy.base.errors import OutOfRange
from airworthy.stats.eprocess import above, below, certify, log_evidence_above, log_evidence_below

COUNTS = [(0, 1), (1, 1), (0, 10), (3, 100), (10, 100), (7, 7), (20, 1_000), (50, 1_000), (300, 1_000)]


def integrated(errors: int, labels: int, budget: float, low: float, high: float) -> float:
    """The mixture by numerical integration: the average likelihood ratio over rates in (low, high)."""

    def ratio(rate: float) -> float:
        return math.exp(
            errors * math.log(rate / budget) + (labels - errors) * (math.log1p(-rate) - math.log1p(-budget))
        )

    peak = min(max(errors / labels, low + 1e-3 * (high - low)), high - 1e-3 * (high - low))
    value, _ = quad(ratio, low, high, points=[peak], limit=400, epsabs=0)
    return math.log(value / (high - low))


@pytest.mark.parametrize(("errors", "labels"), COUNTS)
@pytest.mark.parametrize("budget", [0.01, 0.05, 0.3])
def test_evidence_to_open_is_the_average_likelihood_ratio_below_the_budget(errors, labels, budget):
    slow = integrated(errors, labels, budget, 1e-300, budget)
    assert log_evidence_below(errors, labels, budget=budget) == pytest.approx(slow, abs=1e-7)


@pytest.mark.parametrize(("errors", "labels"), COUNTS)
@pytest.mark.parametrize("budget", [0.01, 0.05, 0.3])
def test_evidence_to_revoke_is_the_average_likelihood_ratio_above_the_budget(errors, labels, budget):
    slow = integrated(errors, labels, budget, budget, min(1.0 - 1e-16, 6 * budget))
    assert log_evidence_above(errors, labels, budget=budget) == pytest.approx(slow, abs=1e-7)


def test_evidence_by_hand_for_one_correct_label():
    # the average of (1 - p) / (1 - budget) over p in (0, budget) is (1 - budget / 2) / (1 - budget)
    assert certify(0, 1, budget=0.1) == pytest.approx(0.95 / 0.9)
    assert log_evidence_above(0, 1, budget=0.1) == pytest.approx(math.log(0.65 / 0.9))


def test_evidence_by_hand_for_one_error():
    assert certify(1, 1, budget=0.1) == pytest.approx(0.5)
    assert log_evidence_above(1, 1, budget=0.1) == pytest.approx(math.log(0.35 / 0.1))


def test_no_labels_are_no_evidence():
    assert certify(0, 0, budget=0.05) == 1.0
    assert log_evidence_below(0, 0, budget=0.05) == 0.0
    assert log_evidence_above(0, 0, budget=0.05) == 0.0


def test_arrays_give_what_numbers_give():
    errors, labels = np.array([0, 3, 40]), np.array([0, 100, 500])
    for function in (log_evidence_below, log_evidence_above):
        one_by_one = [function(int(k), int(n), budget=0.05) for k, n in zip(errors, labels, strict=True)]
        assert function(errors, labels, budget=0.05).tolist() == one_by_one


@pytest.mark.parametrize("errors", [0, 1, 4 * 10**5, 499_000, 5 * 10**5, 501_000, 6 * 10**5, 4 * 10**6, 10**7])
def test_evidence_keeps_its_digits_at_ten_million_labels(errors):
    """Against a sum in logs over a fine grid of rates, which needs no incomplete beta function."""
    labels, budget = 10**7, 0.05
    for low, high, function in ((0.0, budget, below), (budget, 0.3, above)):
        rates = fine_grid(errors / labels, low, high)
        logs = errors * np.log(rates / budget) + (labels - errors) * np.log1p((budget - rates) / (1 - budget))
        slow = logsumexp(logs, b=np.gradient(rates)) - math.log(high - low)
        assert float(function(errors, labels, budget)) == pytest.approx(slow, rel=1e-4, abs=2e-3)


def fine_grid(peak: float, low: float, high: float) -> np.ndarray:
    """Rates in (low, high), dense around the peak and at both ends."""
    steps = np.geomspace(1e-12, 1.0, 200_000)
    around = np.concatenate([centre + sign * steps for centre in (low, high, peak) for sign in (-1, 1)])
    return np.unique(around[(around > low) & (around < high)])


def test_a_further_correct_label_always_helps_and_an_error_always_hurts():
    errors, labels = np.meshgrid(np.arange(60), np.arange(60, 2_000, 7))
    now = below(errors, labels, 0.05)
    assert np.all(below(errors, labels + 1, 0.05) > now)
    assert np.all(below(errors + 1, labels + 1, 0.05) < now)
    against = above(errors, labels, 0.05)
    assert np.all(above(errors, labels + 1, 0.05) < against)
    assert np.all(above(errors + 1, labels + 1, 0.05) > against)


def test_evidence_is_a_fair_game_at_the_budget():
    """Expected wealth after one more label, at a risk of exactly the budget, is the wealth now."""
    for function in (below, above):
        errors, labels = np.meshgrid(np.arange(5), np.arange(5, 200))
        risen, fallen = function(errors + 1, labels + 1, 0.05), function(errors, labels + 1, 0.05)
        expected = 0.05 * np.exp(risen) + 0.95 * np.exp(fallen)
        np.testing.assert_allclose(expected, np.exp(function(errors, labels, 0.05)), rtol=1e-9)


def test_evidence_beyond_what_a_float_holds_is_infinite():
    assert certify(0, 10**6, budget=0.05) == math.inf


@pytest.mark.parametrize(("errors", "labels", "budget"), [(1, 10, 0.0), (1, 10, 1.0), (-1, 10, 0.1), (11, 10, 0.1)])
def test_an_impossible_argument_is_named(errors, labels, budget):
    with pytest.raises(OutOfRange, match=r"`(budget|errors)`"):
        certify(errors, labels, budget=budget)
