"""The documents cannot lie: what they name exists, and what exists is named."""

from __future__ import annotations

import re

import pytest
import typer

from airworthy.claim.catalogue import CATALOGUE
from airworthy.cli.main import app
from docs.golden import PAGES, ROOT

SOURCE = sorted((ROOT / "src").rglob("*.py"))
ERRORS = sorted((ROOT / "docs/reference/errors").glob("?.md"))
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("[A-Z]*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
CODE = re.compile(r'"([A-Z]\d{3})"')
# What a heading's paragraph must offer besides the sentence: something to do.
NEVER_SHOWN = {"X000"}


def used():
    """Every error code in the source, with the file it stands in."""
    return {code: file.name for file in SOURCE for code in CODE.findall(file.read_text(encoding="utf-8"))}


def headings():
    """Every heading in the error reference, with the words below it."""
    parts = [re.split(r"^### ", file.read_text(encoding="utf-8"), flags=re.M)[1:] for file in ERRORS]
    return {part[:4]: part[4:].strip() for file in parts for part in file}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_made_from_the_code_is_up_to_date(page):
    kept = (ROOT / f"docs/reference/{page}.md").read_text(encoding="utf-8")
    assert kept == PAGES[page](), "run: python tests/docs/golden.py, and read what it wrote"


def test_every_error_code_has_a_heading_with_words():
    missing = sorted(
        (code, file) for code, file in used().items() if code not in headings() and code not in NEVER_SHOWN
    )
    assert missing == []
    assert all(len(words.split()) > 5 for words in headings().values())


def test_no_heading_is_left_of_a_code_that_is_gone():
    assert sorted(set(headings()) - set(used())) == []


def test_codes_stand_in_the_file_of_their_letter_and_in_order():
    for file in ERRORS:
        codes = re.findall(r"^### (\w+)", file.read_text(encoding="utf-8"), re.M)
        assert codes == sorted(set(codes))
        assert {code[0] for code in codes} <= {file.stem}


def test_every_claim_has_a_heading():
    page = (ROOT / "docs/reference/claims.md").read_text(encoding="utf-8")
    assert re.findall(r"^### (.+)$", page, re.M) == [spec.claim for spec in CATALOGUE]


def commands():
    group = typer.main.get_command(app)
    found = {}
    for name, command in group.commands.items():
        found[name] = command
        found |= {f"{name} {sub}": one for sub, one in getattr(command, "commands", {}).items()}
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)
def test_every_command_a_document_names_exists_with_its_options(document):
    known = commands()
    text = document.read_text(encoding="utf-8").replace("\\|", "|")
    for line in re.findall(r"(?:`|bin/)airworthy ([a-z][^`\n]*)", text):
        first, *rest = line.split()
        assert first in known, line
        subs = rest[0].split("|") if rest and hasattr(known[first], "commands") else []
        for name in [f"{first} {sub}" for sub in subs] or [first]:
            options = {word for one in known[name].params for word in one.opts}
            assert {word for word in rest if re.fullmatch(r"--[a-z-]+", word)} <= options | {"--help"}, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)
def test_links_lead_somewhere(document):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    gone = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert gone == []


def test_the_readme_names_every_command():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in commands() if " " not in name and f"`airworthy {name}" not in text] == []


def test_no_document_names_a_place_on_a_machine():
    for document in DOCUMENTS:
        assert not re.search(r"(?<![\w.])/(work|home|root|Users)/", document.read_text(encoding="utf-8")), document.name
