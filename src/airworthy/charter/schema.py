"""The published JSON Schema of a charter, made from the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

from airworthy.charter.decode import ASK
from airworthy.charter.model import Declared
from airworthy.charter.shape import Key, form, sections, shape
from airworthy.charter.term import Amount, Name, Section, Share, Span

_PERCENT = r"^\s*\d+(\.\d+)?\s*%\s*$"
_SCALARS: Mapping[Any, dict[str, Any]] = {
    # Text may also be written as a bare number or word, which is kept as it stands.
    str: {"type": ["string", "number", "boolean"], "pattern": r"\S"},
    Name: {"type": ["string", "integer"], "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 80},
    Share: {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": _PERCENT}]},
    Span: {"type": "string", "pattern": r"^\s*\d+\s*[smhdw]\s*$"},
    Amount: {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _PERCENT}]},
    date: {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
    int: {"type": "integer", "minimum": 0},
    bool: {"type": "boolean"},
}


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a charter: every key described, unknown keys refused."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Airworthy charter",
        **_of(Declared),
        "$defs": {section.__name__: _of(section) for section in sections(Declared)[1:]},
    }


def schema_text() -> str:
    """`schema()` as it is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _of(section: type[Section]) -> dict[str, Any]:
    known = shape(section)
    return {
        "type": "object",
        "description": known.sentence,
        "properties": {key.name: _key(key) for key in known.keys},
        "required": [key.name for key in known.keys if key.required],
        "additionalProperties": False,
    }


def _key(key: Key) -> dict[str, Any]:
    written = _value(key.type)
    if not key.required:
        written = {"anyOf": [written, {"type": "null"}]}
    return {"description": key.meaning, **written}


def _value(kind: Any) -> dict[str, Any]:
    match form(kind):
        case "section":
            return {"$ref": f"#/$defs/{kind.__name__}"}
        case "list":
            return {"type": "array", "items": _value(get_args(kind)[0])}
        case "mapping":
            return {"type": "object", "additionalProperties": _value(get_args(kind)[1])}
        case "choice":
            return {"enum": list(get_args(kind))}
        case "json":
            return {}
    return {**_SCALARS[kind], "not": {"const": ASK}} if kind in (str, Name) else dict(_SCALARS[kind])
