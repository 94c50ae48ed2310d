"""`airworthy diff`: what changed between two charters, and what the change costs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from airworthy.charter.budget import fewest_to_open
from airworthy.charter.diff import Change, changes
from airworthy.charter.model import Charter
from airworthy.cli import output
from airworthy.cli.check import MISTAKEN, inspect, show
from airworthy.cli.console import Console, to_json

_EFFECT = {
    "epoch": ("new epoch", "refuted"),
    "claim": ("claim judged anew", "undecided"),
    "none": ("binds nothing", "quiet"),
}


def diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="The charter as it was.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="The charter as it shall be.")],
    json: Annotated[bool, typer.Option("--json", help="Every change as JSON on standard output.")] = False,
) -> None:
    """What does this change cost? Each change at its place in both files, and whether evidence starts anew.

    Exit 0 when both charters are sound, 1 when one is not.
    """
    reports = [inspect(before), inspect(after)]
    old, new = (report.charter for report in reports)
    if old is None or new is None:
        unsound = [report for report in reports if report.charter is None]
        if json:
            typer.echo(to_json({"error": [one for report in unsound for one in output.as_json(report.found)]}))
        for report in unsound:
            show(Console(quiet=json), report)
        raise typer.Exit(MISTAKEN)
    found = changes(old, new)
    if json:
        typer.echo(msgspec.json.format(to_json(found)))
        return
    print_changes(Console(), found, new)


def print_changes(console: Console, found: tuple[Change, ...], after: Charter) -> None:
    """Each change with what it was and is, then what they cost together."""
    for change in found:
        words, role = _EFFECT[change.effect]
        console.parts([(f"{output.printable(change.name)}  ", "strong"), (words, role)])
        for sign, place, written in (
            ("-", change.before_place, change.before),
            ("+", change.after_place, change.after),
        ):
            if place is not None:
                console.line(f"     {output.printable(str(place))}", "quiet")
                console.wrapped(f"   {sign} {output.printable(written)}", hanging=5)
        console.line()
    headline, sentence = _cost(found, after)
    console.line(headline, "strong")
    console.wrapped(sentence)


def _cost(found: tuple[Change, ...], after: Charter) -> tuple[str, str]:
    if not found:
        return "Nothing changed.", "The two charters say the same."
    counted = output.count(len(found), "change")
    epochs = sum(change.effect == "epoch" for change in found)
    claims = sum(change.effect == "claim" for change in found)
    if epochs:
        labels, segments = fewest_to_open(after.error_budget)
        each = f" in each of {segments} segments" if segments > 1 else ""
        starts = "1 of them starts" if epochs == 1 else f"{epochs} of them start"
        rest = (
            f"Grants and open permits fall. To open again: at the very least {labels:,} labels without an error{each}."
        )
        return f"{counted}; {starts} a new epoch.", rest
    if claims:
        return (
            f"{counted}; no new epoch.",
            f"{output.count(claims, 'claim')} judged anew; grants that rest on it wait for the verdict.",
        )
    return f"{counted}; nothing binds.", "Grants, permits and evidence stay as they are."
