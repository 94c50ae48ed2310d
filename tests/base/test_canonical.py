"""Canonical bytes against an independent implementation of RFC 8785."""

from __future__ import annotations

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from airworthy.base.canonical import LARGEST, OutOfProfile, check, encode, encode_trusted, profiled, unprofiled
from contract.samples import decision, outcome

keys = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


@given(value=plain)
@settings(max_examples=400, deadline=None)
def test_inside_the_profile_two_implementations_agree_byte_for_byte(value: Any) -> None:
    assert encode(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("record", [decision(3), outcome(4)])
def test_a_leaf_is_canonical(record: Any) -> None:
    leaf = encode_trusted(record)
    check(json.loads(leaf))
    assert leaf == rfc8785.dumps(json.loads(leaf))


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (0.5, r"\$"),
        ({"a": [1, {"b": 1e300}]}, r"\$\.a\[1\]\.b"),
        (2**53, r"\$"),
        ([-(2**53)], r"\$\[0\]"),
        ({"Upper": 1}, "Upper"),
        ({"a-b": 1}, "a-b"),
        ({"": 1}, "snake_case"),
        ({"a": "\ud800"}, r"\$\.a"),
        (float("nan"), r"\$"),
    ],
)
def test_what_has_more_than_one_spelling_is_refused_with_its_place(value: Any, where: str) -> None:
    with pytest.raises(OutOfProfile, match=where):
        encode(value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_any_json_value_has_one_form_inside_the_profile_and_comes_back(value):
    inside = profiled(value)
    check(inside)
    assert unprofiled(inside) == value


def test_what_is_no_json_value_has_no_form():
    for value in (float("nan"), float("inf"), {1: 2}, {"a": b"bytes"}, "\ud800"):
        with pytest.raises(OutOfProfile):
            profiled(value)
    deep = current = []
    for _ in range(70):
        current.append([])
        current = current[0]
    with pytest.raises(OutOfProfile, match="64 levels"):
        profiled(deep)
