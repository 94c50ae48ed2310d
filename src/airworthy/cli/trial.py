"""`airworthy try`: the first minute."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Annotated, cast

import typer

from airworthy.base.clock import Clock, SystemClock
from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.base.errors import BadInput
from airworthy.cli import output
from airworthy.cli.console import Console, progress, to_json
from airworthy.cli.paper import check_target, write_page
from airworthy.data.guess import guess
from airworthy.data.question import Question
from airworthy.data.table import Table, read
from airworthy.evidence.judged import Rate
from airworthy.evidence.trial import BudgetRow, FirstLook
from airworthy.page import finding, words
from airworthy.page import trial as trial_page
from airworthy.service.draft import draft_from_log
from airworthy.service.observed import FOLDER, asked
from airworthy.service.observed import observed as observed_table
from airworthy.service.trial import Trial, look_at

CLOCK: Clock = SystemClock()


def try_(
    log: Annotated[
        Path | None,
        typer.Argument(help="CSV (also gzipped) or Parquet: one row per AI output, with what turned out true."),
    ] = None,
    output_: Annotated[str | None, typer.Option("--output", metavar="COLUMN", help="What the AI said.")] = None,
    truth: Annotated[str | None, typer.Option(metavar="COLUMN", help="What turned out to be true.")] = None,
    score: Annotated[str | None, typer.Option(metavar="COLUMN", help="How sure the AI was, 0 to 1.")] = None,
    time_: Annotated[str | None, typer.Option("--time", metavar="COLUMN", help="When it was decided.")] = None,
    segment: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Slices that each need a promise of their own; may be repeated."),
    ] = None,
    person: Annotated[str | None, typer.Option(metavar="COLUMN", help="What a person did without the AI.")] = None,
    tolerance: Annotated[
        float | None, typer.Option(min=0.0, metavar="X", help="Numbers: right when they differ by no more than X.")
    ] = None,
    loss: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="How wrong each output was, 0 to 1, instead of a truth.")
    ] = None,
    item: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Rows are events of items: output from the first event, truth from the last."
        ),
    ] = None,
    date_format: Annotated[
        str | None, typer.Option(metavar="FORM", help="How dates are written, such as '%d/%m/%Y %H:%M'.")
    ] = None,
    simulated: Annotated[
        str, typer.Option(metavar="WORDS", help="What in this log is simulated; the page says so.")
    ] = "",
    observed: Annotated[
        str | None, typer.Option(metavar="NAME", help="Instead of a log: what `airworthy.observe` recorded under NAME.")
    ] = None,
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="Where that was recorded.")] = FOLDER,
    page: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the page goes; by default beside you, named like the log."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Every number as JSON on standard output.")] = False,
) -> None:
    """How much could safely be acted on without a person? No charter, no set-up: your log, one page.

    airworthy try outcomes.csv --output predicted --truth actual --score confidence --time decided_at
    airworthy try --observed claims-triage
    """
    log, recorded = _which_log(log, observed, data)
    if recorded is not None:
        said = asked(recorded)
        output_, truth, score, time_ = (
            output_ or said.output,
            truth or said.truth,
            score or said.score,
            time_ or said.time,
        )
    if not output_ and not loss:
        raise _which_columns(Console(quiet=json), log)
    target = page or Path(log.name.removesuffix(".gz") or "log").with_suffix(".html")
    question = Question(
        output=output_ or loss or "", truth=truth or None, score=score or None, time=time_ or None,
        segments=tuple(segment or ()), person=person or None, loss=loss or None, tolerance=tolerance,
        item=item or None, date_format=date_format or None,
    )  # fmt: skip
    console = Console(quiet=json)
    started = time.perf_counter()
    check_target(target, log=log, chosen=page is not None)
    with progress(console, f"reading {log.name}") as advance:
        table = read(log, progress=advance) if recorded is None else recorded
    trial = look_at(table, question, now=CLOCK.now())
    follow = _follow(log, question) if recorded is None else "airworthy init"  # there is no file to start it from
    draft = draft_from_log(log, question, table, trial.look)
    asks = f"what decides `{question.output}`" if not question.truth else f"{question.output} against {question.truth}"
    html = trial_page.page(
        trial.look, log=log.name, question=asks, taken=trial.taken, charter=draft, next=follow, simulated=simulated
    )
    write_page(target, html)
    if json:
        about = {"page": str(target), "log": str(log), "headline": finding.headline(trial.look), "simulated": simulated}
        typer.echo(to_json({**about, "trial": trial}))
        return
    _print(console, trial, target, follow, time.perf_counter() - started, simulated)


def _which_log(log: Path | None, name: str | None, data: Path) -> tuple[Path, Table | None]:
    """What to call the log, and what was observed where that is looked at instead of a file."""
    if (log is None) == (name is None):
        raise typer.BadParameter("name either a log, or what was observed: --observed NAME", param_hint="LOG")
    return (Path(name), observed_table(data, name)) if name is not None else (cast(Path, log), None)


def _follow(log: Path, question: Question) -> str:
    """The command that goes on from here, with the columns already named."""
    kept = {"--output", "--truth", "--score", "--time", "--person", "--item"}
    named = [f"{option} {shlex.quote(name)}" for option, name in question.columns().items() if option in kept]
    named += [f"--segment {shlex.quote(name)}" for name in question.segments[:1]]  # a charter takes one
    named += [f"--tolerance {question.tolerance:g}"] if question.tolerance is not None else []
    named += [f"--date-format {shlex.quote(question.date_format)}"] if question.date_format else []
    return " ".join([f"airworthy init --from {shlex.quote(str(log))}", *named])


def _which_columns(console: Console, log: Path) -> BadInput:
    """Shows the log's columns, and says which of them may be meant."""
    table = read(log)
    console.line(f"{'column':<32}{'values':>9}  such as", "quiet")
    for name, column in table.columns.items():
        such = ", ".join(words.short(word, 24) for word in column.words[:8])
        console.line(f"{words.short(name, 31):<32}{words.count(len(column.words)):>9}  {words.short(such, 37)}")
    console.line()
    found = guess(table)
    named = [f"{option} {shlex.quote(found.get(option, 'COLUMN'))}" for option in ("--output", "--truth")]
    named += [f"{option} {shlex.quote(found[option])}" for option in ("--score", "--time") if option in found]
    sentence = "which column holds what the AI said, and which what turned out to be true?"
    help = " ".join(["perhaps: airworthy try", shlex.quote(str(log)), *named])
    return BadInput([Diagnostic("U002", sentence, Place(str(log)), help)])


