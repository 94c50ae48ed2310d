"""Outputs against truths: what counts as equal, and when two columns cannot be meant."""

from __future__ import annotations

import numpy as np
import pytest

from airworthy.base.errors import BadInput
from airworthy.data.agreement import agreement, folded
from airworthy.data.column import encode
from airworthy.data.question import Question, answer
from airworthy.data.table import Table, read
from airworthy.service.trial import Trial, look_at

ASKED = Question(output="said", truth="truth")


def log(tmp_path, said, truth) -> Table:
    file = tmp_path / "log.csv"
    file.write_text("said,truth\n" + "".join(f"{a},{b}\n" for a, b in zip(said, truth, strict=True)), encoding="utf-8")
    return read(file)


def refused(table: Table, question: Question = ASKED) -> tuple[str, str, str]:
    with pytest.raises(BadInput) as caught:
        answer(table, question)
    (one,) = caught.value.diagnostics
    return one.code, one.sentence, one.help


@pytest.mark.parametrize("word", ["yes", "YES", "Yes.", '"yes"', "‘Yes’", "« yes »", " yes ", "`yes`."])
def test_case_quotes_spaces_and_a_final_dot_only_spell_a_word(word):
    assert folded(word) == "yes"


@pytest.mark.parametrize("word", [".", '""', "- ", "…"])
def test_a_word_of_marks_alone_stays_as_it_is(word):
    assert folded(word)


def test_words_that_differ_only_in_spelling_agree_and_are_counted():
    found = agreement(encode(["Red", "red.", "blue", "green", ""]), encode(["red", "red", "blue", "red", "red"]))
    assert found.differs[:4].tolist() == [0, 0, 0, 1]
    assert np.isnan(found.differs[4])
    assert found.respelt == 2


def test_the_page_says_how_many_rows_were_only_spelt_otherwise(tmp_path):
    trial = look_at(log(tmp_path, ["Red.", "red", "blue"] * 10, ["red", "red", "green"] * 10), ASKED)
    assert trial.respelt == 10
    assert "10 rows differ from the truth only in case, spaces, quotes or a final dot: counted right." in trial.taken
    assert Trial(trial.look, 30, 30, ()).taken == "All 30 rows of the log were used, in the order they were decided."


def test_a_number_is_compared_as_a_number():
    assert agreement(encode(["1", "2.0"]), encode(["1.0", "3"])).differs.tolist() == [0, 1]


def test_two_tellings_of_one_thing_are_refused_and_not_called_wrong(tmp_path):
    code, sentence, help = refused(log(tmp_path, ["1", "0"] * 10, ["True", "False"] * 10))
    assert (code, help) == ("L018", "write both in the same words, or name another column")
    assert sentence == "no output ever equals a truth: outputs are `1`, `0`; truths are `True`, `False`"


def test_an_ai_that_is_always_wrong_in_the_same_words_is_only_wrong(tmp_path):
    answered = answer(log(tmp_path, ["red", "blue"] * 10, ["blue", "red"] * 10), ASKED)
    assert answered.loss.tolist() == [1.0] * 20


def test_a_few_rows_are_too_few_to_say_so(tmp_path):
    assert answer(log(tmp_path, ["1", "0"] * 5, ["True", "False"] * 5), ASKED).loss.sum() == 10


def test_measured_numbers_ask_how_close_is_right(tmp_path):
    truth = [i * 1.25 for i in range(100)]
    table = log(tmp_path, [value + 0.01 for value in truth], truth)
    assert refused(table) == (
        "L018",
        "outputs and truths are numbers, and only 0.0 % of them are exactly equal",
        "say how close is right: --tolerance X",
    )
    near = Question(output="said", truth="truth", tolerance=0.1)
    assert answer(table, near).loss.sum() == 0


def test_classes_in_numbers_are_no_measurements(tmp_path):
    answered = answer(log(tmp_path, [1, 2, 3] * 10, [2, 3, 1] * 10), ASKED)
    assert answered.loss.sum() == 30


@pytest.mark.parametrize("named", [{"output": "truth"}, {"output": "said", "score": "truth"}])
def test_a_truth_is_not_compared_with_itself(tmp_path, named):
    question = Question(truth="truth", **named)
    assert refused(log(tmp_path, ["red"] * 3, ["red"] * 3), question)[0] == "L017"


def test_the_first_and_the_last_event_of_an_item_are_two_things(tmp_path):
    question = Question(output="truth", truth="truth", item="said")
    answered = answer(log(tmp_path, ["a", "a", "b"], ["red", "blue", "red"]), question)
    assert answered.loss.tolist() == [1.0, 0.0]
