"""Reading a log in a folder, beside whoever writes to it."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from pathlib import Path

from airworthy.base.errors import OutOfRange, StoreDamaged, StoreError
from airworthy.base.ids import Random
from airworthy.ledger.note import NoteInvalid, VerifierKey
from airworthy.record.store import Erased, Head, Stored
from airworthy.storage.content import open_content, parse_kref
from airworthy.storage.database import Database, open_for_reading
from airworthy.storage.fsck import Projected
from airworthy.storage.head import read_head
from airworthy.storage.intake import MOST_PAYLOADS
from airworthy.storage.keyfile import read_sealing_key
from airworthy.storage.keyring import DataKeyRow, KeyRing, KeyRows, KrefRow, SubjectRow

DECIDED = 2  # the first format that files live decisions by what was asked
_AT_ONCE = 512  # entries fetched together by `scan`
_LEVEL = 1 << 48  # tile ids are level * 2^48 + index


class SqliteKeys:
    """The rows of a key store, in keys.db."""

    def __init__(self, keys: Database) -> None:
        self.database = keys

    def last_number(self) -> int:
        last: int = self.database.one("last_number")
        return last

    def numbers(self, most: int) -> dict[bytes, int]:
        return dict(self.database.all("numbers", (most,)))

    def number(self, handle: bytes) -> int | None:
        number: int | None = self.database.one("number", (handle,))
        return number

    def subject(self, number: int) -> SubjectRow | None:
        row: SubjectRow | None = self.database.row("subject", (number,))
        return row

    def data_key(self, number: int, data_class: str) -> DataKeyRow | None:
        row: DataKeyRow | None = self.database.row("data_key", (number, data_class))
        return row

    def kref(self, kref: bytes) -> KrefRow | None:
        row: KrefRow | None = self.database.row("kref", (kref,))
        return row


class SqliteReader:
    """Keeps the promises of `record.store.Reader` for a folder. Never writes.

    The key store may be absent (it is kept and destroyed apart): then only `content` and `subject` fail.
    """

    def __init__(self, folder: Path, random: Random) -> None:
        """Raises StoreError where there is no log that can be read."""
        self.folder = folder
        self._random = random
        self.log = open_for_reading(folder / "log.db")
        self.key = _verifier_key(self.log)
        self._lock = _if_there(folder / "lock.db")
        self._keys = _if_there(folder / "keys.db")
        self._ring: KeyRing | None = None
        self._format: int = self.log.one("format")

    @property
    def origin(self) -> str:
        return self.key.name

    @property
    def verifier_key(self) -> str:
        return str(self.key)

    @property
    def keys(self) -> Database:
        """The key store. Raises StoreError where it is absent."""
        if self._keys is None:
            raise StoreError("there is no keys.db beside the log, so names and content cannot be read", code="R008")
        return self._keys

    @property
    def ring(self) -> KeyRing:
        """Names and data keys. Raises StoreError where the key store or the sealing key is absent."""
        if self._ring is None:
            self._ring = KeyRing(read_sealing_key(self.folder), SqliteKeys(self.keys), self._random)
        return self._ring

    def size(self) -> int:
        size: int = self.log.one("size")
        return size

    def scan(self, start: int = 0, stop: int | None = None, kinds: Collection[str] | None = None) -> Iterator[Stored]:
        end = self.size() if stop is None else min(stop, self.size())
        if kinds is None:
            return self._entries("entries", start, end)
        # One index walk per kind, merged: the planner would sort the rest of the log for every chunk.
        walks = [self._entries("entries_of_kind", start, end, kind) for kind in sorted(set(kinds))]
        return heapq.merge(*walks, key=lambda stored: stored.seq)

    def about(self, decision: str) -> tuple[Stored, ...]:
        """The entries that speak of a decision, in order; or the one whose id this is."""
        return tuple(Stored(seq, leaf) for seq, leaf in self.log.all("entries_about", (decision,)))

    def bears(self, id: str) -> bool:
        """Whether anything is filed under this id."""
        return self.log.one("bears", (id,)) is not None

    def decided(self, point: str, subject: str, attempt: int) -> Stored | None:
        """The live decision (or failure) at `use-case.point` about a subject, None where there is none."""
        if self._format < DECIDED:
            return None
        row = self.log.row("decided", (self.ring.once(point, subject, attempt),))
        return Stored(*row) if row else None

    def progress(self, run: str) -> int | None:
        """The ordinal of the last item a backtest has decided, None before the first."""
        ordinal: int | None = self.log.one("progress", (run,))
        return ordinal

    def content(self, seq: int, purpose: str) -> bytes | Erased:
        return open_content(self._leaf(seq), purpose, lambda ordinal: self.payload(seq, ordinal), self.ring)

    def subject(self, kref: str) -> str | None:
        return self.ring.name(parse_kref(kref)) or None

    def head(self) -> Head | None:
        note = self.kept_note()
        try:
            return read_head(note, self.key) if note else None
        except NoteInvalid as invalid:
            raise StoreDamaged(f"the signed head cannot be trusted: {invalid.diagnostics[0].sentence}") from None

    def payload(self, seq: int, ordinal: int) -> bytes | None:
        """Sealed bytes as they stand."""
        data: bytes | None = self.log.one("payload", (seq * MOST_PAYLOADS + ordinal,))
        return data

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """The first `width` hashes of a tile, fewer where it is damaged."""
        return (self.log.one("tile", (tile_id(level, index),)) or b"")[: width * 32]

    def projected(self) -> Iterator[Projected]:
        """All entries with what they are filed under, as they stand."""
        start = 0
        while rows := self.log.all("projected_entries", (start, _AT_ONCE)):
            yield from (Projected(*row) for row in rows)
            start = rows[-1][0] + 1

    def kept_tiles(self) -> Iterator[tuple[int, int]]:
        """Level and index of every tile there is."""
        return (divmod(row[0], _LEVEL) for row in self.log.all("tile_ids"))

    def kept_payloads(self) -> Iterator[tuple[int, int]]:
        """Entry and ordinal of every payload there is."""
        return (divmod(row[0], MOST_PAYLOADS) for row in self.log.all("payload_ids"))

    def kept_runs(self) -> dict[str, int]:
        """How far each run has come, as filed."""
        return dict(self.log.all("runs"))

    def kept_keys(self) -> KeyRows:
        """All rows of the key store."""
        keys = self.keys
        return KeyRows(keys.all("subjects"), keys.all("data_keys"), keys.all("krefs"))

    def kept_note(self) -> str | None:
        """The last signed head, unread."""
        note: str | None = self._lock.one("head") if self._lock else None
        return note

    def structure(self) -> list[str]:
        """What SQLite finds wrong with the three files, and whether the log still has its name."""
        found = [
            f"{part.file}.db: {line}" for part in (self.log, self.keys, self._lock) if part for line in part.integrity()
        ]
        named = self.log.one("verifier_key") == self.verifier_key
        return found if named else [*found, "log.db: the log's name was changed"]

    def close(self) -> None:
        for database in (self.log, self._lock, self._keys):
            if database is not None:
                database.close()

    def _leaf(self, seq: int) -> bytes:
        leaf: bytes | None = self.log.one("leaf", (seq,))
        if leaf is None:
            raise OutOfRange("seq", seq, f"0 to {self.size() - 1}")
        return leaf

    def _entries(self, query: str, start: int, stop: int, *kind: str) -> Iterator[Stored]:
        while start < stop:
            rows = self.log.all(query, (start, stop, _AT_ONCE, *kind))
            yield from (Stored(seq, leaf) for seq, leaf in rows)
            start = rows[-1][0] + 1 if len(rows) == _AT_ONCE else stop


def _if_there(path: Path) -> Database | None:
    return open_for_reading(path) if path.exists() else None


def tile_id(level: int, index: int) -> int:
    """The number a tile is stored under."""
    return level * _LEVEL + index


def _verifier_key(log: Database) -> VerifierKey:
    text = log.one("verifier_key")
    if text is None:
        raise StoreError("the log was never completed, or is of a later format", code="R008")
    try:
        return VerifierKey.parse(text)
    except NoteInvalid as invalid:
        raise StoreDamaged(f"the log's name is damaged: {invalid.diagnostics[0].sentence}") from None
