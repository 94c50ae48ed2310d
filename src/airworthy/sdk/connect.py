"""`airworthy.connect`: to a gateway embedded in this process, or to a server over HTTP. One object either way."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Literal

from airworthy.base.clock import SystemClock
from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput
from airworthy.base.ids import SystemRandom
from airworthy.client.http import HttpChannel
from airworthy.client.line import Line
from airworthy.client.server import key_for
from airworthy.exchange.channel import Channel
from airworthy.sdk.gateway import Gateway

Environment = Literal["dev", "test", "prod"]

FOLDER = Path(".airworthy")
BUDGET_MS = 150
_CHARTERS = ("charter.yaml", "*.charter.yaml", "charters/*.yaml")


def connect(
    url_or_folder: str | Path | None = None,
    *,
    charters: str | Path | Sequence[str | Path] | None = None,
    key: str | None = None,
    environment: Environment = "prod",
    budget_ms: float = BUDGET_MS,
    spool: str | Path | None = None,
) -> Gateway:
    """A gateway, to be closed, or used with `with`.

    url_or_folder   an http(s) address, or the folder an embedded one keeps its log in. By default the address in
                    AIRWORTHY_URL, else `.airworthy/`, where other environments than prod have folders of their own
    charters        files an embedded one reads; by default `charter.yaml`, `*.charter.yaml` and `charters/*.yaml` here
    key             for a server; by default AIRWORTHY_KEY, else that in `<folder>/server.json`, if of the same address
    budget_ms       after which a decision falls back
    spool           folder for what could not be handed over; by default `spool/` in the folder
    Raises BadInput (C020 to C022), and what opening a log raises.
    """
    place = str(url_or_folder or os.environ.get("AIRWORTHY_URL") or "")
    is_url = place.startswith(("http://", "https://"))
    folder = Path(place) if place and not is_url else home(environment)
    channel = (
        HttpChannel(place, key_for(place, key, home(environment)), environment, budget_s=budget_ms / 1000)
        if is_url
        else _embedded(folder, charters, environment)
    )
    return Gateway(Line(channel, Path(spool or folder / "spool"), budget_s=budget_ms / 1000))


def home(environment: Environment) -> Path:
    """The folder of an environment, here: their records stay apart."""
    return FOLDER if environment == "prod" else FOLDER / environment


def _embedded(folder: Path, charters: str | Path | Sequence[str | Path] | None, environment: Environment) -> Channel:
    given = [charters] if isinstance(charters, str | Path) else charters
    paths = [Path(one) for one in given] if given is not None else _charters_here()
    if not paths:
        raise BadInput([Diagnostic("C020", "there is no charter here to work by",
                                   help="name it: `connect(charters=...)`; or start one: airworthy init")])  # fmt: skip
    open_gateway = import_module("airworthy.service.open").open_gateway
    return open_gateway(folder, paths, environment=environment, clock=SystemClock(), random=SystemRandom())  # type: ignore[no-any-return]


def _charters_here() -> list[Path]:
    return sorted({path for pattern in _CHARTERS for path in Path().glob(pattern)})
