from __future__ import annotations

import math

import numpy as np
import pytest

from airworthy.base.errors import OutOfRange
from airworthy.stats.betting import SHARES, WEIGHTS
from airworthy.stats.shift import (
    NO_ALARM,
    Detector,
    Restarted,
    alarm_times,
    cusum_times,
    mean_run_length,
    three_sigma_times,
)


@pytest.mark.parametrize("side", ["below", "above"])
def test_the_detector_is_the_sum_over_every_start(side):
    values, limit = np.random.default_rng(1).random(25), 0.6
    stake = SHARES / (1 - limit) if side == "below" else -SHARES / limit
    expected = sum(
        WEIGHTS[bet] * math.prod(1 + stake[bet] * (limit - value) for value in values[start:])
        for bet in range(len(SHARES))
        for start in range(len(values))
    )
    detector = Detector(limit, 1e9, side=side)
    for value in values:
        detector.learn(value)
    assert detector.evidence == pytest.approx(expected)


def test_one_bad_value_by_hand():
    # one start, the value 0 against .5: every bet gains its share of the whole stake
    detector = Detector(0.5, 100)
    detector.learn(0.0)
    assert detector.evidence == pytest.approx(1 + float(SHARES @ WEIGHTS))


@pytest.mark.parametrize("side", ["below", "above"])
def test_many_runs_alarm_when_each_alone_does(side):
    random = np.random.default_rng(2)
    runs = np.clip(random.normal(0.5, 0.2, (12, 80)) + (-0.2 if side == "below" else 0.2), 0, 1)
    times = alarm_times(runs, limit=0.5, threshold=50, side=side)
    for run, time in zip(runs, times, strict=True):
        detector = Detector(0.5, 50, side=side)
        alarmed = [detector.learn(value) or detector.alarmed for value in run]
        assert time == (alarmed.index(True) + 1 if True in alarmed else NO_ALARM)


def test_an_alarm_stays():
    detector = Detector(0.5, 10)
    for value in [0.0] * 20 + [1.0] * 500:
        detector.learn(value)
    assert detector.alarmed
    assert math.isfinite(detector.evidence)


def test_a_long_good_history_does_not_slow_the_detector():
    late, soon = (np.array([[0.95] * good + [0.6] * 60]) for good in (1_000, 10))
    delay_late = int(alarm_times(late, limit=0.85, threshold=104)[0]) - 1_000
    delay_soon = int(alarm_times(soon, limit=0.85, threshold=104)[0]) - 10
    assert delay_late <= delay_soon


def test_the_restarted_mixture_starts_anew_when_it_has_lost():
    restarted = Restarted(0.5, 100)
    for _ in range(500):
        restarted.learn(1.0)
    restarted.learn(0.0)
    assert restarted.evidence == pytest.approx(1 + float(SHARES @ WEIGHTS))
    for _ in range(20):
        restarted.learn(0.0)
    assert restarted.alarmed


def test_run_length_counts_runs_without_an_alarm_as_all_they_were_watched():
    assert mean_run_length(np.array([10, 20, NO_ALARM]), 60) == pytest.approx(30)


def test_the_control_chart_by_hand():
    assert three_sigma_times([[0.9, 0.8, 0.7], [0.9] * 3], mean=0.9, deviation=0.04).tolist() == [3, NO_ALARM]


def test_the_cusum_by_hand():
    # one error adds log 2, one right takes log(.9/.8) away and never below nothing
    errors = np.array([[0, 1, 1, 0], [0, 0, 0, 0]])
    height = 2 * math.log(2)
    assert cusum_times(errors, 1, healthy=0.1, shifted=0.2, height=height).tolist() == [3, NO_ALARM]


def test_impossible_arguments_are_named():
    with pytest.raises(OutOfRange, match="`threshold`"):
        Detector(0.5, 0.5)
    with pytest.raises(OutOfRange, match="`limit`"):
        Detector(1.0, 10)
    with pytest.raises(OutOfRange, match="`value`"):
        Detector(0.5, 10).learn(1.2)
