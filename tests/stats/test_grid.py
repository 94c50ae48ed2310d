"""Which coverage levels are worth trying."""

from __future__ import annotations

from airworthy.stats.grid import SPARE, reachable
from airworthy.stats.planner import least_labels


def test_levels_too_small_to_be_certified_are_left_out():
    fewest = SPARE * least_labels(0, budget=0.05, level=0.05)
    kept = reachable((0.01, 0.1, 0.5, 1.0), 2_000, budget=0.05, risk=0.05)
    assert all(share * 2_000 >= fewest for share in kept)
    assert kept == (0.5, 1.0) or kept == (0.1, 0.5, 1.0)


def test_the_laxest_level_always_stays():
    assert reachable((0.1, 1.0), 5, budget=0.01, risk=0.01) == (1.0,)
