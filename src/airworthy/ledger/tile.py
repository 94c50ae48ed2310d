"""The tree cut into tiles of 256 hashes (C2SP tlog-tiles), and the edge that appending moves forward.

Tile (level, index) holds the hashes numbered index * 256 and on at height 8 * level; a full tile never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from airworthy.ledger.merkle import EMPTY_ROOT, HASH, NodeAt, fold, node

WIDTH = 256
FULL = WIDTH * HASH  # bytes

ReadTile = Callable[[int, int, int], bytes]  # level, index, width -> at least width * 32 bytes


class Tile(msgspec.Struct, frozen=True):
    """`hashes` are 1 to 256 of 32 bytes each."""

    level: int
    index: int
    hashes: bytes

    @property
    def width(self) -> int:
        return len(self.hashes) // HASH


class Edge:
    """The right edge of a growing tree: per level the hashes that fill no tile yet. Not safe for two threads at once.

    Memory is bounded by 8 KiB a level, whatever the size.
    """

    def __init__(self) -> None:
        self.size = 0
        self._levels: list[bytearray] = []

    @classmethod
    def restored(cls, size: int, read: ReadTile) -> Edge:
        """The edge of a tree whose tiles are already stored."""
        edge = cls()
        edge.size = size
        for level, index, width in edge_tiles(size):
            edge._levels.append(bytearray(read(level, index, width)[: width * HASH] if width else b""))
        return edge

    def extend(self, leaf_hashes: list[bytes]) -> list[Tile]:
        """Appends leaves; returns every tile that was filled or changed, the last state of each."""
        tiles: list[Tile] = []
        level, arriving, size = 0, b"".join(leaf_hashes), self.size
        self.size += len(leaf_hashes)
        while arriving:
            if level == len(self._levels):
                self._levels.append(bytearray())
            changed = self._fill(level, size >> 8 * (level + 1), arriving)
            tiles += changed
            arriving = b"".join([fold(tile.hashes) for tile in changed if len(tile.hashes) == FULL])
            level += 1
        return tiles

    def _fill(self, level: int, first: int, arriving: bytes) -> list[Tile]:
        pending = self._levels[level]
        pending += arriving
        tiles = [Tile(level, first + at // FULL, bytes(pending[at : at + FULL])) for at in range(0, len(pending), FULL)]
        del pending[: len(pending) // FULL * FULL]
        return tiles

    def root(self) -> bytes:
        """The root over all leaves so far."""
        result = b""
        for peak in self._peaks():
            result = node(peak, result) if result else peak
        return result or EMPTY_ROOT

    def _peaks(self) -> Iterator[bytes]:
        """Roots of the complete trees the edge consists of, smallest (rightmost) first."""
        for level in self._levels:
            stop = len(level)
            for height in range(8):
                if stop >> height & HASH:
                    yield fold(bytes(level[stop - (HASH << height) : stop]))
                    stop -= HASH << height


def edge_tiles(size: int) -> list[tuple[int, int, int]]:
    """(level, index, width) of the tile at the right edge of each level of a tree; width 0 where it ends evenly."""
    return [(level, size >> 8 * (level + 1), size >> 8 * level & 255) for level in range((size.bit_length() + 7) // 8)]


def tiles(size: int) -> Iterator[tuple[int, int, int]]:
    """(level, index, width) of every tile of a tree of `size` leaves, level by level."""
    for level, index, width in edge_tiles(size):
        for full in range(index):
            yield level, full, WIDTH
        if width:
            yield level, index, width


def node_reader(size: int, read: ReadTile) -> NodeAt:
    """Access to any complete node of a tree of `size` leaves by reading tiles, for proofs."""

    def node_at(height: int, index: int) -> bytes:
        level, inner = divmod(height, 8)
        first = index << inner
        tile, start = divmod(first, WIDTH)
        width = min(WIDTH, (size >> 8 * level) - tile * WIDTH)
        hashes = read(level, tile, width)
        return fold(hashes[start * HASH : (start + (1 << inner)) * HASH])

    return node_at


def path(level: int, index: int, width: int = WIDTH) -> str:
    """Where a tile lies in a published log: `tile/1/x001/067.p/8`."""
    return f"tile/{level}/{_numbered(index, width)}"


def bundle_path(index: int, width: int = WIDTH) -> str:
    """Where 256 entries, or the last `width`, lie in a published log: `tile/entries/x001/067.p/8`."""
    return f"tile/entries/{_numbered(index, width)}"


def _numbered(index: int, width: int) -> str:
    digits = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        digits = f"x{index % 1000:03d}/{digits}"
    return digits if width == WIDTH else f"{digits}.p/{width}"
