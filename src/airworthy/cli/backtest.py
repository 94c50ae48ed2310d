"""`airworthy backtest`: a historical log through pilot and shadow."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from airworthy.base.clock import Clock, SystemClock, iso
from airworthy.base.diagnostic import Diagnostic
from airworthy.charter.load import load
from airworthy.charter.model import Charter
from airworthy.claim.catalogue import BY_ID
from airworthy.cli import output
from airworthy.cli.console import Console, steps, to_json
from airworthy.cli.paper import check_target, write_whole
from airworthy.evidence.facts import gather
from airworthy.evidence.gap import read_gap
from airworthy.page import gap as gap_page
from airworthy.page import words
from airworthy.service.backtest import Backtest
from airworthy.service.model import model_of
from airworthy.storage.sqlite import open_store

CLOCK: Clock = SystemClock()
DATA = ".airworthy"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet computes
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def backtest(
    charter: Annotated[Path, typer.Argument(help="The charter; it names the log and the model.")],
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="Read this log instead of the charter's.")] = None,
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="Where records are kept.")] = Path(DATA),
    outputs: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also write outputs, scores and truths as CSV, for `airworthy try`. A cell that a spreadsheet would compute, such as =1+1, gets an apostrophe before it.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The result as JSON on standard output.")] = False,
) -> None:
    """Stream a historical log through pilot and shadow in time order, as if it had been live.

    Nothing acts. Interrupted, it goes on where it stopped. Then: airworthy prove CHARTER
    """
    declared = load(charter, BY_ID)
    if outputs:
        read = log or charter.parent / (declared.log.path if declared.log else "")
        check_target(outputs, log=read, chosen=True, option="--outputs", charter=charter, data=data)
    console, started = Console(quiet=json), time.perf_counter()
    run = Backtest(declared, charter.parent, CLOCK, log_file=log)
    store = open_store(data)
    try:
        with steps(console) as progress:
            report = run.run(store, progress=progress)
        facts = gather(
            store.scan(),
            use_case=declared.use_case,
            policy=declared.policy_digest,
            model=model_of(declared),
            run=report.run,
        )
    finally:
        store.close()
    if outputs:
        _write_outputs(run, outputs)
    notes = _notes(run, declared)
    if json:
        about = {"report": report, "gap": facts.gap, "opened": facts.opened, "closed": facts.closed}
        typer.echo(to_json({**about, "notes": output.as_json(notes)}))
        return
    again = f", {words.count(report.resumed_at)} were there" if report.resumed_at else ""
    console.aligned(
        f"recorded   {words.plural(report.items, 'item')}, {words.plural(report.recorded, 'record')}{again}",
        f"{time.perf_counter() - started:.1f} s",
        style="quiet",
    )
    if report.epoch > 1:
        tried = words.plural(report.epoch - 1, "other policy, model or log was", "other policies, models or logs were")
        console.wrapped(
            f"epoch      {report.epoch}: {tried} tried before, so a gate needs more evidence to open",
            style="undecided",
            hanging=11,
        )
    for why, n in report.left_out:
        console.line(f"left out   {words.count(n)} {why}", "quiet")
    for simulated in facts.simulated:
        console.wrapped(f"simulated  {simulated}", style="undecided", hanging=11)
    console.line()
    output.show(console, notes)
    if facts.gap:
        reading = read_gap(facts.gap)
        section = gap_page.section(facts.gap, reading)
        console.wrapped(str(section["title"]), style="strong")
        console.wrapped(str(section["under"]))
        console.line()
        console.fact("Acted on", gap_page.acted(facts.gap))
        console.fact("Cause", gap_page.cause(reading).removeprefix("The cause: ").capitalize() + ".")
        console.fact("Drift", gap_page.drift(reading))
        console.fact("Honest pilot", gap_page.honest(facts.gap))
    for opened in facts.opened:
        console.fact(
            "Gate opened",
            f"{opened.segment}, {words.day(opened.at)}: from confidence {opened.threshold / 1e6:.3f} on, {opened.errors} wrong of {words.count(opened.labels)}.",
        )
    for closed in facts.closed:
        console.fact(
            "Gate closed",
            f"{closed.segment}, {words.day(closed.at)}: {closed.errors} wrong of {words.count(closed.labels)} acted on.",
        )
    if not facts.opened:
        console.fact(
            "Gate",
            f"It never opened: nothing could be acted on at {words.budget(float(declared.error_budget.budget))}.",
        )
    console.line()
    console.next(f"airworthy prove {charter}" + ("" if str(data) == DATA else f" --data {data}"))


def _notes(run: Backtest, declared: Charter) -> list[Diagnostic]:
    """What in the log looks like a slip of its export."""
    if run.work is None or declared.log is None:
        return []
    return [*run.work.notes, *run.work.ahead(declared.log.eligible_at, CLOCK.now())]


def _write_outputs(run: Backtest, target: Path) -> None:
    write_whole(target, lambda file: csv.writer(file).writerows(_outputs(run)))


def _outputs(run: Backtest) -> Iterator[list[str]]:
    """A header, then each item asked about, as cells a spreadsheet takes for text or numbers."""
    lineup = run.asked()
    work, answers = lineup.work, lineup.answers
    plain = [name for name in work.features if "(" not in name]
    yield ["item", "decided_at", "output", "score", "truth", "person", *map(inert, plain)]
    for i, row in enumerate(lineup.rows.tolist()):
        words = [work.truth.text(row), work.person.text(row) if work.person else ""]
        fields = [work.items[name].text(row) for name in plain]
        when, score = iso(int(work.at[row])), f"{answers.score[i]:.6f}"
        yield [
            inert(work.subject.text(row)),
            when,
            inert(str(answers.output[i])),
            score,
            *map(inert, [*words, *fields]),
        ]


def inert(cell: str) -> str:
    """`cell` with an apostrophe before it where a spreadsheet would take it for a formula; numbers stay numbers."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell
