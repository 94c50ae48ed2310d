"""`airworthy grant`, `revoke`, `stop`, `release`: what people decide about a use case, on the record."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from airworthy.base.clock import SystemClock, moment
from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput
from airworthy.base.ids import SystemRandom
from airworthy.base.quantity import span_us
from airworthy.cli.backtest import DATA
from airworthy.cli.console import Console, to_json
from airworthy.exchange.ask import GrantAsked, ReleaseAsked, RevokeAsked, StopAsked
from airworthy.service.inbox import Order, require_done
from airworthy.service.order import Carried, carry_out, named

_What = Annotated[str, typer.Argument(metavar="USE_CASE", help="Its name, or its charter where nobody serves it now.")]
_Data = Annotated[Path, typer.Option("--data", metavar="FOLDER", help="Where records are kept.")]
_Environment = Annotated[Literal["dev", "test", "prod"], typer.Option(help="dev, test or prod.")]
_As = Annotated[str, typer.Option("--as", metavar="NAME", help="Who decides this, as the charter's seats name them.")]
_Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; kept sealed beside the record.")]
_Json = Annotated[bool, typer.Option("--json", help="What was recorded, as JSON on standard output.")]


def grant(
    use_case: _What,
    stage: Annotated[Literal["shadow", "assist", "default"], typer.Option(help="The stage it may run at.")],
    until: Annotated[str, typer.Option(metavar="DATE|SPAN", help="How long: a date, or a span such as `90d`.")],
    person: _As,
    why: _Why = "",
    data: _Data = Path(DATA),
    environment: _Environment = "prod",
    json: _Json = False,
) -> None:
    """Let a use case run at a stage until a date, in the name of the seat its charter says may.

    It holds for the rules in force now: a change of them ends it. Nothing acts above the stage the charter declares.
    """
    name, charters = named(use_case)
    ends = _until(until)
    order = Order(person=person, grant=GrantAsked(use_case=name, stage=stage, until=ends, person=person, why=why))
    done = carry_out(order, charters, data, environment, SystemClock(), SystemRandom())
    said = f"`{name}` may run at stage {stage} until {ends:%d %b %Y %H:%M} UTC"
    _say(done, said, json, f"airworthy revoke {use_case} --as '{person}'")


def revoke(
    use_case: _What,
    person: _As,
    why: _Why = "",
    data: _Data = Path(DATA),
    environment: _Environment = "prod",
    json: _Json = False,
) -> None:
    """Take the grant in force away. Permits given under it end at once."""
    name, charters = named(use_case)
    order = Order(person=person, revoke=RevokeAsked(use_case=name, person=person, why=why))
    done = carry_out(order, charters, data, environment, SystemClock(), SystemRandom())
    _say(
        done,
        f"the grant of `{name}` has ended",
        json,
        f"airworthy grant {use_case} --stage assist --until 90d --as NAME",
    )


def stop(
    use_case: _What,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; whoever releases it will read this.")],
    person: _As = "",
    data: _Data = Path(DATA),
    environment: _Environment = "prod",
    json: _Json = False,
) -> None:
    """Stop a use case: from now on its work is done as before, without the AI. Anybody may; releasing takes two."""
    name, charters = named(use_case)
    order = Order(person=person, stop=StopAsked(use_case=name, why=why, person=person))
    done = carry_out(order, charters, data, environment, SystemClock(), SystemRandom(), wait_s=3.0)
    _say(done, f"`{name}` is stopped", json, f"airworthy release {use_case} --as NAME --why TEXT")


def release(
    use_case: _What,
    person: _As,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="What was mended; kept sealed beside the record.")],
    data: _Data = Path(DATA),
    environment: _Environment = "prod",
    json: _Json = False,
) -> None:
    """Let a stopped use case go on. It takes two different people, one of them the trust or the accountable owner."""
    name, charters = named(use_case)
    order = Order(person=person, release=ReleaseAsked(use_case=name, why=why, person=person))
    done = carry_out(order, charters, data, environment, SystemClock(), SystemRandom())
    waits = done.reply is not None and bool(done.reply.note)
    said = f"`{name}` stays stopped until another person asks as well" if waits else f"`{name}` goes on"
    _say(done, said, json, f"airworthy release {use_case} --as ANOTHER --why TEXT" if waits else "")


def _say(done: Carried, said: str, json: bool, next_: str) -> None:
    reply = None if done.reply is None else require_done(done.reply)
    if json:
        typer.echo(
            to_json({"recorded": reply is not None, "seq": reply.seq if reply else None, "by": done.by, "said": said})
        )
        return
    console = Console()
    if reply is None:
        console.parts([("left in the folder  ", "undecided"), ("nobody runs there now", "strong")])
        console.line("It counts before the next decision made there, and is recorded then.", "quiet")
        return
    console.parts([("✓ ", "proven"), (said, "strong")])
    where = f"entry {reply.seq} of the log" if reply.seq is not None and reply.seq >= 0 else "as it was"
    console.line(where if done.by == "here" else f"{where}, by the process that runs it", "quiet")
    if reply.note and reply.note not in said:
        console.line(reply.note, "quiet")
    if next_:
        console.next(next_)


def _until(text: str) -> datetime:
    """A date (its last moment, UTC), a moment with its zone, or a span from now. Raises BadInput."""
    if re.fullmatch(r"\d+\s*[smhdw]", text.strip()):
        return moment(SystemClock().now()) + timedelta(microseconds=span_us(text))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        help = "write such as `90d`, `2027-03-31` or `2027-03-31T12:00:00Z`"
        raise BadInput([Diagnostic("U009", f"`{text}` is no date and no span", help=help)]) from None
    if len(text.strip()) == 10:
        return found.replace(tzinfo=UTC) + timedelta(days=1, seconds=-1)
    if found.tzinfo is None:
        raise BadInput([Diagnostic("U009", f"`{text}` has no time zone", help="add `Z` or such as `+01:00`")])
    return found
