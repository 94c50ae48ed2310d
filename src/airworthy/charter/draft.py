"""A first charter: what is known filled in, every open question left visible as `ask`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from airworthy.charter.decode import ASK, is_written
from airworthy.charter.model import Declared
from airworthy.charter.parse import plain_scalar
from airworthy.charter.questions import FIRST, QUESTIONS, example_for, question_for
from airworthy.charter.shape import kind_at, shape
from airworthy.charter.term import Share, Span

WIDTH = 120
_SAFE = re.compile(r"[A-Za-z0-9_(/][^:#,\[\]{}]*\Z")  # plain text that needs no quotes anywhere

_USUAL: Mapping[Any, str] = {Span: "4h", Share: "5 %"}  # where the question has no example of its own

# The section each of the nine questions opens with; the first stands above the whole work.
_OPENS = {
    "workflow": 1,
    "seats": 2,
    "duties": 3,
    "wrong_means": 4,
    "sources": 5,
    "escalation": 6,
    "approvals": 7,
    "claims": 8,
    "must_be_true": 9,
}
_WORK: dict[str, Any] = {
    "airworthy": 1,
    "use_case": ASK,
    "title": ASK,
    "mode": "team",
    "role": "deployer",
    "stage": "pilot",
    "workflow": {"name": ASK, "system_of_record": ASK, "unit": ASK, "today": ASK, "eligible": ASK},
    "decision_points": [
        {"point": ASK, "decides": ASK, "input": ASK, "output": ASK, "fallback": ASK, "undo": ASK},
    ],
    "wrong_means": {"sentence": ASK, "judge": ASK, "known_after": ASK},
    "error_budget": {"budget": ASK, "horizon": ASK},
    "must_be_true": ASK,
}
_TEAM: dict[str, Any] = {
    "owners": {role: {"seat": ASK, "deputy": ASK} for role in ("outcome", "trust", "accountable")},
    "duties": {"performance": ASK, "escalation": ASK, "improvement": ASK},
    "escalation": {
        "hard_deadline": ASK,
        "steps": [{"to": to, "wait": "30m"} for to in ("owner", "deputy(owner)", "accountable")],
        "nobody": "fallback",
    },
    "sources": [{"source": ASK, "owner": ASK, "fresh": ASK, "definition": ASK, "basis": ASK}],
    **dict.fromkeys(("rules", "claims", "baseline", "running_cost", "business_result", "approvals", "retention"), ASK),
}
_SOLO: dict[str, Any] = {
    "mode": "solo",
    "owners": {role: {"seat": "me"} for role in ("outcome", "trust", "accountable")},
    "escalation": {"hard_deadline": "4h", "steps": [{"to": "owner", "wait": "30m"}], "nobody": "fallback"},
    "wrong_means": {"judge": "me"},
}


def draft(answers: Mapping[str, Any], known: Mapping[str, Any] | None = None, *, solo: bool = False) -> str:
    """YAML of a charter in the order of its model, with the questions as comments.

    answers   a part of a charter, nested as in the file
    known     the same, from something other than a person, such as a log; answers win over it
    Whatever neither says is `ask`, which `check` reports as not answered yet.
    """
    charter = merged(merged(_WORK, _SOLO if solo else _TEAM), merged(known or {}, answers))
    if not solo:
        charter["seats"] = _laid({seat: [ASK] for seat in _seats(charter)}, charter.get("seats"))
    order = [key.name for key in shape(Declared).keys]
    lines = [f"# {FIRST}", f"# Every `{ASK}` is a question nobody has answered yet; `airworthy check` lists them."]
    for name in sorted(charter, key=lambda n: order.index(n) if n in order else len(order)):
        lines += [*_heading(name), *_lines(charter[name], (name,), 0)]
    return "\n".join(lines) + "\n"


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`under` with everything of `over` laid on it; entries of a list of keys on the first one, `ask` on nothing."""
    result = dict(under)
    for key, value in over.items():
        result[key] = _laid(result.get(key), value)
    return result


def _laid(under: Any, over: Any) -> Any:
    if isinstance(under, Mapping) and isinstance(over, Mapping):
        return merged(under, over)
    if isinstance(under, list) and isinstance(over, list) and under and isinstance(under[0], Mapping):
        return [merged(under[0], o) if isinstance(o, Mapping) else o for o in over]
    return under if over is None or (over == ASK and under is not None) else over


_SEATS = re.compile(r"(owners\.\w+\.(seat|deputy)|duties\.\w+\.\w+|approvals\.\w+|wrong_means\.judge|sources\.owner)\Z")


def _seats(value: Any, path: str = "") -> Iterator[str]:
    """The seats a charter names, in the order it names them."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _seats(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for entry in value:
            yield from _seats(entry, path)
    elif isinstance(value, str) and value != ASK and _SEATS.match(path):
        yield value


def _heading(name: str) -> list[str]:
    """The question that a section answers, above it."""
    number = _OPENS.get(name)
    return ["", f"# {number}. {QUESTIONS[number - 1].title}"] if number else []


def _lines(value: Any, path: tuple[str, ...], indent: int) -> Iterator[str]:
    """`path[-1]: value` as YAML lines."""
    start = f"{'  ' * indent}{_scalar(path[-1])}:"
    if isinstance(value, Mapping) and value and not _fits_a_line(value, start):
        yield start
        for key, inner in value.items():
            yield from _lines(inner, (*path, str(key)), indent + 1)
    elif isinstance(value, list | tuple) and any(isinstance(v, Mapping) for v in value):
        yield start
        for entry in value:
            yield from _entry(entry, path, indent + 1)
    else:
        question = question_for(path) if value == ASK else ""
        asked = " ".join(filter(None, (question, _such_as(path)))) if value == ASK else ""
        yield f"{start} {_flow(value)}" + (f"  # {asked}" if asked else "")


def _such_as(path: tuple[str, ...]) -> str:
    """An example of the answer in the form the file takes; '' where we have none."""
    kind = kind_at(Declared, path)
    example = next((text for text in (example_for(path), _USUAL.get(kind, "")) if is_written(kind, text)), "")
    return f"(such as: {example})" if example else ""


def _fits_a_line(value: Mapping[str, Any], start: str) -> bool:
    """Whether short keys read better in one line: nothing nested, no open question, not a whole section."""
    flat = all(not isinstance(v, Mapping | list | tuple) and v != ASK for v in value.values())
    return flat and start.startswith(" ") and len(start) + len(_flow(value)) < WIDTH


def _entry(entry: Any, path: tuple[str, ...], indent: int) -> Iterator[str]:
    """One entry of a list, on one line where it fits and is no question."""
    start = f"{'  ' * indent}-"
    if not isinstance(entry, Mapping) or not entry or _fits_a_line(entry, start):
        yield f"{start} {_flow(entry)}"
        return
    inner = [line for key, value in entry.items() for line in _lines(value, (*path, str(key)), indent + 1)]
    yield f"{start} {inner[0].lstrip()}"
    yield from inner[1:]


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(v) for v in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """A scalar as it reads back: plain where that is safe, else in double quotes."""
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    text = str(value)
    if _SAFE.match(text) and text.isprintable() and text == text.strip() and plain_scalar(text) == text:
        return text
    return '"' + "".join(_quoted(char) for char in text) + '"'


def _quoted(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else f"\\U{ord(char):08x}"
