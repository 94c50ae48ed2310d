from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airworthy.base.errors import OutOfRange
from airworthy.stats.betting import log_evidence_mean_above, log_evidence_mean_below
from airworthy.stats.eprocess import certify, log_evidence_above
from airworthy.stats.sequence import mean_interval, rate_interval, rate_intervals


@given(
    labels=st.integers(0, 2_000),
    share=st.floats(0, 1),
    budget=st.floats(0.001, 0.999),
    level=st.sampled_from([0.1, 0.05, 1e-3]),
)
@settings(deadline=None)
def test_certified_at_a_budget_means_the_interval_ends_at_or_below_it(labels, share, budget, level):
    errors = round(share * labels)
    low, high = rate_interval(errors, labels, level=level)
    assert (certify(errors, labels, budget=budget) >= 1 / level) == (high <= budget)
    assert (log_evidence_above(errors, labels, budget=budget) >= math.log(1 / level)) == (low >= budget)


@pytest.mark.parametrize(("errors", "labels"), [(5, 100), (0, 50), (499, 500)])
def test_the_ends_are_exactly_where_the_evidence_decides(errors, labels):
    low, high = rate_interval(errors, labels, level=0.05)
    if high < 1:
        assert certify(errors, labels, budget=high) >= 20 * (1 - 1e-9)
        assert certify(errors, labels, budget=high * (1 - 1e-9)) < 20
    if low > 0:
        assert log_evidence_above(errors, labels, budget=low) >= math.log(20) - 1e-9
        assert log_evidence_above(errors, labels, budget=low * (1 + 1e-9)) < math.log(20)


def test_fifty_right_by_hand():
    # with no error the evidence at b is (1 - (1 - b)^51) / (51 b (1 - b)^50), which is 20 at the upper end
    _, high = rate_interval(0, 50, level=0.05)
    assert (1 - (1 - high) ** 51) / (51 * high * (1 - high) ** 50) == pytest.approx(20)


def test_no_labels_exclude_nothing():
    assert rate_interval(0, 0, level=0.05) == (0.0, 1.0)
    assert mean_interval([], level=0.05) == (0.0, 1.0)


def test_the_interval_of_only_errors_ends_at_one_and_of_none_starts_at_zero():
    assert rate_interval(40, 40, level=0.05)[1] == 1.0
    assert rate_interval(0, 40, level=0.05)[0] == 0.0


def test_many_intervals_at_once_are_each_alone():
    errors, labels = np.array([[0, 1], [7, 30]]), np.array([[10, 10], [50, 31]])
    low, high = rate_intervals(errors, labels, level=0.05)
    for at in np.ndindex(2, 2):
        alone = rate_interval(int(errors[at]), int(labels[at]), level=0.05)
        assert (low[at], high[at]) == pytest.approx(alone, rel=1e-13)


def test_an_interval_is_found_at_ten_million_labels():
    low, high = rate_interval(500_000, 10**7, level=0.05)
    assert 0.0496 < low < 0.05 < high < 0.0504


def test_the_mean_interval_ends_where_its_evidence_decides():
    values = np.random.default_rng(1).beta(8, 2, 300)
    low, high = mean_interval(values, level=0.05)
    assert low < values.mean() < high
    assert log_evidence_mean_above(values, limit=low) == pytest.approx(math.log(20), abs=1e-9)
    assert log_evidence_mean_below(values, limit=high) == pytest.approx(math.log(20), abs=1e-9)


def test_the_mean_interval_scales_with_its_range():
    values = np.random.default_rng(1).random(100)
    low, high = mean_interval(values, level=0.05)
    scaled = mean_interval(10 * values - 5, level=0.05, low=-5.0, high=5.0)
    assert scaled == pytest.approx((10 * low - 5, 10 * high - 5))


def test_a_steady_mean_has_a_narrower_interval_than_a_scattered_one():
    steady, scattered = mean_interval([0.5] * 200, level=0.05), mean_interval([0.0, 1.0] * 100, level=0.05)
    assert steady[1] - steady[0] < (scattered[1] - scattered[0]) / 2


def test_impossible_arguments_are_named():
    with pytest.raises(OutOfRange, match="`errors`"):
        rate_interval(3, 2, level=0.05)
    with pytest.raises(OutOfRange, match="`level`"):
        rate_interval(1, 2, level=1.0)
    with pytest.raises(OutOfRange, match="`low`"):
        mean_interval([0.5], level=0.05, low=1.0, high=0.0)
    with pytest.raises(OutOfRange, match="`values`"):
        mean_interval([2.0], level=0.05)
