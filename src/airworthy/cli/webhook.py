"""`airworthy webhook`: who is told of what the log holds, and what became of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from airworthy.base.clock import Clock, Micros, SystemClock, iso
from airworthy.base.errors import AirworthyError, NotFound
from airworthy.base.ids import SystemRandom, new_id
from airworthy.cli import output
from airworthy.cli.backtest import DATA
from airworthy.cli.console import Advance, Console, progress, to_json
from airworthy.integration.webhook.address import resolve
from airworthy.integration.webhook.admission import admitted, led_astray
from airworthy.integration.webhook.deliver import Deliverer
from airworthy.integration.webhook.endpoint import Endpoint, Endpoints, rotated, switched
from airworthy.integration.webhook.event import ping
from airworthy.integration.webhook.outbox import Delivery, Outbox, State
from airworthy.integration.webhook.post import Ended, posting
from airworthy.page import words
from airworthy.storage.sqlite import open_reader

CLOCK: Clock = SystemClock()
RANDOM = SystemRandom()
NONE_YET = "No endpoints yet. Nobody is told of anything."

app = typer.Typer(help="Signed webhooks: who is told of what the log holds.", no_args_is_help=True)

_Data = Annotated[Path, typer.Option("--data", metavar="FOLDER", help="Where records are kept.")]
_Json = Annotated[bool, typer.Option("--json", help="The answer as JSON on standard output.")]
_Id = Annotated[str, typer.Argument(metavar="ID", help="The endpoint, as `airworthy webhook list` names it.")]


@app.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to send; https, except on this machine.")],
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="KIND", help="A kind of record to tell of; may be said again. Usually all."),
    ] = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="The URL may lead into a private network.")
    ] = False,
    data: _Data = Path(DATA),
    json: _Json = False,
) -> None:
    """Tell an endpoint of every entry from now on. Prints the secret it verifies with, once.

    airworthy webhook add https://example.com/hook --kind decision.made
    """
    console = Console(quiet=json)
    made = admitted(
        url, kinds=kind or (), allow_private=allow_private, since=_size(data), now=CLOCK.now(), random=RANDOM
    )
    notes = led_astray(made)
    Endpoints(data).add(made)
    if json:
        typer.echo(to_json({**_plain(made), "secret": made.secrets[0].value, "notes": output.as_json(notes)}))
    output.show(console, notes)
    console.parts([("✓ ", "proven"), (f"{made.id} is told of {_kinds(made)} from entry {made.since} on.", "strong")])
    _say_secret(console, made)
    console.next(f"airworthy webhook test {made.id}{_at(data)}")


@app.command("list")
def list_(data: _Data = Path(DATA), json: _Json = False) -> None:
    """Every endpoint, what it is told of, and how its messages fare. Shows no secret."""
    console, known = Console(quiet=json), Endpoints(data).all()
    counts = {one.id: _counts(data, one.id) for one in known}
    if json:
        typer.echo(to_json({"endpoints": [{**_plain(one), **counts[one.id]} for one in known]}))
    for one in known:
        _show(console, one, counts[one.id])
    if not known:
        console.line(NONE_YET)
        console.next("airworthy webhook add URL")


@app.command()
def rotate(id: _Id, data: _Data = Path(DATA), json: _Json = False) -> None:
    """Give an endpoint a new secret, shown once. The one before it signs beside it for 24 hours."""
    console = Console(quiet=json)
    now = CLOCK.now()
    made = Endpoints(data).replace(id, lambda one: rotated(one, now, RANDOM))
    until = made.secrets[1].until
    if json:
        typer.echo(to_json({**_plain(made), "secret": made.secrets[0].value, "both_until": until}))
    console.parts([("✓ ", "proven"), (f"{id} has a new secret; both sign until {iso(until or now)}.", "strong")])
    _say_secret(console, made)


@app.command()
def remove(id: _Id, data: _Data = Path(DATA), json: _Json = False) -> None:
    """Tell an endpoint of nothing any more; what was due to it is let go of."""
    Endpoints(data).remove(id)
    counts = _counts(data, id)
    unsent = counts["due"] + counts["dead"]
    with _outbox(data) as outbox:
        outbox.forget_endpoint(id)
    if json:
        typer.echo(to_json({"removed": id, "unsent": unsent}))
    said = f"{id} is told of nothing any more; {words.plural(unsent, 'message')} will never be sent."
    Console(quiet=json).parts([("✓ ", "proven"), (said, "strong")])


@app.command()
def dead(data: _Data = Path(DATA), json: _Json = False) -> None:
    """Messages that were given up after three days, or because their endpoint answered 410 Gone."""
    console, found = Console(quiet=json), _dead(data)
    if json:
        typer.echo(to_json({"dead": [_letter(one) for one in found]}))
    for one in found:
        console.parts([(f"{one.id:<24} ", "strong"), (f"{one.kind:<18} ", ""), (_tried(one), "quiet")])
    if found:
        console.next(f"airworthy webhook redrive --all{_at(data)}")
    else:
        console.line("Nothing was given up.")


@app.command()
def redrive(
    id: Annotated[
        str | None, typer.Argument(metavar="ID", help="A message, or an endpoint for all of its messages.")
    ] = None,
    all: Annotated[bool, typer.Option("--all", help="Every dead message.")] = False,
    data: _Data = Path(DATA),
    json: _Json = False,
) -> None:
    """Make dead messages due again, for three new days. An endpoint that answered 410 Gone is told again."""
    if all == (id is not None):
        raise AirworthyError("say either which message or endpoint, or --all", code="U005")
    chosen = [one for one in _dead(data) if all or id in (one.id, one.endpoint)]
    if id is not None and not chosen:
        raise NotFound(f"no dead message is `{id}`, or to it", code="W005", help="run: airworthy webhook dead")
    for endpoint in {one.endpoint for one in chosen}:
        Endpoints(data).replace(endpoint, lambda one: switched(one, None))
    again = _redrive(data, chosen)
    if json:
        typer.echo(to_json({"redriven": again}))
    console = Console(quiet=json)
    console.line(f"{words.plural(again, 'message is', 'messages are')} due again.")
    if again:
        console.next(f"airworthy webhook send{_at(data)}")


@app.command()
def send(data: _Data = Path(DATA), json: _Json = False) -> None:
    """Send what is due now. Exit 0 everything arrived, 1 something did not and is tried again later."""
    console, endpoints, ended = Console(quiet=json), Endpoints(data), list[Ended]()
    if not (data / "log.db").exists() or not endpoints.all():
        _nothing(console, json, "No log yet, so there is nothing to tell." if endpoints.all() else NONE_YET)
        return
    now = CLOCK.now()
    with _outbox(data) as outbox, closing(open_reader(data)) as log:
        outbox.take(log, endpoints, now)
        due = outbox.count_due(endpoints.enabled(), now)
        with progress(console, "sending", due) as advance:
            deliverer = Deliverer(
                log, outbox, endpoints, clock=CLOCK, random=RANDOM, told=lambda _, how: _note(ended, how, advance)
            )
            next_due = deliverer.run_due(now)
    failed = sum(one.how != "delivered" for one in ended)
    if json:
        typer.echo(to_json({"delivered": len(ended) - failed, "failed": failed, "next_due": next_due}))
    _say_sent(console, ended, next_due, data)
    raise typer.Exit(1 if failed else 0)


@app.command("test")
def ping_(id: _Id, data: _Data = Path(DATA), json: _Json = False) -> None:
    """Send one `webhook.test` message now, and say how it ended. Exit 0 it arrived, 1 it did not."""
    ended = asyncio.run(_ping(Endpoints(data).one(id), CLOCK.now()))
    arrived = ended.how == "delivered"
    if json:
        typer.echo(to_json({"arrived": arrived, "status": ended.status}))
    said = f"it arrived: {ended.status}" if arrived else f"it did not arrive: {ended.status}"
    Console(quiet=json).parts([("✓ " if arrived else "✕ ", "proven" if arrived else "refuted"), (said, "strong")])
    raise typer.Exit(0 if arrived else 1)


async def _ping(endpoint: Endpoint, now: Micros) -> Ended:
    async with posting(endpoint, resolve) as post:
        return await post.send(ping(new_id(now, RANDOM), endpoint.id, now), now)


@contextmanager
def _outbox(data: Path) -> Iterator[Outbox]:
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(Outbox(data)) as outbox:
        yield outbox


def _counts(data: Path, endpoint: str) -> dict[State, int]:
    if not (data / "outbox.db").exists():
        return {"due": 0, "delivered": 0, "dead": 0}
    with _outbox(data) as outbox:
        return outbox.counts(endpoint)


def _dead(data: Path) -> tuple[Delivery, ...]:
    if not (data / "outbox.db").exists():
        return ()
    with _outbox(data) as outbox:
        return outbox.dead()


def _redrive(data: Path, chosen: Sequence[Delivery]) -> int:
    if not chosen:
        return 0
    with _outbox(data) as outbox:
        return outbox.redrive(chosen, CLOCK.now())


def _size(data: Path) -> int:
    if not (data / "log.db").exists():
        return 0
    with closing(open_reader(data)) as log:
        return log.size()


def _plain(one: Endpoint) -> dict[str, object]:
    """Without its secrets."""
    return {name: getattr(one, name) for name in one.__struct_fields__ if name != "secrets"}


def _letter(one: Delivery) -> dict[str, object]:
    return {"id": one.id, **{name: getattr(one, name) for name in one.__struct_fields__}}


def _kinds(one: Endpoint) -> str:
    return words.listed(list(one.kinds)) or "every entry"


def _tried(one: Delivery) -> str:
    return f"{words.plural(one.attempts, 'attempt')}, dead since {iso(one.next_at)}: {one.status}"


def _at(data: Path) -> str:
    return "" if data == Path(DATA) else f" --data {data}"


def _say_secret(console: Console, one: Endpoint) -> None:
    console.line(f"secret     {one.secrets[0].value}")
    console.wrapped("Give it to whoever reads there. It is not shown again.", style="quiet")


def _show(console: Console, one: Endpoint, counts: dict[State, int]) -> None:
    console.parts([(one.id, "strong"), (f"  {one.url}", "")])
    fare = ", ".join(f"{words.count(counts[state])} {state}" for state in ("due", "delivered", "dead"))
    console.wrapped(f"          {_kinds(one)}; {fare}", style="quiet", hanging=10)
    if one.disabled is not None:
        console.parts([("          disabled", "refuted"), (f" since {iso(one.disabled)}: it answered 410 Gone", "")])


def _note(ended: list[Ended], how: Ended, advance: Advance) -> None:
    ended.append(how)
    advance(len(ended))


def _nothing(console: Console, json: bool, said: str) -> None:
    if json:
        typer.echo(to_json({"delivered": 0, "failed": 0, "next_due": None}))
    console.line(said)
    if said == NONE_YET:
        console.next("airworthy webhook add URL")


def _say_sent(console: Console, ended: list[Ended], next_due: Micros | None, data: Path) -> None:
    arrived = sum(one.how == "delivered" for one in ended)
    if not ended:
        console.line("Nothing is due now.")
    elif arrived == len(ended):
        console.parts([("✓ ", "proven"), (f"{words.plural(arrived, 'message')} arrived.", "strong")])
    else:
        console.parts([("✕ ", "refuted"), (f"{arrived:,} of {words.plural(len(ended), 'message')} arrived.", "strong")])
        for status, n in Counter(one.status for one in ended if one.how != "delivered").most_common(5):
            console.line(f"  {n:,}: {status}", "quiet")
    if next_due is not None:
        console.line(f"The next is due {iso(next_due)}.", "quiet")
        console.next(f"airworthy webhook send{_at(data)}")
