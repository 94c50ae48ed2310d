"""Names and data keys that can be destroyed: what makes a log that cannot change forget a person.

A name is known here by a handle, a keyed hash that only the holder of the sealing key can compute. A kref leads to a
handle, a handle to the sealed name and to one wrapped data key per class of data. Every row is authenticated, so that a
changed byte is told from an erased row.
"""

from __future__ import annotations

import hmac
from hashlib import blake2b
from threading import Lock
from typing import Protocol

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from airworthy.base.errors import StoreDamaged
from airworthy.base.ids import Random
from airworthy.ledger.seal import KEY, unwrap, wrap

_SHORT = 16  # bytes of a kref, a handle, an authenticator
_CACHED = 50_000  # subjects whose keys are kept at hand


class KeyRows(msgspec.Struct):
    """Rows for the key store, in the order of its columns."""

    subjects: list[tuple[bytes, bytes]] = msgspec.field(default_factory=list)  # handle, sealed name
    data_keys: list[tuple[bytes, str, bytes]] = msgspec.field(default_factory=list)  # handle, class, wrapped key
    krefs: list[tuple[bytes, bytes, bytes]] = msgspec.field(default_factory=list)  # kref, handle, authenticator

    def __bool__(self) -> bool:
        return bool(self.krefs or self.subjects or self.data_keys)


class KeyTable(Protocol):
    """Stored rows. May be asked by any thread at once."""

    def subject(self, handle: bytes) -> bytes | None:
        """The sealed name, None once erased."""

    def data_key(self, handle: bytes, data_class: str) -> bytes | None:
        """The wrapped key, None where none was made or it was erased."""

    def kref(self, kref: bytes) -> tuple[bytes, bytes] | None:
        """Handle and authenticator, None once erased."""


class KeyRing:
    """Makes and finds names and keys. Any thread at once.

    INVARIANT: what `cipher` and `refer` return is in `drain`'s rows until those are durable; an engine drains after it
    took an entry from its queue and commits the rows before it acknowledges the entry.
    """

    def __init__(self, sealing_key: bytes, table: KeyTable, random: Random) -> None:
        self._wrapping = AESGCM(_derived(sealing_key, b"wrap"))
        self._naming = _derived(sealing_key, b"name")
        self._binding = _derived(sealing_key, b"bind")
        self._table = table
        self._random = random
        self._lock = Lock()
        self._fresh = KeyRows()
        self._ciphers: dict[tuple[bytes, str], AESGCM] = {}
        self._named: set[bytes] = set()

    def refer(self, name: str) -> bytes:
        """A new kref that leads to `name`: 16 random bytes."""
        handle, kref = self._handle(name), self._random.bytes(_SHORT)
        row = (kref, handle, self._authenticator(kref, handle))
        with self._lock:
            self._fresh.krefs.append(row)
            if handle not in self._named:
                self._named.add(handle)
                self._fresh.subjects.append((handle, wrap(self._wrapping, name.encode(), handle, self._random)))
        return kref

    def cipher(self, name: str, data_class: str) -> AESGCM:
        """The data key of (name, class), made now if there is none."""
        place = (self._handle(name), data_class)
        with self._lock:
            if place not in self._ciphers:
                self._ciphers[place] = self._stored(*place) or self._made(*place)
            return self._ciphers[place]

    def name(self, kref: bytes) -> str | None:
        """What a kref leads to, None once erased. Raises StoreDamaged."""
        handle = self._follow(kref)
        sealed = self._table.subject(handle) if handle else None
        return unwrap(self._wrapping, sealed, handle).decode() if handle and sealed else None

    def opener(self, kref: bytes, data_class: str) -> AESGCM | None:
        """The data key of the subject behind a kref, None once erased. Raises StoreDamaged."""
        handle = self._follow(kref)
        return self._stored(handle, data_class) if handle else None

    def drain(self) -> KeyRows:
        """All rows made since the last call."""
        with self._lock:
            rows, self._fresh = self._fresh, KeyRows()
            return rows

    def settle(self) -> None:
        """To be called when drained rows are durable: what is cached may now be forgotten."""
        with self._lock:
            if len(self._named) > _CACHED and not self._fresh:
                self._named.clear()
                self._ciphers.clear()

    def check_row(self, kref: bytes, handle: bytes, authenticator: bytes) -> None:
        """Nothing when a kref's row is as it was written, else StoreDamaged."""
        if not hmac.compare_digest(self._authenticator(kref, handle), authenticator):
            raise StoreDamaged("a row of the key store was changed")

    def check_subject(self, handle: bytes, sealed: bytes) -> None:
        """Nothing when a name's row is as it was written, else StoreDamaged."""
        unwrap(self._wrapping, sealed, handle)

    def check_data_key(self, handle: bytes, data_class: str, wrapped: bytes) -> None:
        """Nothing when a data key's row is as it was written, else StoreDamaged."""
        unwrap(self._wrapping, wrapped, handle + data_class.encode())

    def _handle(self, name: str) -> bytes:
        # Keyed BLAKE2b (RFC 7693): a third of what HMAC costs here, and a decision computes a handful.
        return blake2b(name.encode(), key=self._naming, digest_size=_SHORT).digest()

    def _authenticator(self, kref: bytes, handle: bytes) -> bytes:
        return blake2b(kref + handle, key=self._binding, digest_size=_SHORT).digest()

    def _follow(self, kref: bytes) -> bytes | None:
        row = self._table.kref(kref)
        if row is None:
            return None
        self.check_row(kref, *row)
        return row[0]

    def _stored(self, handle: bytes, data_class: str) -> AESGCM | None:
        wrapped = self._table.data_key(handle, data_class)
        return AESGCM(unwrap(self._wrapping, wrapped, handle + data_class.encode())) if wrapped else None

    def _made(self, handle: bytes, data_class: str) -> AESGCM:
        key = self._random.bytes(KEY)
        about = handle + data_class.encode()
        self._fresh.data_keys.append((handle, data_class, wrap(self._wrapping, key, about, self._random)))
        return AESGCM(key)


def _derived(sealing_key: bytes, use: bytes) -> bytes:
    return hmac.digest(sealing_key, use, "sha256")
