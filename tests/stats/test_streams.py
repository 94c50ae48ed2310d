from __future__ import annotations

import math

import numpy as np
import pytest

from airworthy.base.errors import OutOfRange
from airworthy.stats.shift import Detector
from airworthy.stats.streams import expected_delay, shares


def test_the_expected_delay_of_a_steady_stream_is_that_of_one_detector():
    detector, delay = Detector(0.85, 104), 0
    for _ in range(52):
        detector.learn(0.9)
    while not detector.alarmed:
        detector.learn(0.7)
        delay += 1
    assert expected_delay([0.9], shift=-0.2, limit=0.85, threshold=104) == delay


def test_a_shift_that_stays_within_the_limit_is_never_noticed():
    assert expected_delay([0.9], shift=-0.02, limit=0.85, threshold=104) == math.inf


def test_a_rise_is_noticed_on_the_other_side():
    assert expected_delay([0.1, 0.12], shift=0.3, limit=0.15, threshold=104, side="above") < 20


def test_past_values_outside_the_unit_are_refused():
    with pytest.raises(OutOfRange, match="`healthy`"):
        expected_delay([1.2], shift=-0.1, limit=0.85, threshold=104)


def test_days_that_swing_swing_more_than_their_counts_explain():
    random = np.random.default_rng(4)
    plain, swinging = (shares(random, 0.9, 40, (1, 50_000), spread=spread) for spread in (0.0, 0.04))
    assert plain.std() == pytest.approx((0.9 * 0.1 / 40) ** 0.5, rel=0.02)
    assert swinging.std() == pytest.approx((0.9 * 0.1 / 40 + 0.04**2 * 39 / 40) ** 0.5, rel=0.02)
    assert swinging.mean() == pytest.approx(0.9, abs=0.002)
