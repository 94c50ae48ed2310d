"""Which group breaks it."""

from __future__ import annotations

import numpy as np
import pytest

from airworthy.evidence.judged import Grouping, Judged
from airworthy.evidence.search import FEWEST, MOST_WORDS, SHOWN, search


def log(loss, codes, words, score=None):
    return Judged(np.asarray(loss, float), score, groups={"team": Grouping(np.asarray(codes, np.int32), words)})


def test_a_bad_group_is_shown_with_what_it_costs():
    codes = np.arange(2_000) % 4
    loss = np.where(codes == 2, np.arange(2_000) % 8 < 4, np.arange(2_000) % 20 == 1)
    (worst,) = search(log(loss, codes, list("abcd")), level=0.05).groups
    assert worst.word == "c"
    overall = loss.mean()
    assert worst.excess == pytest.approx(worst.rate.wrong - worst.rate.n * overall)
    assert worst.expected == pytest.approx(overall)


def test_a_group_that_its_confidence_foresaw_is_no_surprise():
    rng = np.random.default_rng(60)
    codes = rng.integers(0, 4, 8_000)
    risk = np.where(codes == 2, 0.4, 0.05)
    loss = rng.random(8_000) < risk
    assert search(log(loss, codes, list("abcd")), level=0.05).groups
    assert not search(log(loss, codes, list("abcd"), 1 - risk), level=0.05).groups


def test_confidence_that_is_too_high_everywhere_is_not_one_group_s_doing():
    rng = np.random.default_rng(61)
    loss = rng.random(8_000) < 0.3
    found = search(log(loss, rng.integers(0, 4, 8_000), list("abcd"), np.full(8_000, 0.95)), level=0.05)
    assert not found.groups


def test_a_small_group_is_not_looked_at():
    codes = np.r_[np.zeros(1_000), np.ones(FEWEST - 1)]
    found = search(log(codes, codes, ["large", "small"]), level=0.05)
    assert found.looked_at == 1
    assert not found.groups


def test_a_column_of_one_value_or_of_too_many_sorts_nothing():
    n = (MOST_WORDS + 1) * FEWEST
    assert search(log(np.zeros(n), np.zeros(n), ["only"]), level=0.05).looked_at == 0
    many = [str(i) for i in range(MOST_WORDS + 1)]
    assert search(log(np.zeros(n), np.arange(n) % len(many), many), level=0.05).columns == ()


def test_items_without_a_group_are_in_none():
    codes = np.where(np.arange(3_000) % 3 == 0, -1, np.arange(3_000) % 2)
    assert search(log(np.zeros(3_000), codes, ["a", "b"]), level=0.05).looked_at == 2


def test_only_the_worst_are_shown_worst_first():
    codes = np.arange(20_000) % 20
    loss = (np.arange(20_000) // 20) % 100 < np.where(codes < 10, 30 + 5 * codes, 1)
    groups = search(log(loss, codes, [str(i) for i in range(20)]), level=0.05).groups
    assert [group.word for group in groups] == ["9", "8", "7", "6", "5"]
    assert len(groups) == SHOWN
