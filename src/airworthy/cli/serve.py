"""`airworthy serve`: the gateway on the network, until it is told to end."""

from __future__ import annotations

import shlex
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer

from airworthy.base.clock import Clock, SystemClock
from airworthy.base.errors import MissingExtra
from airworthy.base.ids import Random, SystemRandom
from airworthy.charter.load import load
from airworthy.charter.model import Charter
from airworthy.claim.catalogue import BY_ID
from airworthy.cli.backtest import DATA
from airworthy.cli.console import Console
from airworthy.cli.key import at
from airworthy.integration.webhook.deliver import Deliverer
from airworthy.integration.webhook.endpoint import Endpoints
from airworthy.integration.webhook.outbox import Outbox
from airworthy.service.access import KeyFile
from airworthy.service.open import open_gateway, place
from airworthy.storage.sqlite import open_reader
from airworthy.web.address import check_exposure, is_loopback, listen, tls_of, url_of
from airworthy.web.hosting import Hosting
from airworthy.web.journal import Level

PORT = 8040
Environment = Literal["dev", "test", "prod"]
_PLAIN: Mapping[str, object] = {"string": "text", "integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}


def serve(
    charters: Annotated[
        list[Path], typer.Argument(metavar="CHARTER...", help="The charters of the use cases to serve.")
    ],
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="Where records are kept.")] = Path(DATA),
    host: Annotated[
        str, typer.Option(metavar="HOST", help="Where to listen; beyond this machine only with keys and TLS.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, metavar="PORT", help="0: any that is free.")] = PORT,
    environment: Annotated[Environment, typer.Option(help="dev, test or prod; their records are kept apart.")] = "prod",
    tls_cert: Annotated[Path | None, typer.Option(metavar="FILE", help="Certificate chain, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key, PEM.")] = None,
    behind_proxy: Annotated[bool, typer.Option("--behind-proxy", help="A proxy in front ends TLS.")] = False,
    log_level: Annotated[
        Level, typer.Option(help="From which level on requests are logged, on standard error.")
    ] = "info",
) -> None:
    """Serve decisions over HTTP. Programs of yours on this machine find it by themselves.

    One JSON line a request goes to standard error, never with content. Ctrl-C or SIGTERM ends it: what is under way is
    answered first, and nothing acknowledged is lost. A second one ends it at once.
    """
    web, clock, random = _server(), SystemClock(), SystemRandom()
    tls = tls_of(tls_cert, tls_key)
    folder = place(data, environment)
    check_exposure(host, has_key=_has_key(folder, clock, random), is_private=tls is not None or behind_proxy)
    declared = [load(charter, BY_ID) for charter in charters]
    bound = listen(host, port)
    try:
        gateway = open_gateway(data, charters, environment=environment, clock=clock, random=random)
    except BaseException:
        bound.close()
        raise
    how = Hosting(
        folder=folder,
        url=url_of(bound, host, is_tls=tls is not None),
        environment=environment,
        level=log_level,
        tls=tls,
    )
    ready = partial(_say, how, declared, bound, host)
    with _webhooks(folder, clock, random):
        web.host(gateway, bound, how, sink=sys.stderr, clock=clock, random=random, ready=ready)


@contextmanager
def _webhooks(folder: Path, clock: Clock, random: Random) -> Iterator[None]:
    """Tells webhooks what enters the log, at their own pace, while the server lives. Reads the log by itself."""
    log, outbox = open_reader(folder), Outbox(folder)
    sending = Deliverer(log, outbox, Endpoints(folder), clock=clock, random=random).thread()
    try:
        yield
    finally:
        sending.stop()
        outbox.close()
        log.close()


def _server() -> Any:
    """What serves; loaded only here, since its libraries are an extra. Raises MissingExtra."""
    try:
        return import_module("airworthy.web.host")
    except ImportError:
        raise MissingExtra("a server", "server") from None


def _has_key(folder: Path, clock: Clock, random: Random) -> bool:
    return any(key.state(clock.now()) == "in force" for key in KeyFile(folder, clock, random).kept())


def _say(how: Hosting, charters: list[Charter], bound: socket.socket, host: str) -> None:
    console = Console()
    console.parts([("listening  ", ""), (how.url, "strong")])
    names = ", ".join(charter.use_case for charter in charters)
    console.line(f"serving    {names}; environment {how.environment}; records in {how.folder}", "quiet")
    if not is_loopback(host):
        console.line(
            f"exposed    anyone who reaches port {bound.getsockname()[1]} and holds a key may ask", "undecided"
        )
    console.next(f"airworthy key make NAME --scope application{at(how.folder)}")
    console.line("then       AIRWORTHY_KEY=aw_...")
    console.line("           " + example(how.url, charters[0]), "next")
    console.line("end        Ctrl-C", "quiet")


def example(url: str, charter: Charter) -> str:
    """A curl line that asks for a decision at the first decision point of `charter`."""
    point = charter.decision_points[0]
    output = {name: _such_as(schema) for name, schema in point.output.get("properties", {}).items()}
    ask = {"point": f"{charter.use_case}.{point.point}", "subject": "example/1", "output": output}
    body = shlex.quote(msgspec.json.encode(ask).decode())
    return f'curl {url}/v1/decisions -H "Authorization: Bearer $AIRWORTHY_KEY" -H "Content-Type: application/json" -d {body}'


def _such_as(schema: Mapping[str, Any]) -> Any:
    """A value of this form, or nearly: whoever copies the line puts their own there."""
    if options := schema.get("enum"):
        return options[0]
    return _PLAIN.get(str(schema.get("type")), "text")
