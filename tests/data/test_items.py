"""Events folded into items, and what a question makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from airworthy.base.errors import BadInput
from airworthy.data.column import encode
from airworthy.data.guess import guess
from airworthy.data.items import fold
from airworthy.data.question import Question, answer
from airworthy.data.table import Table, read

EVENTS = (
    "ticket,at,team,score\n7,2026-01-02,red,0.9\n5,2026-01-01,blue,0.5\n7,2026-01-01,green,0.8\n5,2026-01-03,,0.4\n"
)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(EVENTS, encoding="utf-8")
    return path


def test_an_item_takes_each_column_from_the_event_that_was_asked_for(log):
    table = read(log)
    order = np.array([2, 1, 1, 3], np.int64)
    take = {"began": ("team", "first"), "ended": ("team", "last"), "known": ("team", "last_known")}
    items = fold(table, "ticket", order=order, take=take)
    assert [items["ticket"].text(i) for i in range(2)] == ["7", "5"]
    assert [items["began"].text(i) for i in range(2)] == ["green", "blue"]
    assert [items["ended"].text(i) for i in range(2)] == ["red", ""]
    assert [items["known"].text(i) for i in range(2)] == ["red", "blue"]
    assert items.origin.tolist() == [2, 1]


def test_the_first_output_is_held_against_the_last_truth(log):
    answered = answer(read(log), Question(output="team", truth="team", item="ticket", time="at"))
    assert answered.loss.tolist() == [1, 0]


def test_a_mistake_in_an_item_is_placed_where_its_event_stands(log):
    log.write_text(EVENTS.replace("green,0.8", "green,1.8"), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        answer(read(log), Question(output="team", truth="team", item="ticket", time="at", score="score"))
    assert caught.value.diagnostics[0].place.line == 4


def test_a_person_is_held_against_the_same_truth():
    columns = {"said": encode(list("aab")), "truth": encode(list("abb")), "person": encode(["a", "b", None])}
    answered = answer(Table(None, columns), Question(output="said", truth="truth", person="person"))
    assert answered.loss.tolist() == [0, 1, 0]
    assert answered.person.tolist()[:2] == [0, 0]
    assert np.isnan(answered.person[2])


def test_numbers_are_right_within_the_tolerance():
    columns = {"said": encode(["1", "2", "3"]), "truth": encode(["1.4", "2.6", "3"])}
    assert answer(Table(None, columns), Question(output="said", truth="truth", tolerance=0.5)).loss.tolist() == [
        0,
        1,
        0,
    ]


def test_columns_are_guessed_by_name_and_content():
    columns = {
        "probability": encode(["high", "low"]),  # a name alone is not enough
        "confidence": encode(["0.2", "0.9", "0.5"]),
        "created_at": encode(["2026-01-01", "2026-01-02"]),
        "final_team": encode(["a", "b"]),
        "predicted_team": encode(["a", "b"]),
    }
    assert guess(Table(None, columns)) == {
        "--score": "confidence", "--time": "created_at", "--truth": "final_team", "--output": "predicted_team",
    }  # fmt: skip