def _print(console: Console, trial: Trial, page: Path, follow: str, seconds: float, simulated: str) -> None:
    look = trial.look
    span = f", {words.days(*look.span)}" if look.span else ""
    about = f" about {words.plural(trial.items, 'item')}" if trial.items != trial.rows else ""
    console.aligned(f"read       {words.plural(trial.rows, 'row')}{about}{span}", f"{seconds:.1f} s", style="quiet")
    left_out = (
        "; left out " + ", ".join(f"{words.count(n)} {why}" for why, n in trial.left_out) if trial.left_out else ""
    )
    console.wrapped(f"judged     {words.count(look.n)}{left_out}", style="quiet", hanging=11)
    if simulated:
        console.wrapped(f"simulated  {simulated}", style="undecided", hanging=11)
    console.line()
    output.show(console, trial.notes)
    console.wrapped(finding.headline(look), style="strong")
    console.line()
    _table(console, look)
    console.line()
    time = finding.over_time(look.over_time) if look.over_time else None
    facts = [finding.against_people(look), finding.sureness(look), time]
    for fact in [*facts, finding.breaks(look), *finding.closed(look)]:
        if fact:
            console.fact(fact[0].rstrip("."), fact[1])
    console.fact("Not measured yet", "Ownership, effort, use by default, reliance, sources.")
    console.line()
    console.line(f"page       {page}")
    console.next(follow)


def _table(console: Console, look: FirstLook) -> None:
    top = max(0.30, *(row.acted.high for row in look.rows if row.threshold is not None), 0.30)
    ends = "".join(f"{f'{100 * top * i / 3:.0f} %':>9}" for i in range(1, 4))
    level = words.budget(1 - look.risk)
    console.line(f"error     can be              share   {level}, at    0 %{ends}", style="quiet")
    console.line("budget  acted on     items    wrong   any time     ·" + "        ·" * 3, style="quiet")
    for row in look.rows:
        _row(console, row, top, row is look.best)


def _row(console: Console, row: BudgetRow, top: float, best: bool) -> None:
    head = f"{words.budget(row.budget):>6}  "
    if row.threshold is None:
        console.parts([(head, ""), ("nothing yet", "undecided")])
        return
    cells = f"{words.whole_percent(row.coverage):>8}{words.count(row.items):>10}{words.percent(row.acted.share):>9}   {words.interval(row.acted):<13}"
    console.parts([(head + cells, "strong" if best else ""), *_scale(row.acted, row.budget, top)])


def _scale(rate: Rate, budget: float, top: float, width: int = 28) -> list[tuple[str, str]]:
    """The interval drawn on a line, the budget as a stroke beside it."""

    def place(share: float) -> int:
        return min(width - 1, round(share / top * (width - 1)))

    cells = [" "] * (width + 1)
    for at in range(place(rate.low), place(rate.high) + 1):
        cells[at] = "─"
    cells[place(rate.low)], cells[place(rate.high)] = "├", "┤"
    cells[place(rate.share)] = "●"
    limit = max(place(budget), place(rate.high) + 1)
    return [("".join(cells[:limit]), "next"), ("|", "")]
