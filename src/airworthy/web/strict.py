"""JSON without surprises: what two readers could understand differently is refused, never repaired."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

import msgspec

from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput
from airworthy.web.problem import Refused

DEEPEST = 64  # levels of lists and objects
MOST_VALUES = 50_000  # in one body
LARGEST = 2**63 - 1
_SPACE = " \t\r\n"
_SHOWN = 60  # characters of a key in a sentence

T = TypeVar("T")

_DIGITS = 18  # an integer of so many fits 64 bits
_ODD = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")  # perhaps a null character, or half a surrogate pair


def read(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """What `body` says. Raises Refused (400) where it is not sound JSON, BadInput where it is not what was declared."""
    _scan(body)
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise BadInput([_mistake(error)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(str(error)) from None


def _scan(body: bytes) -> None:
    """Nothing where every object of `body` has each of its keys once, and nothing in it is odd."""
    try:
        text = body.decode().strip(_SPACE)
        value, end = _decoder.raw_decode(text)
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start} is not UTF-8") from None
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        raise _malformed(f"{error.msg} (character {error.pos})") from None
    if end < len(text):
        raise _malformed(f"something stands behind its end (character {end})")
    if _may_be_odd(body):
        _look(value, DEEPEST, [MOST_VALUES])


def _may_be_odd(body: bytes) -> bool:
    """False where a glance shows that no value of `body` needs to be looked at."""
    if body.count(b"[") + body.count(b"{") > DEEPEST or body.count(b",") > MOST_VALUES:
        return True
    return b"\\u" in body and _ODD.search(body) is not None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _surprise(f"the key {_shown(_twice(pairs))} stands twice in one object", "say it once")
    return found


def _twice(pairs: list[tuple[str, Any]]) -> str:
    """The first key that was there before. One is."""
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            break
        seen.add(name)
    return name


def _constant(word: str) -> Any:
    raise _surprise(f"{word} is no JSON number", "leave out what has no value")


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS and (len(digits) > 2 * _DIGITS or not -LARGEST <= int(digits) <= LARGEST):
        raise _surprise("an integer does not fit 64 bits", "write it as text")
    return int(digits)


_decoder = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_constant, parse_int=_integer)


def _look(value: Any, levels: int, left: list[int]) -> None:
    """Raises Refused at the first value that cannot be kept as it stands. `left`: how many more values may come."""
    left[0] -= 1
    if left[0] < 0:
        raise _surprise(f"more than {MOST_VALUES:,} values", "send less at once")
    if isinstance(value, str):
        _look_at_text(value)
    elif isinstance(value, list | dict):
        if not levels:
            raise _too_deep()
        for name in value if isinstance(value, dict) else ():
            _look_at_text(name)
        for inner in value.values() if isinstance(value, dict) else value:
            _look(inner, levels - 1, left)


def _look_at_text(text: str) -> None:
    if "\0" in text:
        raise _surprise("a text holds a null character, which stores cannot keep", "leave it out")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _surprise("a text holds half a surrogate pair", "write whole characters") from None


def _surprise(sentence: str, help: str) -> Refused:
    return Refused(400, "H007", sentence, help=help)


def _too_deep() -> Refused:
    return _surprise(f"a value is nested more than {DEEPEST} levels deep", "send it flatter, or as text")


def _malformed(why: str) -> Refused:
    return Refused(
        400, "H001", f"the body is not JSON: {why[:1].lower()}{why[1:]}", help="send one JSON object as UTF-8"
    )


def _mistake(error: msgspec.ValidationError) -> Diagnostic:
    said = str(error).replace(" - at ", " at ")
    return Diagnostic("H008", said[:1].lower() + said[1:], help="its form stands in /schema/openapi.json")


def _shown(name: str) -> str:
    return ascii(name if len(name) <= _SHOWN else name[:_SHOWN] + "...")
