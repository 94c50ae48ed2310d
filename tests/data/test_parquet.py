"""A Parquet log says the same as its CSV, without passing through text."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airworthy.base.clock import SECOND
from airworthy.base.errors import BadInput
from airworthy.data.column import NO_MOMENT
from airworthy.data.question import Question, answer
from airworthy.data.table import read
from airworthy.service.trial import judged
from data.golden import ASKED

N = 200


@pytest.fixture
def cells():
    rng = np.random.default_rng(80)
    at = np.datetime64("2026-01-01T00:00:00", "us") + np.arange(N).astype("timedelta64[h]")
    score = [None if i == 3 else float(s) for i, s in enumerate(rng.random(N).round(6))]
    team = [None if i % 7 == 0 else f"team {i % 3}" for i in range(N)]
    return {"said": rng.integers(0, 3, N), "truth": rng.integers(0, 3, N), "score": score, "at": at, "team": team}


def write(folder, cells, **types):
    path = folder / "log.parquet"
    table = pa.table({name: pa.array(values, type=types.get(name)) for name, values in cells.items()})
    pq.write_table(table, path, row_group_size=64)
    return path


def test_parquet_and_csv_answer_alike(tmp_path, cells):
    csv = tmp_path / "log.csv"
    rows = zip(*cells.values(), strict=True)
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    csv.write_text("\n".join([",".join(cells), *lines]) + "\n", encoding="utf-8")
    one, other = (answer(read(path), ASKED) for path in (csv, write(tmp_path, cells)))
    for name in ("rows", "loss", "score", "at"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()
    assert one.left_out == other.left_out == (("without a score", 1),)
    groups, again = (judged(found, ASKED).groups["team"] for found in (one, other))
    assert [groups.words[c] if c >= 0 else None for c in groups.codes] == [
        again.words[c] if c >= 0 else None for c in again.codes
    ]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_times_are_instants_whatever_their_unit(tmp_path, unit, zone):
    path = write(tmp_path, {"at": [0, None, 86_400]}, at=pa.timestamp("s", tz=zone))
    table = pq.read_table(path).cast(pa.schema([("at", pa.timestamp(unit, tz=zone))]))
    pq.write_table(table, path)
    assert read(path)["at"].instants.tolist() == [0, NO_MOMENT, 86_400 * SECOND]


def test_a_score_outside_its_range_is_told_with_its_row(tmp_path, cells):
    cells["score"][150] = 1.5
    with pytest.raises(BadInput) as caught:
        answer(read(write(tmp_path, cells)), ASKED)
    assert "row 151, column `score`" in str(caught.value)


def test_an_infinite_score_is_no_number(tmp_path, cells):
    cells["score"][9] = float("inf")
    with pytest.raises(BadInput, match="is not a number"):
        answer(read(write(tmp_path, cells)), ASKED)


def test_long_keys_are_compared_digit_by_digit(tmp_path):
    long = 2**60
    path = write(tmp_path, {"said": [long, long + 1], "truth": [long, long]}, said=pa.int64(), truth=pa.int64())
    assert answer(read(path), Question(output="said", truth="truth")).loss.tolist() == [0, 1]


def test_numbers_and_words_of_one_value_agree(tmp_path):
    path = write(tmp_path, {"said": ["1", "2", "03"], "truth": [1.0, 3.0, 3.0]})
    assert answer(read(path), Question(output="said", truth="truth")).loss.tolist() == [0, 1, 0]


def test_lists_dictionaries_and_truth_values_are_words(tmp_path):
    cells = {"said": [True, False], "truth": [True, True], "tags": [["a"], None], "kind": ["x", "y"]}
    path = write(tmp_path, cells, kind=pa.dictionary(pa.int8(), pa.string()))
    table = read(path)
    assert answer(table, Question(output="said", truth="truth")).loss.tolist() == [0, 1]
    assert table["tags"].words == ("['a']",)
    assert table["kind"].words == ("x", "y")


def test_a_marked_number_can_stand_for_nothing(tmp_path):
    path = write(tmp_path, {"x": [1, -999, 3]})
    assert read(path, missing=frozenset({"-999"}))["x"].missing.tolist() == [False, True, False]


def test_items_are_folded_from_parquet_events(tmp_path, cells):
    cells["item"] = [i // 2 for i in range(N)]
    answered = answer(read(write(tmp_path, cells)), msgspec.structs.replace(ASKED, item="item"))
    assert len(answered.table) == N // 2
