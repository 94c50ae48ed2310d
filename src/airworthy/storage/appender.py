"""Writing to the three files, in the order that survives a crash at any step.

1. keys.db   what resolves the new krefs and opens the new payloads; without an entry it leads nowhere and harms nothing
2. log.db    entries, tiles, payloads and projections, in one transaction; only now the callers are answered
3. lock.db   the next signed head, swapped against the last; a head that went missing between sign and swap was never
             shown to anyone
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from airworthy.base.errors import StoreDamaged
from airworthy.ledger.leaf import leaf_hashes
from airworthy.ledger.merkle import HASH
from airworthy.ledger.note import NoteInvalid, SigningKey
from airworthy.ledger.tile import Edge, Tile
from airworthy.record.store import Head, Receipt
from airworthy.storage.database import Database, Writer, open_for_writing
from airworthy.storage.head import BEHIND, check_extends, read_head, sign
from airworthy.storage.intake import MOST_PAYLOADS, Entry
from airworthy.storage.keyring import KeyRing
from airworthy.storage.reader import tile_id


class Appender:
    """The one writer of a folder. For one thread."""

    def __init__(self, folder: Path, key: SigningKey, ring: KeyRing) -> None:
        """Raises StoreDamaged (R006) when the log does not extend the last signed head."""
        self._key = key
        self._ring = ring
        self._keys = open_for_writing(folder / "keys.db")
        self._log = open_for_writing(folder / "log.db")
        self._lock = open_for_writing(folder / "lock.db")
        self._last = _last_head(self._lock, key)
        self._edge = Edge.restored(self._log.one("size"), self._read_tile)
        if self._last is not None:
            check_extends(self._last, self._edge.size, self._edge.root(), self._read_tile)

    def write(self, entries: Sequence[Entry]) -> list[Receipt]:
        """Durable when it returns. After it raised, nothing may be written through this object again."""
        self._write_keys()
        first, hashes = self._edge.size, leaf_hashes([entry.leaf for entry in entries])
        tiles = self._edge.extend(hashes)
        with self._log.transaction() as writer:
            _write_entries(writer, first, entries)
            _write_tiles(writer, tiles)
        self._ring.settle()
        origin = self._key.verifier.name
        return [Receipt(origin, seq, leaf_hash) for seq, leaf_hash in enumerate(hashes, first)]

    def sign(self) -> Head:
        """The head over everything written, durable. Raises StoreDamaged (R006) rather than sign a fork."""
        head = sign(self._edge, self._last, self._read_tile, self._key)
        if head is not self._last:
            self._swap(head)
        self._last = head
        return head

    def close(self) -> None:
        """May be called twice."""
        for database in (self._log, self._keys, self._lock):
            database.close()

    def _write_keys(self) -> None:
        if rows := self._ring.drain():
            with self._keys.transaction() as writer:
                writer.many("add_subject", rows.subjects)
                writer.many("add_data_key", rows.data_keys)
                writer.many("add_kref", rows.krefs)

    def _swap(self, head: Head) -> None:
        with self._lock.transaction() as writer:
            if self._last is None:
                changed = writer.changed("first_head", (head.note,))
            else:
                changed = writer.changed("swap_head", (head.note, self._last.note))
            if changed != 1:
                raise StoreDamaged("another head was signed meanwhile", code=BEHIND, help="find the other writer first")

    def _read_tile(self, level: int, index: int, width: int) -> bytes:
        hashes: bytes = (self._log.one("tile", (tile_id(level, index),)) or b"")[: width * HASH]
        if len(hashes) != width * HASH:
            raise StoreDamaged(f"tile {level}/{index} is missing or cut short", help="run: airworthy log verify")
        return hashes


def _write_entries(writer: Writer, first: int, entries: Sequence[Entry]) -> None:
    numbered = list(enumerate(entries, first))
    writer.many("add_entry", [(seq, entry.kind, entry.about, entry.leaf) for seq, entry in numbered])
    writer.many(
        "add_payload",
        [(seq * MOST_PAYLOADS + i, data) for seq, entry in numbered for i, data in enumerate(entry.payloads)],
    )
    writer.many("add_decided", [(entry.once, seq) for seq, entry in numbered if entry.once is not None])
    # Within a batch only the furthest of a run matters.
    writer.many("put_run", list(dict(sorted(entry.run for entry in entries if entry.run)).items()))


def _write_tiles(writer: Writer, tiles: Sequence[Tile]) -> None:
    writer.many("put_tile", [(tile_id(tile.level, tile.index), tile.hashes) for tile in tiles])


def _last_head(lock: Database, key: SigningKey) -> Head | None:
    note = lock.one("head")
    try:
        return read_head(note, key.verifier) if note is not None else None
    except NoteInvalid as invalid:
        raise StoreDamaged(f"the last signed head cannot be trusted: {invalid.diagnostics[0].sentence}") from None
