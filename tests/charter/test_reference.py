"""The schema and the reference are made from the model and cannot fall behind it."""

from __future__ import annotations

import re

import jsonschema
import pytest

from airworthy.charter.load import loads
from airworthy.charter.model import Declared
from airworthy.charter.parse import parse
from airworthy.charter.schema import schema
from airworthy.charter.shape import sections, shape
from charter.golden import BROKEN, KEYS, REFERENCE, ROOT, VALID, expected

STRUCTURAL = {"D003", "D004", "D005", "D006", "D007", "D009", "D010", "D012", "D027"}
VALIDATOR = jsonschema.Draft202012Validator(schema())


def plain(file):
    return parse(file.read_bytes(), file.name).root.plain()


@pytest.mark.parametrize("section", sections(Declared), ids=lambda s: s.__name__)
def test_every_key_of_a_section_is_explained_in_its_docstring(section):
    assert all(key.meaning for key in shape(section).keys)
    assert shape(section).sentence.endswith((".", "?"))


def test_the_published_files_are_up_to_date():
    for file, text in expected().items():
        assert file.read_text(encoding="utf-8") == text, f"run tests/charter/golden.py: {file.name}"


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("file", VALID, ids=lambda f: f.stem)
def test_a_valid_charter_fits_the_schema(file):
    assert [e.message for e in VALIDATOR.iter_errors(plain(file))] == []


@pytest.mark.parametrize("file", [f for f in BROKEN if f.stem[:4] in STRUCTURAL], ids=lambda f: f.stem)
def test_a_charter_with_a_broken_structure_does_not_fit_the_schema(file):
    assert not VALIDATOR.is_valid(plain(file))


def test_the_examples_of_the_reference_are_sound():
    blocks = re.findall(r"```yaml\n(.*?)```", REFERENCE.read_text(encoding="utf-8"), re.DOTALL)
    whole = [block for block in blocks if block.startswith(("airworthy:", "# What must be true"))]
    assert whole
    for block in whole:
        assert loads(block).use_case


def test_the_full_example_of_the_reference_is_the_one_that_is_tested():
    example = (ROOT / "tests/charter/valid/incident-triage.yaml").read_text(encoding="utf-8")
    assert example in REFERENCE.read_text(encoding="utf-8").partition(KEYS)[0]
