"""The server of this machine: where it listens and with which key, as `airworthy serve` left it in the folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec

from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.base.errors import BadInput

FILE = "server.json"


class ServerFile(msgspec.Struct, frozen=True):
    """`server.json`, written by `airworthy serve` for its owner's eyes alone."""

    url: str
    key: str
    pid: int

    def __repr__(self) -> str:
        return f"ServerFile({self.url}, {self.pid})"


def key_for(url: str, given: str | None, folder: Path) -> str:
    """The key for `url`: the one given, else AIRWORTHY_KEY, else that of the server of `folder` at this address.

    Raises BadInput: C021 where there is none, C022 where others may read the file.
    """
    key = given or os.environ.get("AIRWORTHY_KEY") or left_key(url, folder)
    if not key:
        raise BadInput([Diagnostic("C021", "there is no key for this server",
                                   help="set AIRWORTHY_KEY, or `connect(..., key=...)`")])  # fmt: skip
    return key


def left_key(url: str, folder: Path) -> str | None:
    """The key the server of `folder` left, if it is the one at `url`. Raises BadInput (C022)."""
    here = served(folder)
    return here.key if here is not None and here.url.rstrip("/") == url.rstrip("/") else None


def served(folder: Path) -> ServerFile | None:
    """The server that left its address in `folder`, None where none did. Raises BadInput (C022)."""
    path = folder / FILE
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise BadInput([Diagnostic("C022", "the server's key can be read by others than its owner",
                                       Place(str(path)), "run `chmod 600` on it, and make a new key")])  # fmt: skip
        return msgspec.json.decode(path.read_bytes(), type=ServerFile)
    except (OSError, msgspec.MsgspecError):
        return None
