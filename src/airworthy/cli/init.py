"""`airworthy init`: the nine questions, and a first charter."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from airworthy.base.clock import Clock, SystemClock
from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.base.errors import BadInput
from airworthy.charter.answer import answered, can_be_typed, is_told
from airworthy.charter.draft import draft, merged
from airworthy.charter.load import examine, read
from airworthy.charter.parse import parse
from airworthy.charter.questions import QUESTIONS, Part
from airworthy.cli import output
from airworthy.cli.console import Console
from airworthy.data.question import Question
from airworthy.service.draft import known_from_log

CLOCK: Clock = SystemClock()

Known = Mapping[str, Any]


def init(
    log: Annotated[Path | None, typer.Option("--from", metavar="LOG", help="A log that can tell a part.")] = None,
    said: Annotated[
        str | None, typer.Option("--output", metavar="COLUMN", help="In the log: what the AI said.")
    ] = None,
    truth: Annotated[str | None, typer.Option(metavar="COLUMN", help="In the log: what turned out to be true.")] = None,
    score: Annotated[str | None, typer.Option(metavar="COLUMN", help="In the log: how sure the AI was.")] = None,
    time: Annotated[str | None, typer.Option(metavar="COLUMN", help="In the log: when it was decided.")] = None,
    person: Annotated[str | None, typer.Option(metavar="COLUMN", help="In the log: what a person did.")] = None,
    item: Annotated[str | None, typer.Option(metavar="COLUMN", help="In the log: which item an event is of.")] = None,
    segment: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="In the log: slices that each need a promise of their own.")
    ] = None,
    tolerance: Annotated[
        float | None, typer.Option(min=0.0, metavar="X", help="Numbers: right when they differ by no more than X.")
    ] = None,
    date_format: Annotated[str | None, typer.Option(metavar="FORM", help="How its dates are written.")] = None,
    answers: Annotated[Path | None, typer.Option(metavar="FILE", help="Answers as YAML, keys as in a charter.")] = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the charter goes.")] = Path("charter.yaml"),
    solo: Annotated[bool, typer.Option("--solo", help="For one person, in a sandbox that grants nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """What must be true for this to work in the real world? Nine questions, one charter.

    Asks at a terminal; with --answers it asks nothing. What is not answered stays in the file as `ask`. A log tells
    more when its columns are named, as `airworthy try` names them in its last line.
    """
    refuse_to_overwrite(out, force)
    console = Console()
    named = Question(
        output=said or "", truth=truth, score=score, time=time, person=person, item=item, date_format=date_format,
        segments=(segment,) if segment else (), tolerance=tolerance,
    )  # fmt: skip
    known = known_from_log(log, named if said else None, now=CLOCK.now()) if log is not None else {}
    given = answers_in(answers) if answers is not None else ask(console, solo, known) if sys.stdin.isatty() else {}
    out.write_text(draft(given, known, solo=solo), encoding="utf-8")
    _print(console, out)


def refuse_to_overwrite(out: Path, force: bool) -> None:
    """Nothing when `out` may be written, else BadInput with D054."""
    if out.exists() and not force:
        help = "--out names another file, --force writes over this one"
        raise BadInput(
            [Diagnostic("D054", f"`{out.name}` is there already; nothing was written", Place(str(out)), help)]
        )


def answers_in(file: Path) -> Known:
    """The answers in a YAML file. Raises BadInput."""
    plain = parse(read(file), str(file)).root.plain()
    return plain if isinstance(plain, dict) else {}


def ask(console: Console, solo: bool, known: Known | None = None) -> Known:
    """The answers of the person at the terminal; an empty line leaves a question open. What is known is not asked."""
    given: dict[str, Any] = {}
    console.wrapped("An empty line leaves a question open; it stays in the file as `ask`.", style="quiet")
    for question in QUESTIONS:
        console.line()
        console.wrapped(f"{question.number}. {question.title}", style="strong", hanging=3)
        for part in question.parts:
            if can_be_typed(part) and not is_told(part, known or {}) and not (solo and question.number in (2, 3, 7)):
                given = merged(given, _answer(part))
    return given


def _answer(part: Part) -> Known:
    example = f" (such as: {part.example})" if part.example else ""
    text = str(typer.prompt(f"   {part.ask}{example}\n  ", default="", show_default=False, prompt_suffix="> "))
    return answered(part, text) if text.strip() else {}


def _print(console: Console, out: Path) -> None:
    _, found = examine(out.read_bytes(), str(out))
    still_open = sum(d.code == "D003" for d in found)
    console.line()
    console.parts([("charter    ", ""), (str(out), "strong")])
    if still_open:
        console.line(f"open       {output.count(still_open, 'question')}", "undecided")
    console.next(f"airworthy check {out}")
