"""Rule text: compiled by CEL against the names of a decision point, or refused with words and a place.

What the language itself would let through until run time is refused here: an expression that is no yes or no, a test
for the presence of a flat name, a constant that is no duration, moment or pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from cel_expr_python import cel

from airworthy.base.diagnostic import did_you_mean
from airworthy.charter.environment import Environment, constant

_TEXT = r"""[rR]?(?:\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
_LITERAL = re.compile(_TEXT)
_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_CONSTANT = re.compile(rf"\b(duration|timestamp|int|uint|double|bool)\s*\(\s*({_TEXT})\s*\)")
_PATTERN = re.compile(rf"\.matches\s*\(\s*({_TEXT})\s*\)")
_COMPARED = re.compile(
    rf"(?P<name>\b(?:item|output)(?:\.[A-Za-z_]\w*)+)\s*(?:[!=]=\s*{_TEXT}|in\s*\[\s*(?:{_TEXT}\s*(?:,\s*)?)*\])"
)
_HAS = re.compile(r"\bhas\s*\(\s*([A-Za-z_][\w.]*)\s*\)")
_UNKNOWN = re.compile(r"undeclared reference to '([^']*)'")
_OVERLOAD = re.compile(r"found no matching overload for '([^']*)' applied to '\((.*)\)'")
_SELECT = re.compile(r"expression of type '([^']*)' cannot be the operand of a select")
_DOTTED = re.compile(r"[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*")

_WORDS = {
    "string": "text",
    "int": "a whole number",
    "uint": "an unsigned number",
    "double": "a number",
    "bool": "true or false",
    "google.protobuf.Timestamp": "a moment",
    "timestamp": "a moment",
    "google.protobuf.Duration": "a span of time",
    "duration": "a span of time",
    "null": "null",
    "dyn": "any value",
}


class Mistake(msgspec.Struct, frozen=True):
    """What is wrong with an expression, and the characters of it that are."""

    code: str
    sentence: str  # goes on after "rule `name`"
    start: int
    length: int
    help: str = ""


def refusals(text: str, environment: Environment) -> tuple[Mistake, ...]:
    """Everything wrong with the rule `text` at the decision point of `environment`; empty when it can be used."""
    try:
        compiled = environment.cel.compile(text)
    except RuntimeError as error:
        return tuple(_compile_mistakes(str(error), text, environment))
    found = [*_presence_tests(text, environment), *_bad_constants(text), *_impossible_values(text, environment)]
    if not found and compiled.return_type() != cel.Type.BOOL:
        sentence = f"gives {_word(str(compiled.return_type()))}, and a rule must be true or false"
        found.append(Mistake("D016", sentence, 0, len(text), "compare it with something"))
    return tuple(found)


def names_in(text: str, environment: Environment) -> frozenset[str]:
    """The declared names a rule uses. A name within a text literal may be counted too, which costs nothing."""
    declared = set(environment.names)
    used: set[str] = set()
    for match in _DOTTED.finditer(text):
        steps = match[0].split(".")
        used.update(declared & {".".join(steps[: i + 1]) for i in range(len(steps))})
    return frozenset(used)


def _blanked(text: str) -> str:
    """`text` with its literals replaced by spaces, so that nothing is found inside them."""
    return _LITERAL.sub(lambda m: " " * len(m[0]), text)


def _presence_tests(text: str, environment: Environment) -> Iterator[Mistake]:
    for match in _HAS.finditer(_blanked(text)):
        if match[1] in environment.names:
            sentence = f"asks `has({match[1]})`, but a missing value already sends the item to review"
            yield Mistake("D018", sentence, match.start(), len(match[0]), "take the `has(...)` out")


def _bad_constants(text: str) -> Iterator[Mistake]:
    code = _blanked(text)
    for match in _CONSTANT.finditer(text):
        if not code[match.start()].isspace() and _fails(match[0]):
            sentence = f"holds {match[2]}, which is no {_CONSTANT_WORDS.get(match[1], 'value of that type')}"
            yield Mistake("D019", sentence, match.start(2), len(match[2]), _CONSTANT_HELP.get(match[1], ""))
    for match in _PATTERN.finditer(text):
        if not code[match.start()].isspace() and _fails(f"''.matches({match[1]})"):
            sentence = f"holds {match[1]}, which is no regular expression"
            yield Mistake("D019", sentence, match.start(1), len(match[1]), "close its brackets, or escape them")


def _impossible_values(text: str, environment: Environment) -> Iterator[Mistake]:
    """Comparisons with a value that the field's schema does not list: such a rule looks alive and never fires."""
    code = _blanked(text)
    for match in _COMPARED.finditer(text):
        field = environment.fields.get(match["name"])
        if field is None or not field.values or code[match.start()].isspace():
            continue
        for literal in _LITERAL.finditer(text, match.end("name"), match.end()):
            value = literal[0][1:-1]
            if "\\" not in value and value not in field.values:
                sentence = f"compares `{field.name}` with {literal[0]}, which it never is"
                help = did_you_mean(value, field.values) or f"it is one of {', '.join(field.values)}"
                yield Mistake("D055", sentence, literal.start(), len(literal[0]), help)


_CONSTANT_WORDS = {"duration": "duration", "timestamp": "moment"}
_CONSTANT_HELP = {"duration": 'write `duration("4h")`', "timestamp": 'write `timestamp("2026-03-21T00:00:00Z")`'}


def _fails(expression: str) -> bool:
    try:
        return bool(constant(expression).type() == cel.Type.ERROR)
    except RuntimeError:
        return True


def _compile_mistakes(message: str, text: str, environment: Environment) -> Iterator[Mistake]:
    seen: set[Mistake] = set()
    for line, column, problem in _ERROR.findall(message) or [("1", "1", message)]:
        mistake = _explain(problem, _offset(text, int(line), int(column)), text, environment)
        if mistake not in seen:
            seen.add(mistake)
            yield mistake


def _offset(text: str, line: int, column: int) -> int:
    """CEL counts lines and code points from 1, and says -1 where it does not know."""
    if line < 1:
        return 0
    lines = text.split("\n")
    return min(sum(len(one) + 1 for one in lines[: line - 1]) + max(column, 1) - 1, len(text))


def _explain(problem: str, at: int, text: str, environment: Environment) -> Mistake:
    if match := _UNKNOWN.search(problem):
        return _unknown_name(match[1], at, text, environment)
    if match := _OVERLOAD.search(problem):
        return _mismatch(match[1], match[2], at, text)
    if match := _SELECT.search(problem):
        start, name = _dotted_at(text, at)
        sentence = f"names `{name}`, but what stands before the last dot is {_word(match[1])}"
        return Mistake("D014", sentence, start, len(name), "name one of the fields of the decision point")
    if "recursion" in problem:
        return Mistake("D017", "is too long or nested too deep to be read", 0, len(text), "write several rules")
    if "<EOF>' expecting" in problem and at >= len(text.rstrip()):
        return Mistake("D017", "stops in the middle", at, 1, "finish the expression, or close its bracket")
    return Mistake(
        "D017",
        "cannot be read from here on",
        min(at, max(len(text) - 1, 0)),
        1,
        "write it in CEL, such as `a == 1 && b < 2`",
    )


def _unknown_name(name: str, at: int, text: str, environment: Environment) -> Mistake:
    start, whole = _dotted_at(text, at)
    if text[start + len(whole) :].lstrip().startswith("("):
        called = whole.rpartition(".")[2]
        return Mistake("D014", f"calls `{called}`, which does not exist", start + len(whole) - len(called), len(called))
    if whole.startswith(("item.", "output.")):
        sentence = f"names `{whole}`, which decision point `{environment.point}` does not have"
        return Mistake("D014", sentence, start, len(whole), _nearest(whole, environment))
    sentence = f"names `{name}`, which is no field, `confidence` or `now`"
    return Mistake("D014", sentence, start, len(whole), _nearest(name, environment))


def _nearest(name: str, environment: Environment) -> str:
    if "." not in name and f"item.{name}" in environment.names:
        return f"did you mean `item.{name}`?"
    return did_you_mean(name, environment.names) or f"it may name {', '.join(environment.names[:8])}"


def _dotted_at(text: str, at: int) -> tuple[int, str]:
    """The dotted name that covers position `at`, which for CEL is its last dot; else the character there."""
    for match in _DOTTED.finditer(_blanked(text)):
        if match.start() <= at <= match.end():
            return match.start(), match[0]
    return min(at, max(len(text) - 1, 0)), text[at : at + 1]


def _mismatch(called: str, types: str, at: int, text: str) -> Mistake:
    kinds = [_word(t.strip()) for t in types.split(",")]
    operator = called.strip("_@")
    if called[0] not in "_@" or len(kinds) != 2:
        start = at - len(operator) if text[:at].endswith(operator) else at
        return Mistake(
            "D015", f"uses `{operator}` on {' and '.join(kinds)}", start, len(operator), "use values it takes"
        )
    sentence = f"uses `{operator}` between {kinds[0]} and {kinds[1]}"
    return Mistake("D015", sentence, at, len(operator), _mismatch_help(set(kinds)))


def _mismatch_help(kinds: set[str]) -> str:
    if kinds == {"a number", "a whole number"}:
        return "write the whole number with a point, such as `1.0`, or use `double(...)`"
    if "text" in kinds:
        return "put the value in quotes, or compare with a field of its type"
    return "compare values of one type"


def _word(kind: str) -> str:
    lowered = kind.lower()
    if lowered.startswith("list"):
        return "a list"
    return "an object" if lowered.startswith("map") else _WORDS.get(kind, _WORDS.get(lowered, f"`{kind}`"))


def compile_all(texts: tuple[str, ...], environment: Environment) -> Any:
    """All rules as one list expression, which costs one call instead of one a rule; None where that nests too deep."""
    try:
        return environment.cel.compile("[" + ",".join(f"({text}\n)" for text in texts) + "]")
    except RuntimeError:
        return None
