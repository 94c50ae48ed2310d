"""Whatever bytes a log holds, it is answered or refused: never a traceback."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airworthy.base.errors import BadInput
from airworthy.data.question import Question, answer
from airworthy.data.table import read
from airworthy.service.trial import judged
from data.golden import ASKED, FOLDER

VALID = (FOLDER / "works-without-end.csv").read_bytes()
PARQUET = (FOLDER / "works-parquet-named.csv").read_bytes()
EASY = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
NASTY = [
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\x00",
    b"\xff",
    b";",
    b"1e999",
    b"-1",
    b"9" * 400,
    b"0001-01-01T00:00:00+23:59",
    b"\\",
]


def answered_or_refused(path, question=ASKED):
    refused = ()
    try:
        answered = answer(read(path), question)
    except BadInput as error:
        refused = error.diagnostics
    assert all(d.code.startswith("L") and d.help and "Error" not in d.sentence for d in refused)
    if not refused:
        assert len(answered.rows) == len(answered.loss) > 0
        assert ((answered.loss >= 0) & (answered.loss <= 1)).all()
        judged(answered, question)


@st.composite
def mutated(draw, valid):
    """`valid` with a few stretches replaced."""
    text = valid
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        gone = draw(st.integers(0, 12))
        text = text[:at] + draw(st.one_of(st.sampled_from(NASTY), st.binary(max_size=8))) + text[at + gone :]
    return text


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@EASY
@given(st.binary(max_size=300))
def test_random_bytes(folder, content):
    path = folder / "log.csv"
    path.write_bytes(content)
    answered_or_refused(path)


@EASY
@given(mutated(VALID), st.sampled_from([{}, {"item": "team"}, {"tolerance": 1.0}, {"loss": "score"}, {"person": "at"}]))
def test_a_damaged_csv(folder, content, more):
    path = folder / "log.csv"
    path.write_bytes(content)
    options = {"output": "said", "truth": "truth", "score": "score", "time": "at", "segments": ("team",)} | more
    answered_or_refused(path, Question(**options))


@EASY
@given(mutated(gzip.compress(VALID, mtime=0)))
def test_a_damaged_gzip(folder, content):
    path = folder / "log.csv.gz"
    path.write_bytes(content)
    answered_or_refused(path)


@EASY
@given(mutated(PARQUET))
def test_a_damaged_parquet(folder, content):
    path = folder / "log.parquet"
    path.write_bytes(content)
    answered_or_refused(path)


@EASY
@given(st.lists(st.text(max_size=30), min_size=1, max_size=20))
def test_any_text_as_dates_and_scores(folder, cells):
    path = folder / "log.csv"
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    text = "said,truth,score,at\n" + "".join(f"{c},{c},{c},{c}\n" for c in quoted)
    path.write_text(text, encoding="utf-8", newline="")
    answered_or_refused(path)
    answered_or_refused(path, Question(output="said", truth="truth", time="at"))
