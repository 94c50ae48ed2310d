"""How numbers are said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airworthy.base.clock import DAY
from airworthy.page import words

SHARES = st.floats(0, 1)


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "0.0 %"), (1, "100.0 %"), (0.17, "17.0 %"), (1e-6, "< 0.1 %"), (1 - 1e-6, "> 99.9 %"), (None, "–")],
)
def test_a_share_is_said_in_percent(share, said):
    assert words.percent(share) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.12, "12 %"), (0.004, "0.4 %"), (1e-5, "< 0.1 %"), (0.996, "99.6 %"), (1, "100 %"), (0, "0 %")],
)
def test_a_whole_percent_keeps_a_digit_near_nothing_and_near_all(share, said):
    assert words.whole_percent(share) == said


@given(SHARES)
def test_something_never_reads_as_nothing_and_nearly_all_never_as_all(share):
    for said in (words.percent(share), words.whole_percent(share)):
        assert (said in ("0 %", "0.0 %")) == (share == 0)
        assert (said in ("100 %", "100.0 %")) == (share == 1)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_no_number_is_minus_nothing(a, b):
    assert "−0.0" not in words.points(a).replace("−0.0%", "") or abs(a) >= 0.0005
    assert not words.points(a).startswith(("+0.0 ", "−0.0 "))
    assert "−0.0 " not in words.between(a, b) + " "


def test_one_day_is_one_day():
    assert words.days(0, DAY - 1) == "1 Jan 1970"
    assert words.days(0, DAY) == "1 Jan to 2 Jan 1970"


@given(st.text(), st.integers(2, 60))
def test_a_short_name_is_short(text, most):
    assert len(words.short(text, most)) <= most
