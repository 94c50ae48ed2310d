"""The names a rule may use at one decision point, with their types, read from its input and output schemas."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
from cel_expr_python import cel

from airworthy.charter.work import DecisionPoint

LONGEST = 1_000  # entries of a list a rule may read; longer ones are not evaluated

T = cel.Type
Read = Callable[[Any], Any]  # a value as CEL takes it; raises ValueError saying what it is not

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_RESERVED = frozenset({"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in"})
_RESERVED |= {"let", "loop", "namespace", "null", "package", "return", "true", "var", "void", "while"}


class Field(msgspec.Struct, frozen=True):
    """One name: where its value lies in the item or the output, its CEL type, and how a value is read."""

    name: str  # as a rule writes it, such as `item.priority`
    path: tuple[str, ...]
    type: Any
    read: Read
    values: tuple[str, ...] = ()  # the only values a text field can have, where its schema lists them


class Environment:
    """Everything a rule of one decision point may name."""

    def __init__(self, point: DecisionPoint) -> None:
        fields = [*_fields("item", point.input), *_fields("output", point.output)]
        self.point = point.point
        self.fields = {f.name: f for f in fields}
        self.cel = cel.NewEnv(variables={f.name: f.type for f in fields} | _GIVEN)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name, fields first."""
        return (*self.fields, *_GIVEN)


@cache
def _constants() -> Any:
    return cel.NewEnv()


def constant(text: str) -> Any:
    """The value of an expression without names."""
    return _constants().compile(text).eval(data={})


_GIVEN = {"confidence": T.DOUBLE, "now": T.TIMESTAMP}


def _fields(prefix: str, schema: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[Field]:
    """The flat names of an object schema; an object with declared properties becomes names one dot deeper."""
    properties = schema.get("properties")
    for key, inner in properties.items() if isinstance(properties, Mapping) else ():
        if not isinstance(inner, Mapping) or not _IDENTIFIER.match(key) or key in _RESERVED:
            continue
        name, at = f"{prefix}.{key}", (*path, key)
        if isinstance(inner.get("properties"), Mapping):
            yield from _fields(name, inner, at)
        elif (kind := kind_of(inner)) is not None:
            yield Field(name, at, *_KINDS[kind], values=_values(inner))


def _values(schema: Mapping[str, Any]) -> tuple[str, ...]:
    listed = schema.get("enum")
    return tuple(listed) if isinstance(listed, list) and all(isinstance(v, str) for v in listed) else ()


def kind_of(schema: Mapping[str, Any]) -> str | None:
    """The kind of values a JSON Schema describes: a key of the table below, or None when it does not say."""
    declared = schema.get("type")
    if isinstance(declared, list):
        declared = next((t for t in declared if t != "null"), None)
    if declared is None and isinstance(schema.get("enum"), list):
        return "string" if _values(schema) else None
    if declared == "string" and schema.get("format") == "date-time":
        return "moment"
    if declared == "array":
        items = schema.get("items")
        inner = kind_of(items) if isinstance(items, Mapping) else None
        return f"list of {inner}" if f"list of {inner}" in _KINDS else None
    return declared if isinstance(declared, str) and declared in _KINDS else None


def _exactly(kind: type, said: str) -> Read:
    def read(value: Any) -> Any:
        if type(value) is not kind:  # bool passes as int everywhere else
            raise ValueError(f"is not {said}")
        return value

    return read


def read_number(value: Any) -> float:
    """A finite number as float."""
    try:
        if type(value) in (int, float) and math.isfinite(value):
            return float(value)
    except OverflowError:  # an integer beyond every float
        pass
    raise ValueError("is not a number")


def _moment(value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("is not a moment") from None
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise ValueError("is not a moment with a time zone")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("is a moment outside the years 1 to 9999") from None


def _whole(value: Any) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ValueError("is not a whole number of 64 bits")
    return value


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) > LONGEST:
        raise ValueError("is not a small object")
    return value


def _list_of(read: Read) -> Read:
    def read_list(value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise ValueError("is not a list")
        if len(value) > LONGEST:
            raise ValueError(f"has more than {LONGEST:,} entries")
        return [read(v) for v in value]

    return read_list


_SCALARS: dict[str, tuple[Any, Read]] = {
    "string": (T.STRING, _exactly(str, "text")),
    "integer": (T.INT, _whole),
    "number": (T.DOUBLE, read_number),
    "boolean": (T.BOOL, _exactly(bool, "true or false")),
    "moment": (T.TIMESTAMP, _moment),
}
_KINDS: dict[str, tuple[Any, Read]] = {
    **_SCALARS,
    "object": (T.Map(T.STRING, T.DYN), _object),
    **{f"list of {name}": (T.List(kind), _list_of(read)) for name, (kind, read) in _SCALARS.items()},
}
