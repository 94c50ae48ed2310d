"""`airworthy plan`: what it will take, before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.base.errors import BadInput
from airworthy.charter.load import load
from airworthy.charter.model import Charter
from airworthy.claim.catalogue import BY_ID
from airworthy.claim.plan import WEEKS_BY_DEFAULT, WEEKS_OF_USE, Plan, PlanRow, plan
from airworthy.cli.console import Console, progress
from airworthy.data.work import LEAST_WEEKS, read_work
from airworthy.page import words


def plan_(
    charter: Annotated[Path, typer.Argument(help="The charter.")],
    per_week: Annotated[
        float | None,
        typer.Option(min=0.001, metavar="N", help="Eligible items a week; else they are counted in the charter's log."),
    ] = None,
    coverage: Annotated[
        float, typer.Option(min=0.001, max=1.0, metavar="SHARE", help="Share of them that would be acted on.")
    ] = 0.5,
    wrong: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1.0, metavar="SHARE", help="True share wrong among those; half of each budget if nobody knows."
        ),
    ] = None,
    minutes: Annotated[
        float, typer.Option(min=0.0, metavar="N", help="Minutes a person needs to judge one item.")
    ] = 3.0,
    json: Annotated[bool, typer.Option("--json", help="The plan as JSON on standard output.")] = False,
) -> None:
    """Labels, weeks and reviewer hours to each error budget, and what no number of labels can do.

    airworthy plan charter.yaml --per-week 840
    """
    console, declared = Console(quiet=json), load(charter, BY_ID)
    weekly = per_week if per_week is not None else _counted(console, declared, charter.parent)
    found = plan(declared, per_week=weekly, coverage=coverage, minutes=minutes, truly_wrong=wrong)
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    _print(console, found, audit=float(declared.error_budget.audit_rate), coverage=coverage)
    console.line()
    console.next(f"airworthy backtest {charter}" if declared.log else f"airworthy check {charter}")


def _counted(console: Console, charter: Charter, folder: Path) -> float:
    """Eligible items a week in the charter's log. Raises BadInput: U008 where there is none, or it is too short."""
    if charter.log is None:
        raise _uncounted("the charter names no log to count items in", charter.place("log"))
    with progress(console, f"reading {Path(charter.log.path).name}") as advance:
        work = read_work(charter, folder, progress=advance)
    if work.per_week is None:
        raise _uncounted(f"the log is shorter than {LEAST_WEEKS} weeks", work.items.whole())
    span = words.days(int(work.at[0]), int(work.at[-1]))
    console.wrapped(f"counted    {words.plural(len(work), 'item')}, {span}", style="quiet", hanging=11)
    return work.per_week


def _uncounted(why: str, place: Place) -> BadInput:
    help = "count eligible items in the system of record, and say --per-week N"
    return BadInput([Diagnostic("U008", f"nobody said how many items come a week, and {why}", place, help)])


def _print(console: Console, found: Plan, *, audit: float, coverage: float) -> None:
    first = found.rows[0]
    console.wrapped(_headline(first), style="strong")
    console.line()
    segment = f" in each of {found.segments} segments" if found.segments > 1 else ""
    console.wrapped(
        f"At {found.per_week:,.0f} items a week{segment}, {words.whole_percent(coverage)} acted on and {words.budget(audit)} of those audited: "
        f"{found.labels_per_week:,.1f} labels a week."
    )
    console.line()
    console.line("error    if truly   labels needed        weeks               reviewer", "quiet")
    console.line("budget   wrong      median   9 in 10     median   9 in 10    hours a week", "quiet")
    for row in found.rows:
        _row(console, row, found.hours_per_week, strong=row is first)
    console.line()
    console.fact("Out of reach", "a budget at or below the true share wrong: no number of labels helps.")
    if found.in_shadow.weeks is not None:
        console.fact(
            "In shadow",
            f"where every outcome is learnt, without an audit: about {_weeks(found.in_shadow.weeks)} weeks, 9 in 10 within {_weeks(found.in_shadow.weeks_p90)}.",
        )
    revoke = found.to_revoke
    late = f"{_weeks(revoke.weeks)} weeks of acting, 9 in 10 within {_weeks(revoke.weeks_p90)}"
    console.fact(
        "To revoke",
        f"at {words.budget(revoke.budget)}, if it turns {words.budget(revoke.truly_wrong)} wrong: {_n(revoke.labels)} labels, {late}.",
    )
    console.fact(
        "Other claims",
        f"use lasts: {WEEKS_OF_USE} weeks; used by default: {WEEKS_BY_DEFAULT} whole weeks, and at the least {_n(found.least_units)} independent weeks or users.",
    )
    if found.sooner.weeks is not None:
        console.fact(
            "Sooner, by",
            f"doubling the audit to {words.budget(2 * audit)}: {_weeks(found.sooner.weeks)} weeks, {2 * found.hours_per_week:,.1f} reviewer hours a week.",
        )


def _headline(row: PlanRow) -> str:
    if row.weeks is None:
        return (
            f"A {words.budget(row.budget)} budget is out of reach if {words.budget(row.truly_wrong)} are truly wrong."
        )
    return f"A {words.budget(row.budget)} budget can be proven in about {_weeks(row.weeks)} weeks, if the true error is {words.budget(row.truly_wrong)}."


def _row(console: Console, row: PlanRow, hours: float, *, strong: bool) -> None:
    head = f"{words.budget(row.budget):>5}    {words.budget(row.truly_wrong):>7} "
    if row.labels is None:
        console.parts([(head, ""), ("   out of reach", "undecided")])
        return
    cells = f"{_n(row.labels):>9} {_n(row.labels_p90):>9}  {_weeks(row.weeks):>9} {_weeks(row.weeks_p90):>9}    {hours:>12,.1f}"
    console.line(head + cells, "strong" if strong else "")


def _n(count: int | None) -> str:
    return words.DASH if count is None else words.count(count)


def _weeks(weeks: float | None) -> str:
    return words.DASH if weeks is None else f"{weeks:,.0f}" if weeks >= 10 else f"{weeks:.1f}"
