"""`airworthy check`: everything wrong with a charter, at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput
from airworthy.charter.load import examine, read
from airworthy.charter.model import Charter
from airworthy.charter.schema import schema_text
from airworthy.claim.catalogue import BY_ID
from airworthy.cli import output
from airworthy.cli.console import WIDTH, Console, to_json

SOUND, MISTAKEN, MISUSED = 0, 1, 2


class Report(msgspec.Struct, frozen=True):
    """What was found in one file."""

    file: str
    charter: Charter | None
    found: tuple[Diagnostic, ...]


def check(
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE...", help="Charters.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Everything found, as JSON on standard output.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a charter, for editors.")] = False,
) -> None:
    """Is this charter sound? Structure, what does not agree, and the rules' own tests.

    Exit 0 sound, 1 mistakes, 2 wrong use of the command.
    """
    if schema:
        typer.echo(schema_text(), nl=False)
        return
    if not files:
        Console(error=True).line("name at least one charter: airworthy check charter.yaml")
        raise typer.Exit(MISUSED)
    reports = [inspect(file) for file in files]
    if json:
        typer.echo(msgspec.json.format(to_json([_as_json(r) for r in reports])))
    else:
        console = Console()
        for report in reports:
            show(console, report)
    raise typer.Exit(MISTAKEN if any(r.charter is None for r in reports) else SOUND)


def inspect(file: Path) -> Report:
    """What is wrong with the charter in `file`."""
    try:
        text = read(file)
    except BadInput as error:
        return Report(str(file), None, error.diagnostics)
    charter, found = examine(text, str(file), BY_ID)
    return Report(str(file), charter, found)


def show(console: Console, report: Report) -> None:
    """The report as a person reads it: each finding, then one line that sums up."""
    output.show(console, report.found)
    if report.charter is None:
        tally = f"{output.tally(report.found)}."
        unchanged = "Nothing was loaded; the charter in force is unchanged."
        exit = "exit 1" if len(tally) + len(unchanged) < WIDTH - 8 else ""
        console.parts([(tally, "strong"), (f" {unchanged} ", ""), (exit, "quiet")])
        return
    charter = report.charter
    tests = sum(len(rule.tests) for rule in charter.rules)
    passed = f"{output.count(len(charter.rules), 'rule')}, {output.count(tests, 'test')}, all as expected"
    counts = f" {passed}; {output.tally(report.found)}." if tests else f" {output.tally(report.found).capitalize()}."
    console.parts([(f"{charter.use_case} is sound.", "strong"), (counts, "")])
    if charter.mode == "solo":
        console.line("solo: a sandbox for one person; it can grant nothing real", "undecided")


def _as_json(report: Report) -> dict[str, object]:
    charter = report.charter
    digests = {"digest": charter.digest, "policy": charter.policy_digest} if charter else {}
    return {"file": report.file, "sound": charter is not None, **digests, "found": output.as_json(report.found)}
