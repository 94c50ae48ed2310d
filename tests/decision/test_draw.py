"""Draws: at the declared rate, the same for a retry, unforeseeable without the seed."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest, chi2_contingency

from airworthy.decision.draw import draw

SEED = bytes(range(32))
SUBJECTS = [f"INC{i:07d}" for i in range(20_000)]


def drawn(chance, *, seed=SEED, purpose="audit", point="route", subjects=SUBJECTS):
    return [draw(seed, purpose, point, subject, chance).drawn for subject in subjects]


@pytest.mark.parametrize("chance", [0.02, 0.05, 0.1, 0.5, 0.9])
def test_draws_come_at_the_declared_rate(chance):
    assert binomtest(sum(drawn(chance)), len(SUBJECTS), chance).pvalue > 0.001


def test_a_chance_of_one_draws_everything_and_of_none_nothing():
    assert all(drawn(1.0, subjects=SUBJECTS[:1_000]))
    assert not any(drawn(0.0, subjects=SUBJECTS[:1_000]))


def test_a_retry_cannot_change_a_draw():
    assert drawn(0.3) == drawn(0.3)


def test_a_higher_chance_keeps_whoever_was_drawn():
    assert all(late or not early for early, late in zip(drawn(0.1), drawn(0.2), strict=True))


@pytest.mark.parametrize("other", [{"seed": bytes(32)}, {"purpose": "blind"}, {"point": "pay"}])
def test_another_seed_purpose_or_point_draws_independently(other):
    mine, theirs = drawn(0.3), drawn(0.3, **other)
    table = [[sum(a == x and b == y for a, b in zip(mine, theirs, strict=True)) for x in (0, 1)] for y in (0, 1)]
    assert chi2_contingency(table).pvalue > 0.001


def test_the_chance_stands_beside_the_draw():
    assert draw(SEED, "audit", "route", "INC1", 0.05).chance == 50_000


def test_any_subject_can_be_drawn():
    assert draw(SEED, "audit", "route", "\ud800 \x00 車", 1.0).drawn
