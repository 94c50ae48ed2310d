"""`server.json`: where the server of a folder listens, for programs of the same person on the same machine."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from airworthy.base.clock import DAY, Clock
from airworthy.base.ids import Random
from airworthy.client.server import FILE, ServerFile
from airworthy.service.access import EVERY_SCOPE, Key, fresh_key, write_private

LIFE_US = 3_650 * DAY  # it ends with the process, long before


def local_key(clock: Clock, random: Random) -> tuple[Key, str]:
    """A key of whoever runs the server, with every scope; it stands in no list and ends with the process."""
    return fresh_key(_person(), EVERY_SCOPE, person=True, life_us=LIFE_US, clock=clock, random=random)


@contextmanager
def presence(folder: Path, url: str, secret: str) -> Iterator[None]:
    """The file while the server lives. Raises StoreError (H023) where it cannot be written."""
    write_private(folder / FILE, msgspec.json.encode(ServerFile(url=url, key=secret, pid=os.getpid())) + b"\n")
    try:
        yield
    finally:
        forget(folder)


def forget(folder: Path) -> None:
    """Takes the file away, where it is there."""
    with suppress(OSError):
        (folder / FILE).unlink()


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
