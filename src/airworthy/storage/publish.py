"""A log as files that strangers' tools read: a folder in the tlog-tiles layout, or one proof per entry."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import Protocol

from airworthy.base.errors import OutOfRange, StoreError
from airworthy.ledger.leaf import bundle
from airworthy.ledger.merkle import inclusion_proof
from airworthy.ledger.proof import EntryProof
from airworthy.ledger.tile import WIDTH, bundle_path, node_reader, path, tiles
from airworthy.record.store import Head, Stored

KEY_FILE = "verifier.key"


class Publishable(Protocol):
    """What of a reader is published."""

    @property
    def verifier_key(self) -> str: ...

    def head(self) -> Head | None: ...

    def scan(
        self, start: int = 0, stop: int | None = None, kinds: Collection[str] | None = None
    ) -> Iterator[Stored]: ...

    def read_tile(self, level: int, index: int, width: int) -> bytes: ...


def export(log: Publishable, folder: Path | str) -> Head:
    """Writes everything the newest signed head covers to `folder`, the head last.

    An earlier export there is brought up to it. Leaves only: sealed content and keys stay where they are.
    """
    folder, head = Path(folder), _signed(log)
    try:
        _write(log, head, folder)
    except OSError as error:
        raise StoreError(f"{folder.name} cannot be written: {error.strerror}", code="R008") from None
    return head


def prove(log: Publishable, seq: int) -> str:
    """Entry `seq` and its proof against the newest signed head, as the text of a `.tlog-proof` file."""
    head = _signed(log)
    if not 0 <= seq < head.size:
        raise OutOfRange("seq", seq, f"the {head.size} entries that are signed")
    hashes = inclusion_proof(seq, head.size, node_reader(head.size, log.read_tile))
    leaf = next(log.scan(seq, seq + 1)).leaf
    return str(EntryProof(leaf, seq, hashes, head.note))


def _signed(log: Publishable) -> Head:
    head = log.head()
    if head is None:
        raise StoreError("nothing is signed yet", code="R009", help="sign a checkpoint first: close the store once")
    return head


def _write(log: Publishable, head: Head, folder: Path) -> None:
    for stale in list(folder.glob("tile/**/*.p")):
        shutil.rmtree(stale)
    for level, index, width in tiles(head.size):
        _put(folder / path(level, index, width), log.read_tile(level, index, width))
    entries = log.scan(0, head.size)
    for index in range(0, -(-head.size // WIDTH)):
        leaves = [stored.leaf for stored in islice(entries, WIDTH)]
        _put(folder / bundle_path(index, len(leaves)), bundle(leaves))
    _put(folder / KEY_FILE, f"{log.verifier_key}\n".encode())
    _put(folder / "checkpoint", head.note.encode())


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
