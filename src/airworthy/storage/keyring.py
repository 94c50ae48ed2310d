"""Names and data keys that can be destroyed: what makes a log that cannot change forget a person.

A kref leads to a subject's number, the number to its sealed name and to one wrapped data key per class of data. Whether
a name is known is asked by its handle, a keyed hash only the holder of the sealing key can compute. Every row is
authenticated, so that a changed byte is told from an erased row.
"""

from __future__ import annotations

import hmac
from hashlib import blake2b
from typing import Protocol

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from airworthy.base.errors import StoreDamaged
from airworthy.base.ids import Random
from airworthy.ledger.seal import KEY, unwrap, wrap
from airworthy.storage.randomness import Reserve

_SHORT = 16  # bytes of a kref, a handle, an authenticator
_CACHED = 50_000  # subjects whose numbers are kept at hand
_OPEN = 8_192  # data keys kept at hand: each takes 2.5 KiB outside Python

SubjectRow = tuple[int, bytes, bytes]  # number, handle, sealed name
DataKeyRow = tuple[int, str, bytes]  # number, class, wrapped key
KrefRow = tuple[bytes, int, bytes]  # kref, number, authenticator


class KeyRows(msgspec.Struct):
    """New rows for the key store."""

    subjects: list[SubjectRow] = msgspec.field(default_factory=list)
    data_keys: list[DataKeyRow] = msgspec.field(default_factory=list)
    krefs: list[KrefRow] = msgspec.field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.krefs or self.subjects or self.data_keys)


class KeyTable(Protocol):
    """Stored rows, None where there is none or it was erased. May be asked by any thread at once."""

    def last_number(self) -> int:
        """The highest number any subject has, 0 before the first."""

    def numbers(self, most: int) -> dict[bytes, int]:
        """Handles and numbers of `most` subjects, or of all where there are fewer."""

    def number(self, handle: bytes) -> int | None: ...

    def subject(self, number: int) -> SubjectRow | None: ...

    def data_key(self, number: int, data_class: str) -> DataKeyRow | None: ...

    def kref(self, kref: bytes) -> KrefRow | None: ...


