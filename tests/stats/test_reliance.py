from __future__ import annotations

import pytest

from airworthy.base.errors import OutOfRange
from airworthy.stats.reliance import blind_first, reliance
from airworthy.stats.sequence import rate_interval

# ten cases: what a person first thought, what was shown, what they decided, what was true
H0 = list("aabbabbbaa")
AI = list("abbabbabab")
H1 = list("abbbabbbab")
Y_ = list("aabbbbbbaa")


def test_reliance_by_hand():
    found = reliance(AI, H1, Y_, level=0.05)
    wrong = [a != y for a, y in zip(AI, Y_, strict=True)]
    over = sum(h == a for h, a, w in zip(H1, AI, wrong, strict=True) if w)
    under = sum(h != a for h, a, w in zip(H1, AI, wrong, strict=True) if not w)
    assert (found.over.hits, found.over.cases) == (over, 4) == (2, 4)
    assert (found.under.hits, found.under.cases) == (under, 6) == (1, 6)
    assert found.discernment == pytest.approx(5 / 6 - 2 / 4)
    assert found.over.interval == rate_interval(2, 4, level=0.05)


def test_discernment_of_one_who_accepts_everything_is_nothing():
    found = reliance(AI, AI, Y_)
    assert found.discernment == 0.0
    assert found.discernment_interval[0] < 0 < found.discernment_interval[1]


def test_discernment_of_one_who_is_always_right_is_whole():
    found = reliance(["x", "y"] * 200, ["x", "x"] * 200, ["x"] * 400)
    assert found.discernment == 1.0
    assert found.discernment_interval[0] > 0.9
    assert found.discernment_interval[1] == 1.0


def test_blind_first_by_hand():
    found = blind_first(H0, AI, H1, Y_)
    assert (found.switched.hits, found.switched.cases) == (2, 5)  # rows 2, 4, 5, 7 and 10 differed; 2 and 10 moved
    assert (found.rair.hits, found.rair.cases) == (0, 1)  # row 5 was wrong, was shown the truth, stayed
    assert (found.rsr.hits, found.rsr.cases) == (2, 4)
    assert (found.alone.hits, found.answer.hits, found.team.hits) == (9, 6, 7)


def test_the_team_is_compared_with_the_better_of_the_two_alone():
    assert blind_first(H0, AI, H1, Y_).beats_the_better is False
    assert blind_first(["a", "b"], ["b", "a"], ["a", "a"], ["a", "a"]).beats_the_better is True
    assert blind_first([], [], [], []).beats_the_better is None


def test_without_wrong_answers_there_is_no_discernment():
    found = reliance(["a"], ["a"], ["a"])
    assert found.discernment is None
    assert found.over.value is None


def test_lists_of_different_length_are_refused():
    with pytest.raises(OutOfRange, match="`y`"):
        reliance(["a"], ["a", "b"], ["a"])
