"""What looks like a slip of the export is counted and said; nothing is mended in silence."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airworthy.base.clock import DAY, micros
from airworthy.base.errors import BadInput
from airworthy.charter.load import loads
from airworthy.data.column import encode
from airworthy.data.oddity import repeated
from airworthy.data.question import Question, answer
from airworthy.data.table import Table, read
from airworthy.data.work import read_work
from airworthy.service.trial import look_at
from charter.golden import ROOT

NOW = micros(datetime(2026, 2, 1, tzinfo=UTC))
HEADER = "id,said,truth,sure,at\n"
ROWS = [f"{i},{'b' if i % 9 else 'a'},b,0.{90 - i % 40},2026-01-{1 + i // 10:02d}T08:00:00Z\n" for i in range(200)]
ASKED = Question(output="said", truth="truth", score="sure", time="at")
EVENTS = Question(output="said", truth="truth", time="at", item="id")
TEAM = (ROOT / "tests/charter/valid/team.yaml").read_text(encoding="utf-8")
LOG = "\nlog: {path: log.csv, item: id, eligible_at: at, output: said, truth: {column: truth}}\n"


def log(tmp_path, *rows, header=HEADER):
    path = tmp_path / "log.csv"
    path.write_text(header + "".join(rows), encoding="utf-8")
    return path


def test_rows_that_repeat_another_in_every_column_are_counted_and_located(tmp_path):
    (note,) = answer(read(log(tmp_path, *ROWS, *ROWS[:3])), ASKED).notes
    assert (note.code, note.severity, note.place.line) == ("L019", "warning", 202)
    assert note.sentence == "3 rows repeat an earlier row in every column"
    assert "narrower" in note.help


def test_repeated_rows_stay_in_and_narrow_the_interval_as_the_note_says(tmp_path):
    once = look_at(read(log(tmp_path, *ROWS)), ASKED)
    twice = look_at(read(log(tmp_path, *ROWS, *ROWS)), ASKED)
    assert (once.look.n, twice.look.n) == (200, 400)
    assert once.look.overall.share == twice.look.overall.share
    assert twice.look.overall.high < once.look.overall.high
    assert "200 rows repeat an earlier row in every column: each counts" in twice.taken.lower()
    assert "repeat" not in once.taken


def test_repeated_events_of_an_item_change_no_figure_and_that_is_said(tmp_path):
    once = look_at(read(log(tmp_path, *ROWS)), EVENTS)
    twice = look_at(read(log(tmp_path, *ROWS, *ROWS)), EVENTS)
    (note,) = twice.notes
    assert note.help.endswith("no figure changes")
    assert twice.look == once.look


def test_a_log_of_few_short_columns_may_hold_equal_rows_of_different_items(tmp_path):
    rows = [f"{'ab'[i % 2]},b,2026-01-0{1 + i % 5}\n" for i in range(300)]
    path = log(tmp_path, *rows, header="said,truth,at\n")
    assert answer(read(path), Question(output="said", truth="truth", time="at")).notes == ()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(*[st.sampled_from("ab?")] * 3), min_size=1, max_size=60))
def test_exactly_the_equal_rows_are_counted(rows):
    columns = {name: encode([row[at] for row in rows]) for at, name in enumerate("xyz")}
    table = Table(ROOT / "tests/broken/logs/no-date.csv", columns, origin=np.zeros(len(rows), np.int64))
    found = repeated(table, item="x")
    counted = int(re.match(r"(\d+) row", found[0].sentence)[1]) if found else 0
    assert counted == len(rows) - len(set(rows))


def test_a_date_after_now_is_left_out_and_located(tmp_path):
    late = "900,b,b,0.9,2031-01-01T00:00:00Z\n901,b,b,0.9,2032-01-01T00:00:00Z\n"
    trial = look_at(read(log(tmp_path, *ROWS, late)), ASKED, now=NOW)
    (note,) = trial.notes
    assert (note.code, note.severity, note.place.line) == ("L020", "warning", 202)
    assert note.sentence == "`2031-01-01T00:00:00Z` in column `at` lies after now, 1 Feb 2026, as in 1 more"
    assert note.help.startswith("left out; ")
    assert trial.left_out == (("dated after now", 2),)
    assert trial.look == look_at(read(log(tmp_path, *ROWS)), ASKED, now=NOW).look


def test_a_date_within_a_day_of_now_may_only_have_another_zone(tmp_path):
    assert answer(read(log(tmp_path, *ROWS)), ASKED, now=micros(datetime(2026, 1, 20, tzinfo=UTC))).notes == ()
    assert answer(read(log(tmp_path, *ROWS)), ASKED, now=NOW - 13 * DAY).notes != ()


def test_a_clock_that_stands_before_the_whole_log_is_named(tmp_path):
    with pytest.raises(BadInput) as refused:
        answer(read(log(tmp_path, *ROWS)), ASKED, now=0)
    assert refused.value.diagnostics[0].help == "rows left out: 200 dated after now"


def test_a_parquet_log_is_looked_at_in_the_same_way(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    at = [micros(datetime(2026, 1, 1, tzinfo=UTC)) + i * DAY // 10 for i in range(200)]
    at[0] = micros(datetime(2031, 1, 1, tzinfo=UTC))
    columns = {"id": list(range(200)), "said": ["a"] * 200, "truth": ["a"] * 199 + ["b"], "sure": [0.5] * 200, "at": at}
    twice = {name: values + values[:2] for name, values in columns.items()}
    table = pa.table({**twice, "at": pa.array(twice["at"], pa.timestamp("us", tz="UTC"))})
    pq.write_table(table, tmp_path / "log.parquet")
    notes = answer(read(tmp_path / "log.parquet"), ASKED, now=NOW).notes
    assert [note.code for note in notes] == ["L019", "L020"]
    assert notes[0].sentence.startswith("2 rows repeat")


def test_a_backtest_keeps_dates_after_now_and_says_so(tmp_path):
    """What it records must come out the same whenever it runs."""
    log(tmp_path, *ROWS, *ROWS[:1], "900,b,b,0.9,2031-01-01T00:00:00Z\n")
    work = read_work(loads(TEAM + LOG), tmp_path)
    assert [note.code for note in work.notes] == ["L019"]
    (note,) = work.ahead("at", NOW)
    assert (note.code, note.place.line, len(work)) == ("L020", 203, 201)
    assert note.help.startswith("kept; `until:`")
