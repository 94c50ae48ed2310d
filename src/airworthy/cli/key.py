"""`airworthy key make|list|revoke`: who may ask a server, and as what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from airworthy.base.clock import SystemClock, iso
from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput
from airworthy.base.ids import SystemRandom
from airworthy.base.quantity import span_us
from airworthy.cli.backtest import DATA
from airworthy.cli.console import Console, to_json
from airworthy.service.access import Key, KeyFile

app = typer.Typer(help="API keys: who may ask a server, and as what.", no_args_is_help=True)

_ROLE = {"in force": "proven", "expired": "undecided", "revoked": "refuted"}
_Data = Annotated[Path, typer.Option(metavar="FOLDER", help="Where records are kept.")]
_Json = Annotated[bool, typer.Option("--json", help="The answer as JSON on standard output.")]


@app.command()
def make(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is: a person, or an application.")],
    scope: Annotated[
        list[str],
        typer.Option(
            metavar="SCOPE",
            help="application decides and reports, reviewer answers, owner grants and stops, auditor reads; may be repeated.",
        ),
    ],
    person: Annotated[
        bool, typer.Option("--person", help="The key is a person's: what is done with it, they did.")
    ] = False,
    expires: Annotated[str, typer.Option(metavar="SPAN", help="When it stops being good.")] = "90d",
    data: _Data = Path(DATA),
    json: _Json = False,
) -> None:
    """Make a key and show its secret, once. Only a digest of it is kept.

    A running server knows it within a second.
    """
    key, secret = _keys(data).make(name, scope, person=person, life_us=_life(expires))
    console = Console(quiet=json)
    if json:
        typer.echo(to_json({**_shown(key), "secret": secret}))
        return
    console.parts([("✓ ", "proven"), (f"{key.name} has a key until {iso(key.expires)[:10]}.", "strong")])
    console.line()
    console.line(f"  {secret}", "strong")
    console.line()
    console.wrapped("This is the only time it is shown. Give it to the program as AIRWORTHY_KEY.")
    console.next(f"airworthy key revoke {key.id}{at(data)}")


@app.command("list")
def list_(data: _Data = Path(DATA), json: _Json = False) -> None:
    """Every key that was made, also those no longer good."""
    keys = _keys(data).kept()
    console = Console(quiet=json)
    if json:
        typer.echo(to_json({"keys": [_shown(key) for key in keys]}))
        return
    for key in keys:
        _line(console, key)
    if not keys:
        console.line("No keys yet. Programs on this machine find a running server's own key by themselves.")
        console.next(f"airworthy key make NAME --scope application{at(data)}")


@app.command()
def revoke(
    id: Annotated[str, typer.Argument(metavar="ID", help="The key, as `airworthy key list` names it.")],
    data: _Data = Path(DATA),
    json: _Json = False,
) -> None:
    """Take a key away. A running server refuses it within a second."""
    key = _keys(data).revoke(id)
    console = Console(quiet=json)
    if json:
        typer.echo(to_json(_shown(key)))
        return
    console.parts([("✓ ", "proven"), (f"The key {key.id} of {key.name} is no longer good.", "strong")])


def _keys(data: Path) -> KeyFile:
    return KeyFile(data, SystemClock(), SystemRandom())


def _life(span: str) -> int:
    try:
        return span_us(span)
    except ValueError as error:
        raise BadInput([Diagnostic("H025", f"`{span}` is no span of time", help=str(error))]) from None


def _shown(key: Key) -> dict[str, Any]:
    return {
        "id": key.id, "name": key.name, "scopes": key.scopes, "person": key.person, "made": iso(key.made),
        "expires": iso(key.expires), "state": key.state(SystemClock().now()),
    }  # fmt: skip


def _line(console: Console, key: Key) -> None:
    state = key.state(SystemClock().now())
    kind = "person" if key.person else "program"
    console.parts(
        [
            (f"{key.id}  ", "quiet"),
            (f"{key.name:<24.24} ", "strong"),
            (f"{kind:<8}{','.join(key.scopes):<22.22} {iso(key.expires)[:10]} ", ""),
            (state, _ROLE[state]),
        ]
    )


def at(data: Path) -> str:
    """The option that names the folder again, where it is not the usual one."""
    return "" if str(data) == DATA else f" --data {data}"
