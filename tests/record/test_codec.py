"""Records: canonical bytes there and back, and nothing in them that identifies anybody."""

from __future__ import annotations

import re
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airworthy.base import canonical
from airworthy.base.errors import StoreDamaged
from airworthy.record import codec
from airworthy.record.decision import Confidence, DecisionMade, Draw, GateClosed, OutcomeLearnt, Reason, SourceState
from airworthy.record.envelope import FORMAT, Record, kind
from contract.samples import decision, outcome

KINDS = get_args(codec.AnyRecord)
whole = st.integers(-(2**53) + 1, 2**53 - 1)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
made = st.builds(
    msgspec.structs.replace,
    st.just(decision(1)),
    at=whole,
    ts=whole,
    segment=text,
    score=st.none() | whole,
    confidence=st.none() | st.builds(Confidence, whole, whole, text),
    audit=st.none() | st.builds(Draw, whole, st.booleans()),
    reasons=st.lists(st.builds(Reason, text, text), max_size=3).map(tuple),
    simulated=st.lists(text, max_size=2).map(tuple),
    sources=st.lists(st.builds(SourceState, text, text, st.none() | whole, st.just("unknown")), max_size=2).map(tuple),
)


def test_every_kind_of_record_in_the_code_can_be_read_back():
    assert {kind(one) for one in Record.__subclasses__()} == {kind(one) for one in KINDS}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(made)
def test_a_record_is_the_same_after_the_log(made):
    leaf = codec.leaf(made)
    assert codec.record(leaf) == made
    assert leaf == canonical.encode(made)


@pytest.mark.parametrize("found", [decision(3), outcome(4)], ids=kind)
def test_a_leaf_says_its_kind_and_format_and_is_inside_the_canonical_profile(found):
    plain = msgspec.json.decode(codec.leaf(found))
    assert (plain["kind"], plain["v"]) == (kind(found), FORMAT)
    canonical.check(plain)
    assert list(plain) == sorted(plain)


@pytest.mark.parametrize("leaf", [b"", b"{}", b"[]", b'{"kind":"unknown.kind"}', codec.leaf(decision(1))[:-9]])
def test_foreign_or_damaged_bytes_are_refused(leaf):
    with pytest.raises(StoreDamaged, match="cannot be read as a record"):
        codec.record(leaf)


def test_a_record_of_a_later_version_with_more_fields_can_be_read():
    later = msgspec.json.decode(codec.leaf(outcome(1))) | {"mood": "hopeful"}
    assert codec.record(msgspec.json.encode(later)) == outcome(1)


@pytest.mark.parametrize("of", KINDS, ids=kind)
def test_no_field_of_a_leaf_is_a_float_or_holds_a_name_in_the_clear(of):
    for field in msgspec.structs.fields(of):
        assert "float" not in str(field.type)
        assert not re.fullmatch(r"(subject|person|name|email|user|customer)(_id)?", field.name)


def test_records_cannot_be_changed():
    for found in (decision(1), outcome(1)):
        with pytest.raises(AttributeError):
            found.at = 0


def test_kinds_are_family_and_event():
    assert {kind(one) for one in (DecisionMade, OutcomeLearnt, GateClosed)} == {
        "decision.made", "outcome.learnt", "gate.closed",
    }  # fmt: skip
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+", kind(one)) for one in KINDS)
