"""Columns: words, numbers, times."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airworthy.base.clock import micros
from airworthy.data.column import NO_MOMENT, AmbiguousDates, Builder, encode, misread, moment_reader


def test_words_are_stripped_and_what_means_nothing_is_missing():
    column = encode([" red ", "red", "", None, "N/A", "blue"])
    assert column.words == ("red", "blue")
    assert column.codes.tolist() == [0, 0, -1, -1, -1, 1]
    assert [column.text(row) for row in (0, 2, 5)] == ["red", "", "blue"]


@given(st.lists(st.lists(st.sampled_from(["a", "b ", "", "c", None, "NA"]))))
def test_chunks_make_no_difference(chunks):
    builder = Builder()
    for chunk in chunks:
        builder.add(chunk)
    whole = encode([cell for chunk in chunks for cell in chunk])
    assert builder.column().words == whole.words
    assert builder.column().codes.tolist() == whole.codes.tolist()


def test_only_plain_finite_numbers_are_numbers():
    column = encode(["1", "1e-3", "-2.5", "1_000", "inf", "nan", "0,5", "two", ""])
    assert column.unreadable_numbers() == ["1_000", "inf", "0,5", "two"]
    assert np.isnan(column.numbers[[3, 5, 6, 7, 8]]).all()


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["0,911", "1"], [0.911, 1]),
        (["0,911", "0,5"], [0.911, 0.5]),
        (["1.234,5", "12"], [1234.5, 12]),
        (["-1.234.567,25", "+3,5"], [-1234567.25, 3.5]),
        (["95%", "91.1 %"], [0.95, 0.911]),
        (["91,1 %", "100 %", "0,5\u00a0%"], [0.911, 1, 0.005]),
        (["1.234", "2.5"], [1.234, 2.5]),
        (["7,9e-05", "0,5", "8e-05"], [7.9e-05, 0.5, 8e-05]),
    ],
)
def test_numbers_are_read_in_the_one_way_that_reads_all(words, numbers):
    column = encode([*words, "", "n/a"])
    assert column.unreadable_numbers() == []
    assert column.numbers[:-2].tolist() == numbers
    assert np.isnan(column.numbers[-2:]).all()


@pytest.mark.parametrize(
    "words", [["1,234", "5,678"], ["1,234.5", "2"], ["0,5", "0.25"], ["95 %", "0.3"], ["%", "5 %"]]
)
def test_numbers_that_no_one_way_reads_are_not_guessed(words):
    assert encode(words).unreadable_numbers() != []


def test_the_odd_one_out_is_told_by_how_most_are_written():
    assert encode(["0,5", "0,25", "high", "0.3"]).unreadable_numbers() == ["high", "0.3"]
    assert encode(["91,5 %", "92,5 %", "0,55"]).unreadable_numbers() == ["0,55"]
    assert encode(["91 %", "92,5 %", "n.n."]).unreadable_numbers() == ["n.n."]


def test_a_column_taken_from_a_longer_one_is_judged_by_its_own_words():
    column = encode(["high", "0.5", "0.7"]).take(np.array([1, 2]))
    assert column.unreadable_numbers() == []


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        (["2026-11-22T06:00:00Z"], datetime(2026, 11, 22, 6, tzinfo=UTC)),
        (["2026-11-22"], datetime(2026, 11, 22, tzinfo=UTC)),
        (["2026-11-22T07:00:00+01:00"], datetime(2026, 11, 22, 6, tzinfo=UTC)),
        (["22/11/2026 06:00"], datetime(2026, 11, 22, 6, tzinfo=UTC)),
        (["11/22/2026 06:00:30"], datetime(2026, 11, 22, 6, 0, 30, tzinfo=UTC)),
        (["22.11.2026"], datetime(2026, 11, 22, tzinfo=UTC)),
        (["1/2/2026", "13/2/2026"], datetime(2026, 2, 1, tzinfo=UTC)),
        (["1/2/2026", "2/13/2026"], datetime(2026, 1, 2, tzinfo=UTC)),
    ],
)
def test_a_date_is_read_in_the_one_form_that_reads_all(words, moment):
    assert moment_reader(None, words)(words[0]) == micros(moment)


def test_dates_that_could_be_either_way_round_are_not_guessed():
    with pytest.raises(AmbiguousDates):
        moment_reader(None, ["1/2/2026", "3/4/2026"])


def test_a_form_that_was_named_is_used_as_it_is():
    assert moment_reader("%m/%d/%Y", ["1/2/2026"])("1/2/2026") == micros(datetime(2026, 1, 2, tzinfo=UTC))


def test_the_odd_ones_out_are_named():
    assert misread(None, ["2026-01-01", "tomorrow", "2026-01-02", "01/13/2026"]) == ["tomorrow", "01/13/2026"]


def test_a_missing_time_is_no_moment():
    column = encode(["2026-01-01", ""])
    assert column.moments(moment_reader(None, column.words))[1] == NO_MOMENT
