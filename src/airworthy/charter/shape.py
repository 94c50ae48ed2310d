"""The shape of the model: which keys a section has, of which kind, and what its docstring says of each.

Decoding, the published schema and the reference are three readings of these shapes, so they cannot differ.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from airworthy.charter.term import Section

_LINE = re.compile(r"^(\w+) {2,}(.+)$", re.MULTILINE)


class Key(msgspec.Struct, frozen=True):
    """One key of a section: its name, the type of its value without None, whether it must be given, what it means."""

    name: str
    type: Any
    required: bool
    default: Any
    meaning: str


class Shape(msgspec.Struct, frozen=True):
    """A section: its first sentence and its keys in reading order."""

    sentence: str
    keys: tuple[Key, ...]

    def key(self, name: str) -> Key | None:
        """The key called `name`, or None."""
        return next((k for k in self.keys if k.name == name), None)


@cache
def shape(section: type[Section]) -> Shape:
    """The shape of `section`. Keys come in the order of its docstring; unexplained ones come last."""
    doc = inspect.cleandoc(section.__doc__ or "")  # Python 3.13 takes the indent away itself
    meanings = {name: meaning.strip() for name, meaning in _LINE.findall(doc)}
    keys = [_key(f, meanings.get(f.name, "")) for f in msgspec.structs.fields(section)]
    order = list(meanings)
    keys.sort(key=lambda k: order.index(k.name) if k.name in meanings else len(order))
    return Shape(doc.strip().partition("\n")[0], tuple(keys))


def _key(field: msgspec.structs.FieldInfo, meaning: str) -> Key:
    default = field.default if field.default is not msgspec.NODEFAULT else None
    if field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    return Key(field.name, without_none(field.type), field.required, default, meaning)


def without_none(kind: Any) -> Any:
    """`X` for `X | None`, else the type itself."""
    if get_origin(kind) is Union or type(kind).__name__ == "UnionType":
        return next(k for k in get_args(kind) if k is not type(None))
    return kind


Form = Literal["section", "list", "mapping", "choice", "day", "scalar", "json"]


def form(kind: Any) -> Form:
    """How values of type `kind` are written."""
    if isinstance(kind, type) and issubclass(kind, Section):
        return "section"
    origin = get_origin(kind)
    if origin is tuple:
        return "list"
    if origin is Literal:
        return "choice"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "mapping"
    if kind is Any:
        return "json"
    return "day" if kind is date else "scalar"


def kind_at(root: type[Section], path: tuple[str, ...]) -> Any:
    """The type of the value at `path` below `root`, where every entry of a list is meant; None where no key stands."""
    kind: Any = root
    for step in path:
        while form(kind) in ("list", "mapping"):
            kind = get_args(kind)[-1] if form(kind) == "mapping" else get_args(kind)[0]
        key = shape(kind).key(step) if form(kind) == "section" else None
        if key is None:
            return None
        kind = key.type
    return kind


def sections(root: type[Section]) -> tuple[type[Section], ...]:
    """`root` and every section below it, each after the one that holds it."""
    found: dict[type[Section], None] = {}
    waiting: list[type[Section]] = [root]
    while waiting:
        section = waiting.pop(0)
        if section not in found:
            found[section] = None
            waiting.extend(inner for key in shape(section).keys for inner in _held(key.type))
    return tuple(found)


def _held(kind: Any) -> Iterator[type[Section]]:
    if form(kind) == "section":
        yield kind
    for inner in get_args(kind) if form(kind) in ("list", "mapping") else ():
        yield from _held(inner)
