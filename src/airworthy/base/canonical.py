"""Bytes that two machines agree on: RFC 8785 restricted to what has one spelling.

The profile: no floats, integers within +-(2^53-1), object keys ASCII snake_case. Within it sorted compact JSON is
RFC 8785, byte for byte (`tests/base/test_canonical.py` compares with an independent implementation).
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import msgspec

from airworthy.base.errors import AirworthyError

LARGEST = 2**53 - 1
_KEY = re.compile(r"[a-z][a-z0-9_]*\Z")
_encode = msgspec.json.Encoder(order="sorted").encode


class OutOfProfile(AirworthyError):
    """A value that has no single spelling: a float, a huge integer, a key that is not snake_case, a lone surrogate."""

    code = "R010"


def encode(value: object) -> bytes:
    """`value` (JSON types or msgspec structs of them) in canonical form. Raises OutOfProfile naming the place."""
    plain = msgspec.to_builtins(value, order="sorted")
    check(plain)
    return _encode(plain)


def encode_trusted(value: object) -> bytes:
    """As `encode`, for a struct whose declared types already exclude what `check` looks for."""
    return _encode(value)


def check(value: Any, at: str = "$") -> None:
    """Nothing when plain JSON `value` is inside the profile, else OutOfProfile naming the first place outside it."""
    if value is None or value is True or value is False:
        return
    if isinstance(value, str):
        _check_text(value, at)
    elif isinstance(value, int):
        if not -LARGEST <= value <= LARGEST:
            raise OutOfProfile(f"the integer at {at} does not fit 53 bits", help="write it as a decimal string")
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            check(item, f"{at}[{i}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not _KEY.match(key):
                raise OutOfProfile(f"the key {key!r} at {at} is not ASCII snake_case")
            check(item, f"{at}.{key}")
    else:
        raise OutOfProfile(
            f"the {type(value).__name__} at {at} has no canonical form", help="use integers or decimal strings"
        )


def _check_text(value: str, at: str) -> None:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise OutOfProfile(f"the text at {at} holds a lone surrogate") from None


DEEPEST = 64  # levels of lists and objects


def profiled(value: Any) -> Any:
    """Any JSON value as one inside the profile: objects as sorted `fields`, numbers with a fraction as text.

    Two values that JSON reads alike give the same: 1.0 is 1. Raises OutOfProfile on NaN, infinities, lone surrogates,
    keys that are not text, other types, and more than 64 levels.
    """
    return _profiled(value, DEEPEST)


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values say the same, byte for byte: 1 and 1.0 do, 1 and true do not. Raises OutOfProfile."""
    return _encode(profiled(one)) == _encode(profiled(other))


def unprofiled(value: Any) -> Any:
    """The JSON value `profiled` was given."""
    if isinstance(value, dict):
        if "number" in value:
            return _number(value["number"])
        return {key: unprofiled(inner) for key, inner in value["fields"]}
    return [unprofiled(inner) for inner in value] if isinstance(value, list | tuple) else value


def _profiled(value: Any, left: int) -> Any:
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return int(value) if -LARGEST <= value <= LARGEST else {"number": str(int(value))}
    if isinstance(value, float):
        return _profiled_float(value)
    if not left:
        raise OutOfProfile(f"a value is nested more than {DEEPEST} levels deep")
    if isinstance(value, list | tuple):
        return [_profiled(inner, left - 1) for inner in value]
    if isinstance(value, dict):
        return {"fields": [[key, _profiled(value[key], left - 1)] for key in sorted(map(_key_text, value))]}
    raise OutOfProfile(f"a {type(value).__name__} is no JSON value")


def _profiled_float(value: float) -> Any:
    if value != value or value in (float("inf"), float("-inf")):
        raise OutOfProfile("a number is not finite")
    if value.is_integer() and abs(value) <= LARGEST:
        return int(value)
    return {"number": repr(value)}


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _key_text(key: Any) -> str:
    if not isinstance(key, str):
        raise OutOfProfile(f"the key {key!r} is not text")
    return _text(key)


def _text(text: str) -> str:
    if not text.isascii():  # known without a look: most text needs no more
        _check_text(text, "$")
    return text


def digest(data: bytes) -> str:
    """SHA-256 of `data` as 64 hex characters."""
    return hashlib.sha256(data).hexdigest()
