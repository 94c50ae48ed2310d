"""`airworthy.connect`: to a gateway embedded in this process, or to a server over HTTP. One object either way."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput
from airworthy.client.http import HttpChannel
from airworthy.client.line import Line
from airworthy.client.server import ServerFile, key_for, left_key, served
from airworthy.exchange.channel import Channel
from airworthy.sdk.gateway import Gateway
from airworthy.service.open import open_gateway, place
from airworthy.storage.holder import FILE as LOCK

Environment = Literal["dev", "test", "prod"]

FOLDER = ".airworthy"
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

    url_or_folder   an http(s) address, or the folder an embedded one keeps its log in, where other environments than
                    prod have folders of their own. By default the address in AIRWORTHY_URL, else `.airworthy/`;
                    where a server of this folder runs and no charters are named, it is asked
    charters        files an embedded one reads; by default `charter.yaml`, `*.charter.yaml` and `charters/*.yaml` here
    key             for a server; by default AIRWORTHY_KEY, else that in `<folder>/server.json`, if of the same address
    budget_ms       after which a decision falls back
    spool           folder for what could not be handed over; by default `spool/` in the folder
    Raises BadInput (C020 to C023), and what opening a log raises.
    """
    given = str(url_or_folder or os.environ.get("AIRWORTHY_URL") or FOLDER)
    is_url = given.startswith(("http://", "https://"))
    home = place(Path(FOLDER if is_url else given), environment)
    here = None if is_url or charters is not None else _serving(home)
    url = given if is_url else here.url if here is not None else None
    channel: Channel
    if url is None:
        channel = open_gateway(given, _named(charters), environment=environment)
    else:
        renew = partial(left_key, url, home)
        found = key or (here.key if here is not None else None)
        channel = HttpChannel(url, key_for(url, found, home), environment, budget_s=budget_ms / 1000, renew=renew)
    return Gateway(Line(channel, Path(spool or home / "spool"), budget_s=budget_ms / 1000))


def _serving(home: Path) -> ServerFile | None:
    """The server that holds the folder now. A file it left behind when it was killed does not count."""
    found = served(home)
    return found if found is not None and is_held(home) else None


def _named(charters: str | Path | Sequence[str | Path] | None) -> list[Path]:
    """Files to work by. Raises BadInput (C020) where there is none."""
    if charters is None:
        return _charters_here()
    return [Path(one) for one in ([charters] if isinstance(charters, str | Path) else charters)]


def _charters_here() -> list[Path]:
    found = sorted({path for pattern in _CHARTERS for path in Path().glob(pattern)})
    if not found:
        raise BadInput([Diagnostic("C020", "there is no charter here to work by",
                                   help="name it: `connect(charters=...)`; or start one: airworthy init")])  # fmt: skip
    return found


def is_held(folder: Path) -> bool:
    """Whether a living process writes to the log in `folder`."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
