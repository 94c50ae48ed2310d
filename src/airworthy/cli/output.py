"""How mistakes appear at the terminal: code, sentence, place, the line with a caret, help; and the same as JSON."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from rich.cells import cell_len

from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.cli.console import WIDTH, Console

INDENT = 5
MOST = 100  # paragraphs; whoever has more mistakes than that mends the first ones first
_TAB = 4
_ROLE = {"mistake": "refuted", "warning": "undecided"}


def show(console: Console, found: Sequence[Diagnostic]) -> None:
    """Each of the first hundred of `found` as a paragraph, an empty line after it."""
    for diagnostic in found[:MOST]:
        _head(console, diagnostic)
        if diagnostic.place is not None:
            console.line(" " * INDENT + printable(str(diagnostic.place)), "quiet")
            _source(console, diagnostic.place, _ROLE[diagnostic.severity])
        if diagnostic.help:
            _paragraph(console, [(" " * INDENT + "help: ", "")], printable(diagnostic.help))
        console.line()
    if len(found) > MOST:
        console.line(f"and {len(found) - MOST:,} more; --json has them all", "quiet")
        console.line()


def tally(found: Collection[Diagnostic]) -> str:
    """`3 mistakes, 1 warning`; `no mistakes` when there is nothing."""
    mistakes = sum(d.severity == "mistake" for d in found)
    warnings = len(found) - mistakes
    words = [count(mistakes, "mistake")] if mistakes or not warnings else []
    return ", ".join([*words, *([count(warnings, "warning")] if warnings else [])])


def as_json(found: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Each of `found` with the file, line, column and length of its place beside it."""
    return [
        {"code": d.code, "severity": d.severity, "sentence": d.sentence, "help": d.help, **_where(d.place)}
        for d in found
    ]


def count(n: int, noun: str) -> str:
    """`1 rule`, `3 rules`, `no rules`."""
    return f"{f'{n:,}' if n else 'no'} {noun}{'' if n == 1 else 's'}"


def _where(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {}
    return {"file": place.file, "line": place.line, "column": place.column, "length": place.length}


def _head(console: Console, diagnostic: Diagnostic) -> None:
    label = "warning: " if diagnostic.severity == "warning" else ""
    code = [(diagnostic.code.ljust(INDENT), _ROLE[diagnostic.severity])]
    _paragraph(console, code, label + printable(diagnostic.sentence))


def _paragraph(console: Console, head: list[tuple[str, str]], words: str) -> None:
    """`head`, then `words` in a column beside it; names with dashes stay whole."""
    indent = sum(len(text) for text, _ in head)
    first, *rest = textwrap.wrap(words, WIDTH - indent, break_on_hyphens=False) or [""]
    console.parts([*head, (first, "")])
    for line in rest:
        console.line(" " * indent + line)


def _source(console: Console, place: Place, role: str) -> None:
    """The source line and a caret below what is meant, both as wide as the terminal draws them."""
    if not place.line or not place.column:
        return
    start, end = place.column - 1, place.column - 1 + place.length
    number = str(place.line)
    room = WIDTH - INDENT - len(number) - 3
    before, meant, after = (printable(t) for t in _expanded(place.text, start, end))
    before, meant, after = _fit(before, meant, after, room)
    gutter = " " * INDENT
    console.parts([(f"{gutter}{number} | ", "quiet"), (before, ""), (meant, "strong"), (after, "")])
    caret = " " * cell_len(before) + "^" * max(1, cell_len(meant))
    console.parts([(f"{gutter}{' ' * len(number)} | ", "quiet"), (caret, role)])


def _expanded(text: str, start: int, end: int) -> tuple[str, str, str]:
    """`text` cut at `start` and `end`, its tabs as the spaces they stand for."""
    pieces: list[str] = []
    width = 0
    for piece in (text[:start], text[start:end], text[end:]):
        drawn = ""
        for char in piece:
            char = " " * (_TAB - width % _TAB) if char == "\t" else char
            width += cell_len(char)
            drawn += char
        pieces.append(drawn)
    return pieces[0], pieces[1], pieces[2]


def _fit(before: str, meant: str, after: str, room: int) -> tuple[str, str, str]:
    """The part of a long line around what is meant; `...` stands for what was left out."""
    if cell_len(before + meant + after) <= room:
        return before, meant, after.rstrip()
    if cell_len(meant) > room - 8:
        meant = _clip(meant, room - 8) + "..."
        after = ""
    if cell_len(before) > (left := max(4, room - cell_len(meant) - 12)):
        while cell_len(before) > left - 3:
            before = before[1:]
        before = "..." + before
    rest = room - cell_len(before + meant)
    return before, meant, after if cell_len(after) <= rest else _clip(after, rest - 3) + "..."


def _clip(text: str, room: int) -> str:
    while text and cell_len(text) > room:
        text = text[:-1]
    return text


def printable(text: str) -> str:
    """`text` without what would move the cursor or hide other text, and `?` for what this terminal cannot spell."""
    encoding = sys.stdout.encoding or "utf-8"
    spelt = text.encode(encoding, "replace").decode(encoding)
    return "".join(c if c.isprintable() else " " for c in spelt)
