"""`airworthy grant`, `revoke`, `stop`, `release`: what people decide about a use case, on the record."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from airworthy.base.clock import SystemClock, moment
from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput
from airworthy.base.ids import SystemRandom
from airworthy.base.quantity import span_us
from airworthy.charter.model import Charter
from airworthy.cli.backtest import DATA
from airworthy.cli.console import Console, to_json
from airworthy.exchange.ask import GrantAsked, ReleaseAsked, RevokeAsked, StopAsked
from airworthy.service.inbox import Order, require_done
from airworthy.service.open import place
from airworthy.service.order import Carried, ask_server, carry_out, named

_What = Annotated[str, typer.Argument(metavar="USE_CASE", help="Its name, or its charter where nobody serves it now.")]
_Data = Annotated[Path, typer.Option("--data", metavar="FOLDER", help="Where records are kept.")]
Environment = Literal["dev", "test", "prod"]
_Environment = Annotated[Environment, typer.Option(help="dev, test or prod.")]
_As = Annotated[str, typer.Option("--as", metavar="NAME", help="Who decides this, as the charter's seats name them.")]
_Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; kept sealed beside the record.")]
_Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="A server; by default AIRWORTHY_URL. Its key is AIRWORTHY_KEY."),
]
_Json = Annotated[bool, typer.Option("--json", help="What was recorded, as JSON on standard output.")]


NOT_YET = 3  # exit code: nobody who could carry it out runs there
LEFT = "left in the folder; nobody runs there now"


def grant(
    use_case: _What,
    stage: Annotated[Literal["shadow", "assist", "default"], typer.Option(help="The stage it may run at.")],
    until: Annotated[str, typer.Option(metavar="DATE|SPAN", help="How long: a date, or a span such as `90d`.")],
    person: _As,
    why: _Why = "",
    data: _Data = Path(DATA),
    environment: _Environment = "prod",
    url: _Url = None,
    json: _Json = False,
) -> None:
    """Let a use case run at a stage until a date, in the name of the seat its charter says may.

    It holds for the rules in force now: a change of them ends it. Nothing acts above the stage the charter declares.
    """
    name, charters = named(use_case)
    ends = _until(until)
    order = Order(person=person, grant=GrantAsked(use_case=name, stage=stage, until=ends, person=person, why=why))
    done = _carry_out(order, charters, data, environment, url)
    _say(done, f"`{name}` may run at stage {stage} until {ends:%d %b %Y %H:%M} UTC", json)


def revoke(
    use_case: _What,
    person: _As,
    why: _Why = "",
    data: _Data = Path(DATA),
    environment: _Environment = "prod",
    url: _Url = None,
    json: _Json = False,
) -> None:
    """Take the grant in force away. Permits given under it end at once."""
    name, charters = named(use_case)
    order = Order(person=person, revoke=RevokeAsked(use_case=name, person=person, why=why))
    done = _carry_out(order, charters, data, environment, url)
    _say(done, f"the grant of `{name}` has ended", json)


def stop(
    use_case: _What,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; whoever releases it will read this.")],
    person: _As = "",
    data: _Data = Path(DATA),
    environment: _Environment = "prod",
    url: _Url = None,
    json: _Json = False,
) -> None:
    """Stop a use case: from now on its work is done as before, without the AI. Anybody may; releasing takes two."""
    name, charters = named(use_case)
    order = Order(person=person, stop=StopAsked(use_case=name, why=why, person=person))
    done = _carry_out(order, charters, data, environment, url)
    _say(
        done,
        f"`{name}` is stopped",
        json,
        f"airworthy release {use_case} --as NAME --why TEXT{_where(data, environment)}",
    )


def release(
    use_case: _What,
    person: _As,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="What was mended; kept sealed beside the record.")],
    data: _Data = Path(DATA),
    environment: _Environment = "prod",
    url: _Url = None,
    json: _Json = False,
) -> None:
    """Let a stopped use case go on. It takes two different people, one of them the trust or the accountable owner."""
    name, charters = named(use_case)
    order = Order(person=person, release=ReleaseAsked(use_case=name, why=why, person=person))
    done = _carry_out(order, charters, data, environment, url)
    waits = done.reply is not None and bool(done.reply.note)
    said = f"`{name}` stays stopped until another person asks as well" if waits else f"`{name}` goes on"
    again = f"airworthy release {use_case} --as ANOTHER --why TEXT{_where(data, environment)}"
    _say(done, said, json, again if waits else "")


def _carry_out(
    order: Order, charters: Sequence[Charter], data: Path, environment: Environment, url: str | None
) -> Carried:
    """By the server at `url` or AIRWORTHY_URL where one is named, else in the folder."""
    address = url or os.environ.get("AIRWORTHY_URL")
    if address:
        return ask_server(order, address, place(data, environment), environment)
    return carry_out(order, charters, data, environment, SystemClock(), SystemRandom())


def _where(data: Path, environment: Environment) -> str:
    """The options that name the same folder again."""
    folder = "" if data == Path(DATA) else f" --data {shlex.quote(str(data))}"
    return folder if environment == "prod" else f"{folder} --environment {environment}"


def _say(done: Carried, said: str, json: bool, next_: str = "") -> None:
    reply = None if done.reply is None else require_done(done.reply)
    if json:
        told = said if reply is not None else LEFT
        seq = reply.seq if reply else None
        typer.echo(to_json({"recorded": reply is not None, "seq": seq, "by": done.by, "said": told}))
    console = Console(quiet=json)
    if reply is None:
        console.parts([("◌ not recorded yet  ", "undecided"), (LEFT, "strong")])
        console.line("It counts before the next decision made there, and is recorded then.", "quiet")
        raise typer.Exit(NOT_YET)
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
