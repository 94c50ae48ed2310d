"""How answers appear at the terminal: 80 columns, six colour roles, each with a form that works without colour."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
from rich.console import Console as Rich
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text
from rich.theme import Theme

from airworthy.cli.program import typed

WIDTH = 80
ROLES = {
    "strong": "bold",
    "quiet": "bright_black",
    "next": "blue",
    "proven": "green",
    "undecided": "yellow",
    "refuted": "bold red",
}
GLYPH = {"proven": ("✓", "+"), "undecided": ("◌", "?"), "refuted": ("✕", "x")}
_PLAIN = str.maketrans("├┤─●█░≥≤−–·…✓◌✕", "[]-*#.><--..+?x")
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # moves the cursor or turns the text

Advance = Callable[[int], None]


class Console:
    """Lines of an answer. `quiet` prints nothing, for commands whose answer is JSON."""

    def __init__(self, *, quiet: bool = False, error: bool = False) -> None:
        self._rich = Rich(theme=Theme(ROLES), highlight=False, soft_wrap=True, stderr=error, quiet=quiet)
        self._unicode = (self._rich.encoding or "").lower().startswith("utf")

    @property
    def is_terminal(self) -> bool:
        """Whether someone is looking."""
        return self._rich.is_terminal

    def line(self, words: str = "", style: str = "") -> None:
        """One line in one role."""
        self.parts([(words, style)])

    def parts(self, parts: Sequence[tuple[str, str]]) -> None:
        """One line of (words, role) parts."""
        self._rich.print(Text.assemble(*((self._spell(words), style) for words, style in parts)))

    def wrapped(self, words: str, *, style: str = "", hanging: int = 0) -> None:
        """Words filled to the width, following lines indented by `hanging`."""
        for part in textwrap.wrap(words, WIDTH, subsequent_indent=" " * hanging) or [""]:
            self.line(part, style)

    def aligned(self, words: str, right: str, *, style: str = "") -> None:
        """Words on the left, a short word on the right edge."""
        self.line(f"{words:<{WIDTH - len(right)}}{right}", style)

    def fact(self, head: str, words: str, *, indent: int = 20) -> None:
        """A bold head, then its sentence in a column; a long head gets a line of its own."""
        if len(head) + 2 > indent:
            self.wrapped(head + ".", style="strong")
            self.wrapped(" " * indent + words, hanging=indent)
            return
        first, *rest = textwrap.wrap(words, WIDTH - indent)
        self.parts([(f"{head}.".ljust(indent), "strong"), (first, "")])
        for part in rest:
            self.line(" " * indent + part)

    def next(self, command: str) -> None:
        """The one command to type next."""
        self.parts([("next       ", ""), (typed(command), "next")])

    def verdict(self, verdict: str) -> tuple[str, str]:
        """A verdict as glyph and word, with its role."""
        return f"{GLYPH[verdict][0]} {verdict}", verdict

    def _spell(self, words: str) -> str:
        words = _UNSAFE.sub(" ", words)
        if self._unicode:
            return words.encode("utf-8", "backslashreplace").decode()
        encoding = self._rich.encoding or "ascii"
        return words.translate(_PLAIN).encode(encoding, "replace").decode(encoding)


def to_json(value: object) -> bytes:
    """`value` as JSON, also where a file name in it is not UTF-8: its other bytes are written out as `\\udcff`."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_spelt(msgspec.to_builtins(value)))


def _spelt(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {name: _spelt(one) for name, one in value.items()}
    return [_spelt(one) for one in value] if isinstance(value, (list, tuple)) else value


@contextmanager
def progress(console: Console, doing: str, total: int | None = None) -> Iterator[Advance]:
    """A bar while something long runs; where nobody is looking, nothing. Yields a function told how much is done."""
    if not console.is_terminal:
        yield lambda done: None
        return
    columns = [
        TextColumn("{task.description}"),
        BarColumn(24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=console._rich, transient=True) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def steps(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """One bar a step. Yields a function told what is being done, how much of it is done and of how much (0: unknown)."""
    if not console.is_terminal:
        yield _one_line_a_step(console)
        return
    columns = [
        TextColumn("{task.description:<24}"),
        BarColumn(24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=console._rich, transient=False) as bar:
        tasks: dict[str, TaskID] = {}

        def told(doing: str, done: int, of: int) -> None:
            if doing not in tasks:
                tasks[doing] = bar.add_task(doing, total=of or None)
            bar.update(tasks[doing], completed=done, total=of or None)

        yield told


def _one_line_a_step(console: Console) -> Callable[[str, int, int], None]:
    """Where nobody is looking, each step is named once, when it starts."""
    seen: set[str] = set()

    def told(doing: str, done: int, of: int) -> None:
        if doing not in seen:
            seen.add(doing)
            console.line(f"           {doing}", "quiet")

    return told
