"""A log as files that strangers' tools read: a folder in the tlog-tiles layout, or one proof per entry."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Protocol

from airworthy.base.errors import AirworthyError, OutOfRange, StoreError
from airworthy.ledger.leaf import bundle
from airworthy.ledger.merkle import inclusion_proof
from airworthy.ledger.note import VerifierKey
from airworthy.ledger.proof import EntryProof
from airworthy.ledger.tile import WIDTH, bundle_path, edge_tiles, node_reader, path, tiles
from airworthy.record.store import Head, Stored
from airworthy.storage.head import check_extends, read_head

CHECKPOINT, KEY_FILE = "checkpoint", "verifier.key"
TAKEN = "R013"


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

    An earlier export there is brought up to it. Leaves only: sealed content and keys stay where they are. Raises
    StoreError (R013), with nothing changed, where `folder` keeps a log or was published from another past.
    """
    folder, head = Path(folder), _signed(log)
    try:
        before = _published(log, head, folder)
        _write(log, head, folder)
        _clear(folder, _edge(before) - _edge(head.size))
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


def _published(log: Publishable, head: Head, folder: Path) -> int:
    """How many entries an earlier export of this log to `folder` covers. Raises StoreError (R013)."""
    if (folder / "log.db").exists():
        raise _taken(f"`{folder}` keeps a log, and a log is not published over itself")
    if (folder / KEY_FILE).exists() and _text(folder / KEY_FILE).strip() != log.verifier_key:
        raise _taken(f"`{folder}` holds a log of another key")
    if not (folder / CHECKPOINT).exists():
        return 0
    try:
        last = read_head(_text(folder / CHECKPOINT), VerifierKey.parse(log.verifier_key))
        check_extends(last, head.size, head.root, log.read_tile)
    except AirworthyError as error:
        raise _taken(f"this log does not go on from the one in `{folder}`: {error.diagnostics[0].sentence}") from None
    return last.size


def _taken(sentence: str) -> StoreError:
    return StoreError(sentence, code=TAKEN, help="nothing was changed; publish to another folder with --to")


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


def _write(log: Publishable, head: Head, folder: Path) -> None:
    for level, index, width in tiles(head.size):
        _put(folder / path(level, index, width), log.read_tile(level, index, width))
    entries = log.scan(0, head.size)
    for index in range(0, -(-head.size // WIDTH)):
        leaves = [stored.leaf for stored in islice(entries, WIDTH)]
        _put(folder / bundle_path(index, len(leaves)), bundle(leaves))
    _put(folder / KEY_FILE, f"{log.verifier_key}\n".encode())
    _put(folder / CHECKPOINT, head.note.encode())


def _edge(size: int) -> set[str]:
    """The partial tiles and the partial bundle of a published log of `size` entries."""
    partial = {path(level, index, width) for level, index, width in edge_tiles(size) if width}
    return partial | ({bundle_path(size // WIDTH, size % WIDTH)} if size % WIDTH else set())


def _clear(folder: Path, stale: set[str]) -> None:
    """Takes away exactly these files, and the folders that are empty then: whatever else lies there is not ours."""
    for name in stale:
        (folder / name).unlink(missing_ok=True)
        with suppress(OSError):
            (folder / name).parent.rmdir()


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
