"""Python values go to JSON and come back as what they were."""

from __future__ import annotations

import dataclasses
import enum
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airworthy.base.errors import BadInput
from airworthy.exchange.permit import payload_digest
from airworthy.sdk.value import from_json, to_json, type_of
from sdk.claims import PAY, Triage

pydantic = pytest.importorskip("pydantic")


class Model(pydantic.BaseModel):
    team: str
    when: date | None = None


class Struct(msgspec.Struct):
    triage: Triage
    at: datetime


class Colour(enum.Enum):
    RED = "red"


class Pair(NamedTuple):
    left: int
    right: int


@dataclasses.dataclass
class Outer:
    model: Model
    many: list[Triage]


VALUES = [
    PAY, Struct(PAY, datetime(2026, 1, 1, tzinfo=UTC)), Model(team="a", when=date(2026, 1, 2)), {"a": [1, None, True]},
    "text", 3, 2.5, True, None, [PAY, PAY], (1, 2), [Model(team="x")], Colour.RED, Decimal("1.10"), UUID(int=7),
    Pair(1, 2), Outer(Model(team="b"), [PAY]), [], np.float64(0.5), np.int64(3),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_itself(value):
    json = to_json(value)
    again = from_json(msgspec.json.decode(msgspec.json.encode(json)), type_of(value))
    assert again == value
    assert type(again) is type(value)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
            max_leaves=8,
        ),
        max_size=4,
    )
)
def test_plain_json_comes_back_and_a_permit_binds_to_the_same_bytes(value):
    again = from_json(to_json(value), type_of(value))
    assert again == value
    assert payload_digest(to_json(again)) == payload_digest(to_json(value))


@pytest.mark.parametrize("value", [5, "x", [1], None])
def test_what_is_no_object_stands_as_value(value):
    assert to_json(value) == {"value": value}


def test_an_object_whose_only_field_is_value_stays_one():
    assert from_json(to_json({"value": 3}), dict) == {"value": 3}


def test_the_json_shares_nothing_with_the_value():
    value = {"lines": [1]}
    json = to_json(value)
    value["lines"].append(2)
    assert json == {"lines": [1]}


@pytest.mark.parametrize(
    "value", [float("nan"), {"a": float("inf")}, object(), "\ud800", {"a": {1, object()}}, lambda: 1], ids=repr
)
def test_what_has_no_json_form_is_refused_with_a_code(value):
    with pytest.raises(BadInput) as refused:
        to_json(value)
    assert refused.value.diagnostics[0].code == "C010"


@pytest.mark.parametrize("json", [{"action": "pay"}, {"action": "pay", "amount": "many"}, None, 3])
def test_json_that_does_not_fit_the_type_is_refused_and_says_which_field(json):
    with pytest.raises(BadInput) as refused:
        from_json(json, Triage)
    assert refused.value.diagnostics[0].code == "C011"
    assert "Triage" in str(refused.value)


def test_any_leaves_json_as_it_is():
    assert from_json({"value": [1]}, Any) == {"value": [1]}


def test_a_deep_value_is_refused_not_a_crash():
    value: Any = 1
    for _ in range(2_000):
        value = [value]
    with pytest.raises(BadInput):
        to_json(value)
