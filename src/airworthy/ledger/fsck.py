"""Everything a log says about itself, computed again from its leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from airworthy.ledger.checkpoint import open_checkpoint
from airworthy.ledger.leaf import leaf_hashes
from airworthy.ledger.merkle import EMPTY_ROOT, root
from airworthy.ledger.note import NoteInvalid, VerifierKey
from airworthy.ledger.tile import WIDTH, Edge, ReadTile, Tile, edge_tiles, node_reader


class Damage(msgspec.Struct, frozen=True):
    """One thing that is not as it was written."""

    place: str  # `entry 12`, `tile 0/3`, `checkpoint`
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


def check_tree(leaves: Iterable[bytes], size: int, read: ReadTile) -> Iterator[Damage]:
    """Damages to tiles, found by hashing all leaves again. Streams: memory does not grow with the log."""
    edge, batch, seen = Edge(), list[bytes](), 0
    for leaf in leaves:
        batch.append(leaf)
        seen += 1
        if len(batch) == WIDTH:
            yield from _compare(edge.extend(leaf_hashes(batch)), size, read)
            batch.clear()
    yield from _compare(edge.extend(leaf_hashes(batch)), size, read)
    if seen != size:
        yield Damage(f"entry {seen}", f"the log has {seen} entries in a row and states {size}")


def check_head(note: str, key: VerifierKey, size: int, read: ReadTile) -> Iterator[Damage]:
    """Damages to a signed head, or a log that is not the one it was signed for."""
    try:
        head = open_checkpoint(note, key)
    except NoteInvalid as invalid:
        yield Damage("checkpoint", invalid.diagnostics[0].sentence)
        return
    if head.size > size:
        yield Damage("checkpoint", f"it was signed at {head.size} entries, and the log has {size}")
    elif tree_root(head.size, size, read) != head.root:
        yield Damage("checkpoint", f"the log's first {head.size} entries are not the ones that were signed")


def tree_root(at: int, size: int, read: ReadTile) -> bytes:
    """The root over the first `at` leaves of a tree whose stored tiles are those of `size`. 0 <= at <= size."""
    return root(at, node_reader(size, read)) if at else EMPTY_ROOT


def _compare(tiles: list[Tile], size: int, read: ReadTile) -> Iterator[Damage]:
    final = {(level, index): width for level, index, width in edge_tiles(size)}
    for tile in tiles:
        if tile.width == final.get((tile.level, tile.index), WIDTH) and (
            read(tile.level, tile.index, tile.width) != tile.hashes
        ):
            yield Damage(f"tile {tile.level}/{tile.index}", "its hashes are not those of the entries below it")
