"""Every broken charter has one defect, and `airworthy check` says exactly that."""

from __future__ import annotations

import re

import pytest

from airworthy.charter.load import examine, load
from airworthy.claim.catalogue import BY_ID
from charter.golden import BROKEN, ROOT, VALID, printed

CODES = set(
    re.findall(r"^### (D\d{3})$", (ROOT / "docs/reference/errors/D.md").read_text(encoding="utf-8"), re.MULTILINE)
)


@pytest.mark.parametrize("file", BROKEN, ids=lambda f: f.stem)
def test_a_broken_charter_prints_its_one_mistake(file):
    assert printed(file) == file.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", BROKEN, ids=lambda f: f.stem)
def test_a_broken_charter_is_found_by_the_code_it_is_named_after(file):
    charter, found = examine(file.read_bytes(), file.name, BY_ID)
    assert [d.code for d in found] == [file.stem[:4]]
    assert (charter is None) == (found[0].severity == "mistake")


@pytest.mark.parametrize("file", BROKEN, ids=lambda f: f.stem)
def test_a_caret_stands_under_text_of_its_line(file):
    lines = file.read_bytes().decode("utf-8", "replace").split("\n")
    for diagnostic in examine(file.read_bytes(), file.name, BY_ID)[1]:
        place = diagnostic.place
        if place is None or not place.column:
            continue
        assert place.text == lines[place.line - 1]
        assert 1 <= place.column <= len(place.text) + 1
        assert place.length >= 1


@pytest.mark.parametrize("file", VALID, ids=lambda f: f.stem)
def test_a_valid_charter_loads(file):
    assert load(file, BY_ID).use_case


def test_every_code_is_explained_and_every_explained_code_is_broken_somewhere():
    places = [*(ROOT / "src/airworthy/charter").rglob("*.py"), ROOT / "src/airworthy/cli/init.py"]
    assert set(re.findall(r'"(D\d{3})"', "".join(p.read_text(encoding="utf-8") for p in places))) == CODES
    assert {file.stem[:4] for file in BROKEN} == CODES - {"D054"}  # D054 is about a file that is there, not its text


def test_all_mistakes_of_a_charter_are_told_at_once():
    text = (ROOT / "tests/charter/valid/team.yaml").read_text(encoding="utf-8")
    text = text.replace("item.amount >", "item.amuont >").replace("nobody: fallback", "nobody: act")
    text = text.replace("{seat: trust-owner, deputy: claims-deputy}", "{seat: trust-owner}").replace("unit:", "unti:")
    assert [d.code for d in examine(text, "team.yaml")[1]] == ["D004", "D027", "D008", "D014"]