class KeyRing:
    """Makes and finds names and keys. One thread makes (`number` to `settle`); any number find, at the same time.

    INVARIANT: what `number`, `refer` and `cipher` made is among the rows of the next `drain`; an engine commits these
    before the entry they were made for.
    """

    def __init__(self, sealing_key: bytes, table: KeyTable, random: Random) -> None:
        self._wrapping = AESGCM(_derived(sealing_key, b"wrap"))
        self._naming = _derived(sealing_key, b"name")
        self._binding = _derived(sealing_key, b"bind")
        self._table = table
        self._random = Reserve(random)
        self._last: int | None = None
        self._stored_numbers: dict[bytes, int] | None = None  # by handle, as of the first question
        self._all_at_hand = False  # every subject is in `_stored_numbers` or `_numbers`
        self._fresh = KeyRows()
        self._numbers: dict[str, int] = {}
        self._ciphers: dict[tuple[int, str], AESGCM] = {}
        self._new: set[int] = set()  # subjects of which every data key is in `_ciphers`

    def number(self, name: str) -> int:
        """The number of a subject, made now if there is none."""
        number = self._numbers.get(name)
        if number is None:
            # Keyed BLAKE2b (RFC 7693): a third of what HMAC costs here.
            handle = blake2b(name.encode(), key=self._naming, digest_size=_SHORT).digest()
            number = self._numbers[name] = self._stored_number(handle) or self._added(name, handle)
        return number

    def refer(self, number: int, ts: int) -> bytes:
        """A new kref leading to a subject: 48 bits of milliseconds (its leaf states them anyway), then 80 random bits.

        Neighbours in time are neighbours in the key store: fully random ones cost a page each to write.
        """
        kref = (ts // 1_000 & 0xFFFF_FFFF_FFFF).to_bytes(6, "big") + self._random.bytes(10)
        self._fresh.krefs.append((kref, number, self._authenticator(kref, number)))
        return kref

    def cipher(self, number: int, data_class: str) -> AESGCM:
        """The data key of a subject and a class, made now if there is none."""
        place = (number, data_class)
        cipher = self._ciphers.get(place)
        if cipher is None:
            stored = None if number in self._new else self._stored(number, data_class)
            cipher = self._ciphers[place] = stored or self._made(number, data_class)
        return cipher

    def name(self, kref: bytes) -> str | None:
        """What a kref leads to, None once erased. Raises StoreDamaged."""
        number = self._follow(kref)
        row = self._table.subject(number) if number is not None else None
        return self.open_subject(row) if row is not None else None

    def opener(self, kref: bytes, data_class: str) -> AESGCM | None:
        """The data key of the subject behind a kref, None once erased. Raises StoreDamaged."""
        number = self._follow(kref)
        return self._stored(number, data_class) if number is not None else None

    def once(self, point: str, subject: str, attempt: int) -> bytes:
        """What a decision is found by when it is asked for again: tells nothing without the sealing key."""
        text = f"{point}\0{subject}\0{attempt}".encode()
        return blake2b(text, key=self._naming, digest_size=_SHORT, person=b"decided").digest()

    def drain(self) -> KeyRows:
        """All rows made since the last call."""
        rows, self._fresh = self._fresh, KeyRows()
        return rows

    def settle(self) -> None:
        """To be called when drained rows are durable: what is cached may now be forgotten."""
        if self._fresh:
            return
        if len(self._ciphers) > _OPEN:
            self._ciphers.clear()
            self._new.clear()
        if len(self._numbers) > _CACHED:
            self._all_at_hand, self._stored_numbers = False, {}
            self._numbers.clear()
            self._new.clear()

    def check_kref(self, row: KrefRow) -> None:
        """Nothing when the row is as it was written, else StoreDamaged."""
        kref, number, authenticator = row
        if not hmac.compare_digest(self._authenticator(kref, number), authenticator):
            raise StoreDamaged("a reference in the key store was changed")

    def open_subject(self, row: SubjectRow) -> str:
        """The name in a row. Raises StoreDamaged when it is not as it was written."""
        number, handle, sealed = row
        return unwrap(self._wrapping, sealed, _bytes(number) + handle).decode()

    def open_data_key(self, row: DataKeyRow) -> AESGCM:
        """The key in a row. Raises StoreDamaged when it is not as it was written."""
        number, data_class, wrapped = row
        return AESGCM(unwrap(self._wrapping, wrapped, _bytes(number) + data_class.encode()))

    def _stored_number(self, handle: bytes) -> int | None:
        """Asks the table only where there are more subjects than fit at hand: a query costs more than all the rest."""
        if self._stored_numbers is None:
            self._stored_numbers = self._table.numbers(_CACHED)
            self._all_at_hand = len(self._stored_numbers) < _CACHED
        return self._stored_numbers.get(handle) if self._all_at_hand else self._table.number(handle)

    def _added(self, name: str, handle: bytes) -> int:
        self._last = (self._table.last_number() if self._last is None else self._last) + 1
        sealed = wrap(self._wrapping, name.encode(), _bytes(self._last) + handle, self._random)
        self._fresh.subjects.append((self._last, handle, sealed))
        self._new.add(self._last)
        return self._last

    def _authenticator(self, kref: bytes, number: int) -> bytes:
        return blake2b(kref + _bytes(number), key=self._binding, digest_size=_SHORT).digest()

    def _follow(self, kref: bytes) -> int | None:
        row = self._table.kref(kref)
        if row is None:
            return None
        self.check_kref(row)
        return row[1]

    def _stored(self, number: int, data_class: str) -> AESGCM | None:
        row = self._table.data_key(number, data_class)
        return self.open_data_key(row) if row is not None else None

    def _made(self, number: int, data_class: str) -> AESGCM:
        key = self._random.bytes(KEY)
        wrapped = wrap(self._wrapping, key, _bytes(number) + data_class.encode(), self._random)
        self._fresh.data_keys.append((number, data_class, wrapped))
        return AESGCM(key)


def _bytes(number: int) -> bytes:
    return number.to_bytes(8, "big", signed=True)


def _derived(sealing_key: bytes, use: bytes) -> bytes:
    return hmac.digest(sealing_key, use, "sha256")
