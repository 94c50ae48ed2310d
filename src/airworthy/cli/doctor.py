"""`airworthy doctor`: what is wrong with this installation, and whether our guarantees hold on it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from airworthy.base.clock import SystemClock
from airworthy.cli.backtest import DATA
from airworthy.cli.console import Console, progress, to_json
from airworthy.page import words
from airworthy.service.checkup import check_up, read_charters
from airworthy.service.doctor import Finding, examine
from airworthy.service.reach import reach
from airworthy.stats.selftest import SelfTest, self_test

_ROLE = {"sound": ("✓", "proven"), "note": ("◌", "undecided"), "broken": ("✕", "refuted")}


def doctor(
    charters: Annotated[
        list[Path] | None, typer.Argument(metavar="CHARTER...", help="Charters whose live work to look at.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="A server to look at; by default that of the folder.")
    ] = None,
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="Where records are kept.")] = Path(DATA),
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Also test the guarantees here, by simulation.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Every finding as JSON on standard output.")] = False,
) -> None:
    """What is wrong with this installation, each finding with what to do. Exit 0 sound, 1 something is broken."""
    console = Console(quiet=json)
    clock = SystemClock()
    declared, mistakes = read_charters(charters or [])
    found = [*examine(data, clock), *mistakes, *reach(url, data, clock), *check_up(data, declared, clock)]
    for one in found:
        _show(console, one)
    tested = _tested(console) if statistics else None
    if json:
        typer.echo(to_json({"findings": found, "statistics": asdict(tested) if tested else None}))
    broken = any(one.state == "broken" for one in found) or (tested is not None and not tested.passed)
    raise typer.Exit(1 if broken else 0)


def _show(console: Console, one: Finding) -> None:
    glyph, role = _ROLE[one.state]
    console.parts([(f"{glyph} ", role), (f"{one.what:<10}", "strong"), (one.said, "")])
    if one.help:
        console.line(f"            help: {one.help}", "quiet")


def _tested(console: Console) -> SelfTest:
    with progress(console, "simulating whole lives of a gate") as advance:
        found = self_test(progress=lambda done, of: advance(done))
    console.line()
    console.wrapped("How often each way opens a gate that is beyond its error budget", style="strong")
    console.line(
        f"{found.runs} simulated lives of {words.count(found.rows)} decisions, looked at all the time,", "quiet"
    )
    console.line(f"budget {words.budget(found.budget)}, risk allowed {words.budget(found.risk)}", "quiet")
    console.line()
    for name, share, role in (
        ("this gate", found.gate, "proven" if found.gate <= found.risk else "refuted"),
        ("a binomial test looked at again and again", found.binomial, ""),
        ("the rate seen so far", found.naive, ""),
    ):
        console.parts([(f"  {name:<44}", ""), (f"{words.percent(share):>8}", role)])
    console.line()
    console.fact(
        "At the limit",
        f"A true error of exactly the budget is certified in {words.percent(found.false_open)} of lives, and falsely revoked in {words.percent(found.false_revoke)} (exact sums).",
    )
    console.parts(
        [
            (
                "✓ the guarantees hold here" if found.passed else "✕ the guarantees do not hold here",
                "proven" if found.passed else "refuted",
            )
        ]
    )
    return found
