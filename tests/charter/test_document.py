"""Positions: a place inside a value stands where the value was written, whatever quotes and folds did to it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airworthy.base.errors import BadInput
from airworthy.charter.draft import draft
from airworthy.charter.parse import parse

WAYS = {
    "plain": 'when: item.kind == "car" && WORD > 1\n',
    "single quotes": "when: 'item.kind == \"it''s\" && WORD > 1'\n",
    "double quotes": 'when: "item.kind == \\"car\\" && WORD > 1"\n',
    "wide characters": "when: '\"車の保険\" == item.kind && WORD > 1'\n",
    "a literal block": "when: |\n  item.kind == 'car' &&\n    WORD > 1\n",
    "a folded block": "when: >-\n  item.kind == 'car' &&\n  WORD > 1\n",
    "plain over lines": "when: item.kind == 'car' &&\n  WORD > 1\n",
    "quotes over lines": "when: 'item.kind == \"car\" &&\n\n   WORD > 1'\n",
    "a flow mapping": "rule: {when: item.new && WORD > 1, why: no}\n",
    "a tab within it": "when: 'item.new\t&& WORD > 1'\n",
}


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS.keys())
def test_a_word_within_a_value_is_found_where_it_was_written(text):
    document = parse(text.encode(), "charter.yaml")
    node = document.node(("when",)) or document.node(("rule", "when"))
    assert node is not None
    place = document.within(node, str(node.value).index("WORD"), 4)
    assert place.text[place.column - 1 :][: place.length] == "WORD"
    assert place.text == text.split("\n")[place.line - 1]


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=20), st.text(alphabet="ab '\"\\:#é車\u0301", max_size=20))
def test_a_word_is_found_between_any_printable_text(before, after):
    value = f"{before}<WORD>{after}"
    document = parse(draft({"zz": value}).encode("utf-8", "replace"), "charter.yaml")
    node = document.node(("zz",))
    assert node is not None
    place = document.within(node, str(node.value).index("<WORD>"), 6)
    if all(c.isprintable() for c in before) and "\\" not in before:
        assert place.text[place.column - 1 :][: place.length] == "<WORD>"
    assert place.line


def test_a_place_past_the_end_of_a_value_is_where_it_ends():
    document = parse(b"when: item.amount >\nwhy: x\n", "charter.yaml")
    node = document.node(("when",))
    assert node is not None
    assert (document.within(node, 13, 1).line, document.within(node, 13, 1).column) == (1, 20)


def test_a_block_stands_at_its_key_and_nothing_at_all_too():
    document = parse(b"a:\n  b: 1\nc:\nd: {e: 1}\n", "charter.yaml")
    assert [str(document.place((key,))) for key in "acd"] == [
        "charter.yaml:1:1",
        "charter.yaml:3:1",
        "charter.yaml:4:4",
    ]


def test_numbers_words_and_dates_are_read_as_yaml_1_2_reads_them():
    text = b"[1, 1.5, 1e3, true, null, ~, yes, 010, 0x1f, 2026-03-21, 10:20, '1', .inf, 1_000]"
    root = parse(b"a: " + text, "charter.yaml").root
    assert root.plain() == {
        "a": [1, 1.5, 1000.0, True, None, None, "yes", 10, "0x1f", "2026-03-21", "10:20", "1", ".inf", "1_000"]
    }


@pytest.mark.parametrize("text", [b"a: [" * 40, b"a: {b: " * 40, b"- " * 50 + b"a", b"? " * 40])
def test_depth_is_bounded(text):
    with pytest.raises(BadInput):
        parse(text, "charter.yaml")
