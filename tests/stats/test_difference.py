"""The interval of a difference of two shares: published, slow and simulated."""

from __future__ import annotations

import numpy as np
import pytest

from airworthy.base.errors import OutOfRange
from airworthy.stats.difference import newcombe
from airworthy.stats.interval import wilson


@pytest.mark.parametrize(
    ("counts", "published"),
    [((56, 70, 48, 80), (0.2000, 0.0524, 0.3339)), ((9, 10, 3, 10), (0.6000, 0.1705, 0.8090))],
)
def test_it_gives_the_intervals_newcombe_published(counts, published):
    assert newcombe(*counts, level=0.05) == pytest.approx(published, abs=1e-4)


def test_it_is_made_of_two_wilson_intervals():
    now, before = wilson(30, 100, level=0.025), wilson(20, 90, level=0.025)
    difference, low, high = newcombe(30, 100, 20, 90, level=0.05)
    assert difference - low == pytest.approx(np.hypot(0.3 - now[0], before[1] - 20 / 90))
    assert high - difference == pytest.approx(np.hypot(now[1] - 0.3, 20 / 90 - before[0]))


def test_it_covers_the_true_difference_about_as_often_as_it_says():
    random = np.random.default_rng(7)
    now, before = random.binomial(200, 0.3, 2_000), random.binomial(150, 0.2, 2_000)
    inside = 0
    for a, b in zip(now.tolist(), before.tolist(), strict=True):
        _, low, high = newcombe(a, 200, b, 150, level=0.05)
        inside += low <= 0.1 <= high
    assert 0.935 <= inside / 2_000 <= 0.965


def test_nothing_to_compare_is_refused():
    with pytest.raises(OutOfRange):
        newcombe(0, 0, 1, 2, level=0.05)
