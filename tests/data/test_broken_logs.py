"""Every broken log has one defect, and we say exactly that, where it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from airworthy.base.errors import BadInput
from airworthy.data.question import Question, answer
from airworthy.data.table import read
from data.golden import BROKEN, WORKS, asked, golden, printed

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("file", BROKEN, ids=lambda f: f.name)
def test_a_broken_log_is_refused_with_its_place_and_help(file):
    assert printed(file) == golden(file).read_text(encoding="utf-8")


@pytest.mark.parametrize("file", BROKEN, ids=lambda f: f.name)
def test_a_place_names_the_file_and_every_mistake_has_help(file):
    with pytest.raises(BadInput) as caught:
        asked(file)
    assert all(d.place is not None and file.name in d.place.file and d.help for d in caught.value.diagnostics)


@pytest.mark.parametrize("file", WORKS, ids=lambda f: f.name)
def test_an_unusual_log_simply_works(file):
    answered = asked(file)
    assert len(answered.rows) == len(answered.table) - ("nan-score" in file.name)


@pytest.mark.parametrize(
    "name",
    ["works-semicolon.csv", "works-tab.csv", "works-bom.csv", "works-crlf.csv", "works-sep-line.csv",
     "works-comma-score.csv", "works-quoted-comma-score.csv", "works-percent-score.csv"],
)  # fmt: skip
def test_a_dialect_changes_nothing_but_the_bytes(name):
    plain, other = (asked(golden(WORKS[0]).with_name(n)) for n in ("works-without-end.csv", name))
    assert plain.loss.tolist() == other.loss.tolist()
    assert plain.score.tolist() == other.score.tolist()
    assert plain.at.tolist() == other.at.tolist()


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(BadInput, match="is a folder"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["absent.csv", "absent.parquet", "x" * 300 + ".csv", "absent/inner.csv"])
def test_a_file_that_cannot_be_opened_is_refused(tmp_path, name):
    with pytest.raises(BadInput) as caught:
        read(tmp_path / name)
    assert caught.value.diagnostics[0].code == "L001"


def test_a_stream_is_refused_because_it_can_be_read_only_once():
    with pytest.raises(BadInput, match="is a stream"):
        read(Path("/dev/null"))


def test_all_absent_columns_are_told_at_once():
    with pytest.raises(BadInput) as caught:
        answer(read(WORKS[0]), Question(output="sayd", truth="trueth", score="scor"))
    assert [d.code for d in caught.value.diagnostics] == ["L003"] * 3


def test_every_code_of_a_log_is_explained():
    places = [*(ROOT / "src/airworthy/data").rglob("*.py"), ROOT / "src/airworthy/service/model.py"]
    used = set(re.findall(r'"(L\d{3})"', "".join(p.read_text(encoding="utf-8") for p in places)))
    explained = (ROOT / "docs/reference/errors/L.md").read_text(encoding="utf-8")
    assert used == set(re.findall(r"^### (L\d{3})$", explained, re.MULTILINE))
