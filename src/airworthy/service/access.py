"""Who may ask: API keys, as their owner keeps them in `access.json` and as a running server knows them."""

from __future__ import annotations

import base64
import fcntl
import hmac
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import msgspec

from airworthy.base.clock import DAY, Clock, Micros
from airworthy.base.diagnostic import Diagnostic, did_you_mean
from airworthy.base.errors import BadInput, NotFound, StoreError
from airworthy.base.ids import Random, new_id
from airworthy.exchange.channel import Caller, Scope

FILE = "access.json"
USUAL_LIFE_US = 90 * DAY
EVERY_SCOPE: tuple[Scope, ...] = ("application", "reviewer", "owner", "auditor")
LOOK_EVERY_S = 0.25
_SECRET_BYTES = 32
_LONGEST_NAME = 100


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One key. The secret is not here: it was shown once, and only its digest is kept."""

    id: str
    sha256: str  # of the whole secret, hex
    name: str  # of a person, or of an application
    scopes: tuple[Scope, ...]
    person: bool
    made: Micros
    expires: Micros
    revoked: Micros | None = None

    def state(self, now: int) -> str:
        """`in force`, `expired` or `revoked`."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if now >= self.expires else "in force"

    @property
    def caller(self) -> Caller:
        """Who speaks under this key."""
        return Caller(self.name, frozenset(self.scopes), self.person)


class Session(msgspec.Struct, frozen=True):
    """A request's identity: the caller, and the key they showed."""

    caller: Caller
    key: str  # its id


NOBODY = Session(Caller(), "")


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    v: int = 1
    keys: tuple[Key, ...] = ()


class KeyFile:
    """The keys in a folder. Several processes may change it; each change is whole or not at all."""

    def __init__(self, folder: Path, clock: Clock, random: Random) -> None:
        self.path = folder / FILE
        self._clock = clock
        self._random = random

    def kept(self) -> tuple[Key, ...]:
        """In the order they were made. Raises StoreError (H023) where the file cannot be trusted."""
        return read_keys(self.path)

    def make(
        self, name: str, scopes: Sequence[str], *, person: bool = False, life_us: int = USUAL_LIFE_US
    ) -> tuple[Key, str]:
        """A new key and its secret, which is nowhere else. Raises BadInput for a name or scopes that cannot be used."""
        _check(name, scopes, life_us)
        key, secret = fresh_key(name, scopes, person=person, life_us=life_us, clock=self._clock, random=self._random)
        with self._alone():
            self._write((*self.kept(), key))
        return key, secret

    def revoke(self, id: str) -> Key:
        """The key, not usable from now on. Revoking twice changes nothing. Raises NotFound."""
        with self._alone():
            keys = self.kept()
            found = next((key for key in keys if key.id == id), None)
            if found is None:
                raise NotFound(f"there is no key `{id}`", code="H024", help="run: airworthy key list")
            if found.revoked is not None:
                return found
            revoked = msgspec.structs.replace(found, revoked=self._clock.now())
            self._write(tuple(revoked if key.id == id else key for key in keys))
        return revoked

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two commands at once must not lose each other's key."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(self.path, error) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, keys: tuple[Key, ...]) -> None:
        write_private(self.path, msgspec.json.format(msgspec.json.encode(_File(keys=keys)), indent=2) + b"\n")


class Access:
    """Which secrets are good now. Used by one thread; sees a changed file within a second."""

    def __init__(
        self, path: Path, clock: Clock, *, local: Sequence[Key] = (), ticks: Callable[[], float] = time.monotonic
    ) -> None:
        """`local`: keys that stand in no file and end with this process."""
        self._path = path
        self._clock = clock
        self._local = {key.id: key for key in local}
        self._ticks = ticks
        self._looked = float("-inf")
        self._stamp: tuple[int, ...] | None = ()  # of no file yet
        self._keys: dict[str, tuple[Key, Session]] = {}
        self._unusable: StoreError | None = None

    def session(self, secret: str) -> Session | None:
        """Whose secret this is, None where it is nobody's now. Raises StoreError where the file cannot be trusted."""
        self._look()
        found = self._keys.get(secret[3:].partition("_")[0])
        if found is None:
            if self._unusable is not None:
                raise self._unusable
            return None
        key, session = found
        good = hmac.compare_digest(sha256(secret.encode("utf-8", "replace")).hexdigest(), key.sha256)
        return session if good and self._clock.now() < key.expires else None

    def _look(self) -> None:
        now = self._ticks()
        if now - self._looked < LOOK_EVERY_S:
            return
        self._looked = now
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            self._read()

    def _read(self) -> None:
        self._unusable = None
        kept: tuple[Key, ...] = ()
        try:
            kept = read_keys(self._path)
        except StoreError as error:
            self._unusable = error
        good = [key for key in kept if key.revoked is None]
        self._keys = {key.id: (key, Session(key.caller, key.id)) for key in (*good, *self._local.values())}


def fresh_key(
    name: str, scopes: Sequence[str], *, person: bool, life_us: int, clock: Clock, random: Random
) -> tuple[Key, str]:
    """A key that is in no file yet, and its secret: `aw_<id>_<random>`."""
    now = clock.now()
    id = new_id(now, random)[-10:]
    secret = f"aw_{id}_{base64.urlsafe_b64encode(random.bytes(_SECRET_BYTES)).rstrip(b'=').decode()}"
    ordered = tuple(scope for scope in EVERY_SCOPE if scope in scopes)
    digest = sha256(secret.encode()).hexdigest()
    key = Key(
        id=id, sha256=digest, name=name, scopes=ordered, person=person, made=now, expires=Micros(now + life_us)
    )  # fmt: skip
    return key, secret


def read_keys(path: Path) -> tuple[Key, ...]:
    """The keys in a file; none where there is no file. Raises StoreError (H023)."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _unusable(
            path, f"cannot be read: {(error.strerror or 'unknown').lower()}", "check who may read it"
        ) from None
    if mode & 0o077:
        raise _unusable(path, "can be read by others", f"run: chmod 600 {path.parent.name}/{path.name}")
    try:
        return msgspec.json.decode(text, type=_File).keys
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _unusable(path, f"is not a list of keys: {error}", "bring back its last good copy") from None


def write_private(path: Path, data: bytes) -> None:
    """Writes beside, then renames: the file is there as a whole or not at all, and only its owner may read it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise _unwritable(path, error) from None


def _check(name: str, scopes: Sequence[str], life_us: int) -> None:
    found = []
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        found.append(Diagnostic("H025", f"a key needs a name of 1 to {_LONGEST_NAME} printable characters"))
    if not scopes:
        found.append(Diagnostic("H025", "a key needs at least one scope", help=f"one of {', '.join(EVERY_SCOPE)}"))
    for scope in sorted(set(scopes) - set(EVERY_SCOPE)):
        help = did_you_mean(scope, EVERY_SCOPE) or f"one of {', '.join(EVERY_SCOPE)}"
        found.append(Diagnostic("H025", f"there is no scope `{scope}`", help=help))
    if life_us <= 0:
        found.append(Diagnostic("H025", "a key must expire after it is made", help="write a span such as `90d`"))
    if found:
        raise BadInput(found)


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size, found.st_mode


def _unusable(path: Path, why: str, help: str) -> StoreError:
    return StoreError(f"{path.name} {why}", code="H023", help=help)


def _unwritable(path: Path, error: OSError) -> StoreError:
    why = f"cannot be written: {(error.strerror or 'unknown').lower()}"
    return _unusable(path, why, "check the disk, and who may write there")
