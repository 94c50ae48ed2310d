"""Rates and their intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airworthy.evidence.judged import Grouping, Judged, rate, rates, whole_up
from airworthy.stats.sequence import rate_interval


def test_a_whole_count_has_the_gate_s_own_interval():
    found = rate(7, 100, level=0.05)
    assert (found.low, found.high) == pytest.approx(rate_interval(7, 100, level=0.05))
    assert found.share == 0.07


def test_a_sum_of_losses_is_rounded_outwards():
    found = rate(7.4, 100, level=0.05)
    assert found.low == pytest.approx(rate_interval(7, 100, level=0.05)[0])
    assert found.high == pytest.approx(rate_interval(8, 100, level=0.05)[1])


def test_a_sum_that_is_whole_but_for_the_float_stays_whole():
    assert whole_up(sum([0.1] * 30)) == 3
    assert rate(sum([0.1] * 30), 100, level=0.05).high == rate(3, 100, level=0.05).high


def test_nothing_judged_says_nothing():
    empty = rate(0, 0, level=0.05)
    assert (empty.share, empty.low, empty.high) == (0, 0, 1)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.floats(0, n), st.just(n))))
def test_a_share_lies_in_its_interval(counted):
    found = rate(*counted, level=0.05)
    assert 0 <= found.low <= found.share + 1e-9
    assert found.share - 1e-9 <= found.high <= 1


def test_many_rates_are_the_same_as_one_by_one():
    wrong, n = [0, 3, 2.5, 10], [10, 10, 40, 10]
    for many, w, k in zip(rates(wrong, n, level=0.01), wrong, n, strict=True):
        one = rate(w, k, level=0.01)
        assert (many.low, many.high) == pytest.approx((one.low, one.high), abs=1e-12)


def test_items_are_put_in_the_order_they_were_decided():
    groups = {"team": Grouping(np.array([0, 1, -1], np.int32), ["red", "blue"])}
    log = Judged(np.array([0.0, 1.0, 0.5]), np.array([0.1, 0.2, 0.3]), np.array([30, 10, 20]), groups=groups).in_order()
    assert log.at.tolist() == [10, 20, 30]
    assert log.loss.tolist() == [1, 0.5, 0]
    assert log.score.tolist() == [0.2, 0.3, 0.1]
    assert log.groups["team"].codes.tolist() == [1, -1, 0]


def test_without_times_the_order_stays_as_it_is():
    log = Judged(np.array([0.0, 1.0]))
    assert log.in_order() is log
