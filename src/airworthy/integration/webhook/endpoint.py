"""Who asked to be told: endpoints and their secrets, in a file only its owner may read."""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from airworthy.base.clock import DAY, Micros
from airworthy.base.errors import Conflict, NotFound, StoreError
from airworthy.base.ids import Random

FILE = "webhooks.json"
MOST = 16  # endpoints; each may have a few sendings under way, and their sum is bounded by this
BOTH_FOR_US = DAY  # how long a replaced secret still signs beside the new one
_SECRET_BYTES = 32


class Secret(msgspec.Struct, frozen=True):
    """One shared secret. Its repr shows nothing of it."""

    value: str  # `whsec_...`
    until: Micros | None = None  # replaced: when it stops signing

    def __repr__(self) -> str:
        return "Secret(...)"


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One address that is told of entries."""

    id: str
    url: str
    kinds: tuple[str, ...] = ()  # record kinds; empty: all of them
    allow_private: bool = False  # may lead into a private network
    secrets: tuple[Secret, ...]  # newest first, at most two
    made: Micros
    since: int  # the first entry it is told of
    disabled: Micros | None = None  # it answered 410 Gone

    def wants(self, kind: str, seq: int) -> bool:
        """Whether it is told of this entry."""
        return seq >= self.since and (not self.kinds or kind in self.kinds)

    def signing(self, now: Micros) -> tuple[str, ...]:
        """The secrets that sign at `now`, newest first."""
        return tuple(one.value for one in self.secrets if one.until is None or now < one.until)


class _Kept(msgspec.Struct, frozen=True):
    v: int
    endpoints: tuple[Endpoint, ...]


class Endpoints:
    """The file of endpoints in a folder. Any number of processes may read and change it at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / FILE

    def all(self) -> tuple[Endpoint, ...]:
        """Every endpoint, oldest first. Raises StoreError (W003) where the file is damaged or open to others."""
        try:
            with self._file.open("rb") as file:
                mode, data = os.fstat(file.fileno()).st_mode, file.read()
        except FileNotFoundError:
            return ()
        if mode & 0o077:
            raise StoreError(f"{FILE} can be read by others", code="W003", help=f"run: chmod 600 {self._file}")
        return _decoded(data)

    def enabled(self) -> tuple[Endpoint, ...]:
        """Those that may be sent to."""
        return tuple(one for one in self.all() if one.disabled is None)

    def one(self, id: str) -> Endpoint:
        """Raises NotFound (W005)."""
        return _named(self.all(), id)

    def add(self, endpoint: Endpoint) -> None:
        """Durable when it returns. Raises Conflict (W006) when there are as many as there may be."""
        self._change(lambda known: (*_room(known), endpoint))

    def remove(self, id: str) -> None:
        """Raises NotFound (W005)."""
        self._change(lambda known: _with(known, id))

    def replace(self, id: str, change: Callable[[Endpoint], Endpoint]) -> Endpoint:
        """The endpoint as `change` made it. Raises NotFound (W005)."""
        self._change(lambda known: _with(known, id, change(_named(known, id))))
        return self.one(id)

    def _change(self, change: Callable[[tuple[Endpoint, ...]], tuple[Endpoint, ...]]) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(self._folder / f".{FILE}.lock"):
            _write(self._file, msgspec.json.encode(_Kept(1, change(self.all()))))


def rotated(endpoint: Endpoint, now: Micros, random: Random) -> Endpoint:
    """With a new secret; the one before it signs beside it for a day, older ones no more."""
    before = msgspec.structs.replace(endpoint.secrets[0], until=Micros(now + BOTH_FOR_US))
    return msgspec.structs.replace(endpoint, secrets=(new_secret(random), before))


def switched(endpoint: Endpoint, disabled: Micros | None) -> Endpoint:
    """Disabled since then; None: enabled again."""
    return msgspec.structs.replace(endpoint, disabled=disabled)


def new_secret(random: Random) -> Secret:
    """`whsec_` and 32 random bytes."""
    return Secret("whsec_" + base64.b64encode(random.bytes(_SECRET_BYTES)).decode())


def _named(known: tuple[Endpoint, ...], id: str) -> Endpoint:
    for one in known:
        if one.id == id:
            return one
    raise NotFound(f"there is no endpoint `{id}`", code="W005", help="run: airworthy webhook list")


def _with(known: tuple[Endpoint, ...], id: str, *instead: Endpoint) -> tuple[Endpoint, ...]:
    """`known` with `instead` in the place of the one that is named. Raises NotFound (W005)."""
    at = known.index(_named(known, id))
    return (*known[:at], *instead, *known[at + 1 :])


def _room(known: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    if len(known) >= MOST:
        raise Conflict(f"there are {MOST} endpoints already", code="W006", help="remove one that nobody reads")
    return known


def _decoded(data: bytes) -> tuple[Endpoint, ...]:
    try:
        return msgspec.json.decode(data, type=_Kept).endpoints
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(
            f"{FILE} is damaged: {error}", code="W003", help="bring back a copy, or add the endpoints again"
        ) from None


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One process at a time reads, changes and writes; the lock ends with the process however it ends."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, data: bytes) -> None:
    """Beside, then renamed: the file is there as a whole, old or new, also after a loss of power."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
