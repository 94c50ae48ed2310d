"""The reference of every key of a charter as Markdown, made from the model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, get_args

from airworthy.base.quantity import say_span
from airworthy.charter.model import Declared
from airworthy.charter.shape import Key, form, sections, shape
from airworthy.charter.term import Amount, Name, Section, Share, Span

_WORDS: Mapping[Any, str] = {
    str: "text",
    Name: "name",
    Share: "share",
    Span: "span",
    Amount: "number",
    date: "date",
    int: "whole number",
    bool: "`true` or `false`",
}


def reference() -> str:
    """Every key of a charter as Markdown: one heading a section, one table row a key."""
    return "\n".join(line for section in sections(Declared) for line in _section(section))


def _section(section: type[Section]) -> Iterator[str]:
    known = shape(section)
    yield f"### {heading(section)}\n"
    yield f"{known.sentence}\n"
    yield "| key | value | when left out | meaning |"
    yield "|---|---|---|---|"
    for key in known.keys:
        yield f"| `{key.name}` | {_said(key.type)} | {_left_out(key)} | {key.meaning} |"
    yield ""


def heading(section: type[Section]) -> str:
    """The heading a section has in the reference."""
    if section is Declared:
        return "The charter"
    return "".join(f" {c.lower()}" if c.isupper() else c for c in section.__name__).strip().capitalize()


def _said(kind: Any) -> str:
    match form(kind):
        case "section":
            return f"[{heading(kind).lower()}](#{heading(kind).lower().replace(' ', '-')})"
        case "list":
            return f"list: {_said(get_args(kind)[0])}"
        case "mapping":
            return f"name: {_said(get_args(kind)[1])}"
        case "choice":
            return ", ".join(f"`{choice}`" for choice in get_args(kind))
        case "json":
            return "any"
    return _WORDS[kind]


def _left_out(key: Key) -> str:
    if key.required:
        return "a mistake"
    if key.default is None or key.default in ((), {}):
        return "nothing"
    if key.type is Span:
        return f"`{say_span(key.default)}`"
    return f"`{json.dumps(key.default)}`"
