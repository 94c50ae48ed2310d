"""The model a charter names, and what tells one from another."""

from __future__ import annotations

from airworthy.charter.load import load
from airworthy.claim.catalogue import BY_ID
from airworthy.service.model import code_digest
from service.worlds import world


def digest_of(charter):
    return code_digest(load(charter, BY_ID), charter.parent)


def test_changed_code_is_another_model(tmp_path):
    charter = world(tmp_path, estimator=True)
    before = digest_of(charter)
    assert len(before) == 64
    with (tmp_path / "sorter.py").open("a", encoding="utf-8") as file:
        file.write("# one more line\n")
    assert digest_of(charter) not in ("", before)


def test_recorded_outputs_and_installed_models_have_no_code_of_their_own(tmp_path):
    charter = world(tmp_path)
    assert digest_of(charter) == ""
    text = charter.read_text(encoding="utf-8")
    charter.write_text(text.replace("recorded: true", "object: json:dumps"), encoding="utf-8")
    assert digest_of(charter) == ""
