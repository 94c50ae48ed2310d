"""`airworthy prove`: the verdict, one blocker, who does what."""

from __future__ import annotations

import textwrap
import time
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from airworthy.base.clock import SystemClock
from airworthy.base.errors import StoreError
from airworthy.charter.load import load
from airworthy.charter.model import Charter
from airworthy.charter.term import Stage
from airworthy.claim.catalogue import BY_ID
from airworthy.claim.readiness import Readiness
from airworthy.claim.verdict import Verdict
from airworthy.cli.backtest import DATA
from airworthy.cli.console import WIDTH, Console, progress, to_json
from airworthy.cli.paper import check_target, write_page
from airworthy.evidence.facts import Facts
from airworthy.page import proof as proof_page
from airworthy.page import verdicts, words
from airworthy.service.prove import Proof, prove, render, require_sound
from airworthy.storage.sqlite import open_reader

EXIT = {"proven": 0, "refuted": 1, "undecided": 3}  # 2 is a usage error


def prove_(
    charter: Annotated[Path, typer.Argument(help="The charter.")],
    stage: Annotated[
        Stage | None,
        typer.Option(
            "--for", metavar="STAGE", help="shadow, assist or default; by default the stage after the charter's."
        ),
    ] = None,
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="Where records are kept.")] = Path(DATA),
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the proof as one printable page.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Also claims this stage does not need.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Every verdict as JSON on standard output.")] = False,
) -> None:
    """Is the use case ready for its next stage? Every claim against the records, and the one blocker.

    Exit 0 proven, 1 refuted, 2 wrong use, 3 undecided. Missing evidence is never a pass.
    """
    declared = load(charter, BY_ID)
    if not (data / "log.db").exists():
        raise StoreError(f"there is no log in `{data}`", code="R002", help=f"run: airworthy backtest {charter}")
    if html:
        check_target(html, log=data / "log.db", chosen=True, option="--html", charter=charter, data=data)
    console, started = Console(quiet=json), time.perf_counter()
    reader = open_reader(data)
    try:
        with progress(console, "reading the records"):
            require_sound(reader)
            proof = prove(declared, reader, stage, folder=data)
    finally:
        reader.close()
    seconds = time.perf_counter() - started
    if html:
        write_page(html, render(declared, proof, at=SystemClock().now()))
    if json:
        typer.echo(
            to_json({"use_case": declared.use_case, "readiness": proof.found, "page": str(html) if html else None})
        )
    else:
        _print(console, declared, proof, seconds, all_)
        if html:
            console.parts([("proof      ", ""), (str(html), "next")])
        else:
            console.next(f"airworthy prove {charter}{_data(data)} --html proof.html")
    raise typer.Exit(EXIT[proof.found.word])


def _data(data: Path) -> str:
    return "" if str(data) == DATA else f" --data {data}"


def _which_run(facts: Facts) -> str:
    if facts.started is None:
        return "run        none: nothing was backtested under this policy, model and plan"
    return f"run        {facts.started.run} over a log with digest {facts.started.log[:12]}"


def _print(console: Console, charter: Charter, proof: Proof, seconds: float, everything: bool) -> None:
    found, facts = proof.found, proof.facts
    console.aligned(
        f"records    {words.count(facts.first_seq)} to {words.count(facts.last_seq)}, {words.plural(len(facts.decisions), 'decision')}",
        f"{seconds:.1f} s",
        style="quiet",
    )
    for simulated in facts.simulated:
        console.wrapped(f"simulated  {simulated}", style="undecided", hanging=11)
    console.wrapped(_which_run(facts), style="quiet", hanging=11)
    if facts.replaced:
        console.wrapped(
            f"replaced   {words.plural(len(facts.replaced), 'earlier backtest')} under this policy: only the newest counts",
            style="undecided",
            hanging=11,
        )
    if facts.started and facts.started.charter != charter.digest:
        console.wrapped(
            "charter    changed since this backtest; a limit set after the evidence needs new evidence",
            style="undecided",
            hanging=11,
        )
    if facts.other_policies:
        console.wrapped(
            f"left out   {words.plural(facts.other_policies, 'decision')} under another policy: a changed policy starts a new epoch",
            style="quiet",
            hanging=11,
        )
    console.line()
    console.parts(
        [(console.verdict(found.word)[0][0] + " ", found.word), (verdicts.headline(charter.use_case, found), "strong")]
    )
    if charter.mode == "solo":
        console.line("  solo: a sandbox for one person; it can grant nothing real", "undecided")
    bold, rest = verdicts.lead(found, verdicts.covered(facts))
    console.wrapped(f"  {bold} {rest}", hanging=2)
    console.line()
    claims(console, found.needed)
    if everything:
        console.line()
        console.line(f"not needed for {found.stage}", "quiet")
        claims(console, found.others)
    console.line()
    _sentences(console, found)
    if found.blocker:
        takes = verdicts.forecast(found.blocker)
        console.fact(
            "Blocker", f"{found.blocker.pillar}. " + "; ".join(proof_page.chain(facts, found.blocker)) + ".", indent=11
        )
        console.fact(
            "Do this",
            f"{proof_page.seat(charter, found.blocker.who)}: {found.blocker.action}"
            + (f" It takes {takes}." if takes and takes != found.blocker.action else ""),
            indent=11,
        )
    console.line()


def claims(console: Console, verdicts_: tuple[Verdict, ...]) -> None:
    """Claims by pillar: measured, interval, limit, verdict."""
    console.line(f"  {'claim':<30}{'measured':>9} {'interval':>15} {'limit':>9}  verdict", "quiet")
    for pillar, rows in groupby(verdicts_, key=lambda one: one.pillar):
        console.line(f"  {pillar}", "strong")
        for one in rows:
            title = one.title if len(one.title) <= 29 else one.title[:28] + "…"
            measured = verdicts.number(one).replace(" points", "")
            cells = f"  {title:<30}{measured:>9} {verdicts.span(one):>15} {verdicts.sign(one):>9}  "
            console.parts([(cells, ""), console.verdict(one.word)])
            if one.is_laxer:
                console.line(f"    {verdicts.laxer(one)}", "undecided")


def _sentences(console: Console, found: Readiness) -> None:
    for one in found.sentences:
        word = one.word or "undecided"
        said = "" if one.claim else " (bound to no claim: not measured yet)"
        first, *rest = textwrap.wrap(f"“{one.sentence}”{said}", WIDTH - 2)
        console.parts([(console.verdict(word)[0][0] + " ", word), (first, "quiet")])
        for line in rest:
            console.line("  " + line, "quiet")
    if found.sentences:
        console.line()
