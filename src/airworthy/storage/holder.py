"""Who writes to a folder: one process at a time, known by a lock that ends with the process however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from airworthy.base.clock import Clock, Micros, iso
from airworthy.base.errors import StoreError, StoreLocked

FILE = "writer.lock"


class Holder:
    """The right to write, held from construction to `release`."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Raises StoreLocked naming the process that holds it, where that is known."""
        try:
            self._descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"{folder.name} cannot be written to: {error.strerror}",
                code="R008",
                help="check who may write there, or open it for reading",
            ) from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            told = os.read(self._descriptor, 100)
            os.close(self._descriptor)
            raise _locked(folder, told) from None
        self._say(clock.now())

    def release(self) -> None:
        """May be called twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _say(self, now: Micros) -> None:
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()} {now}".encode(), 0)
        except OSError:
            pass  # the lock holds without its label; a full disk will be met, and named, by the first write


def _locked(folder: Path, told: bytes) -> StoreLocked:
    pid, _, since = told.decode("ascii", "replace").partition(" ")
    who = f"process {pid} since {iso(int(since))}" if pid.isdigit() and since.isdigit() else "another process"
    return StoreLocked(f"{folder.name} is held by {who}", help="let it finish, or open the log for reading")
