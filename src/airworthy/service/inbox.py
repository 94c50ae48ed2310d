"""Orders left in a folder for whoever holds its log: a stop takes effect at the next decision, however that process is reached.

A process that holds a log cannot share it, and it may serve nobody: an embedded gateway has no address. So whoever may
write to the folder leaves a file in `inbox/`; the gateway there looks whether the folder changed before every decision
and every redemption (one system call), carries the order out, and leaves its answer beside it.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import msgspec

from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput, StoreError
from airworthy.base.ids import Random, new_id
from airworthy.exchange.ask import GrantAsked, ReleaseAsked, RevokeAsked, StopAsked
from airworthy.exchange.channel import Caller
from airworthy.exchange.told import Noted

FOLDER = "inbox"
LARGEST = 65_536  # bytes of an order
STEP_NS = 50_000_000  # well above the kernel's step

_SAFELY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # nothing outside the folder, and no waiting for a pipe
_NEVER_OPENED = {errno.ELOOP, errno.ENXIO, errno.EACCES, errno.EPERM}  # a link, a socket, somebody else's


class Governs(Protocol):
    """Whoever carries orders out: a gateway, or the way to one."""

    def stop(self, asked: StopAsked, caller: Caller) -> Future[Noted]: ...

    def release(self, asked: ReleaseAsked, caller: Caller) -> Future[Noted]: ...

    def grant(self, asked: GrantAsked, caller: Caller) -> Future[Noted]: ...

    def revoke(self, asked: RevokeAsked, caller: Caller) -> Future[Noted]: ...


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be done, by whom; exactly one of the four is there."""

    person: str
    stop: StopAsked | None = None
    release: ReleaseAsked | None = None
    grant: GrantAsked | None = None
    revoke: RevokeAsked | None = None

    def given_to(self, whom: Governs, caller: Caller) -> Future[Noted]:
        """Has `whom` carry it out. Raises StoreError (G057) where nothing is ordered."""
        if self.stop is not None:
            return whom.stop(self.stop, caller)
        if self.release is not None:
            return whom.release(self.release, caller)
        if self.grant is not None:
            return whom.grant(self.grant, caller)
        if self.revoke is not None:
            return whom.revoke(self.revoke, caller)
        raise StoreError("the order is empty", code="G057")


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an order: where it stands in the log, or why it was refused."""

    seq: int | None = None
    note: str = ""
    refused: tuple[Diagnostic, ...] = ()


class _Odd(Exception):
    """This is no order, and never will be."""


class Inbox:
    """The orders of one folder, for whoever holds its log."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER
        self._seen = -1
        self._make()

    def changed(self) -> bool:
        """Whether anything was left here since the last look; about a microsecond. Raises OSError."""
        try:
            return os.stat(self._folder).st_mtime_ns != self._seen
        except FileNotFoundError:
            return True

    def orders(self) -> Iterator[tuple[Path, Order | None]]:
        """What was left, oldest first; None where it is no order, and was set aside as `*.odd`. Raises OSError."""
        self._make()  # somebody may have taken it away
        # A folder's time moves in steps of the kernel's clock: within one, a second file leaves it as it was.
        changed_ns = os.stat(self._folder).st_mtime_ns
        seen = changed_ns if time.time_ns() - changed_ns > STEP_NS else -1
        for file in sorted(self._folder.glob("*.order")):
            try:
                order = self._order(file)
            except OSError:  # it may be read later, and those behind it now
                seen = -1
            else:
                yield file, order
        self._seen = seen

    def answer(self, file: Path, reply: Reply) -> None:
        """Leaves the answer and takes the order away. Raises OSError."""
        _write(file.with_suffix(".reply"), msgspec.json.encode(reply))
        file.unlink(missing_ok=True)

    def _order(self, file: Path) -> Order | None:
        try:
            return _read(file)
        except _Odd:
            with suppress(OSError):
                file.rename(file.with_suffix(".odd"))
            return None

    def _make(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)


def leave(data: Path, order: Order, now_us: int, random: Random) -> Path:
    """Leaves an order. It counts from the moment this returns. Raises StoreError where nothing can be written."""
    folder = data / FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / f"{new_id(now_us, random)}.order"
        _write(file, msgspec.json.encode(order))
    except OSError as error:
        raise StoreError(f"the order cannot be left in `{folder}`: {error.strerror}", code="R008") from None
    return file


def await_reply(file: Path, timeout_s: float) -> Reply | None:
    """What became of an order, None where nobody carried it out in time."""
    until = time.monotonic() + timeout_s
    reply = file.with_suffix(".reply")
    while time.monotonic() < until:
        if reply.exists():
            found = msgspec.json.decode(reply.read_bytes(), type=Reply)
            reply.unlink(missing_ok=True)
            return found
        time.sleep(0.02)
    return None


def require_done(reply: Reply) -> Reply:
    """The reply, unless the order was refused: then BadInput with what was found."""
    if reply.refused:
        raise BadInput(reply.refused)
    return reply


def _read(file: Path) -> Order:
    """Raises _Odd; OSError where it may be read later."""
    try:
        return msgspec.json.decode(_bytes(file), type=Order)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _Odd from None


def _bytes(file: Path) -> bytes:
    """What stands in a regular file, cut off behind what an order may have. Raises _Odd, OSError."""
    try:
        descriptor = os.open(file, os.O_RDONLY | _SAFELY)
    except OSError as error:
        raise (_Odd if error.errno in _NEVER_OPENED else error) from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _Odd
        return os.read(descriptor, LARGEST)
    finally:
        os.close(descriptor)


def _write(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _SAFELY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
