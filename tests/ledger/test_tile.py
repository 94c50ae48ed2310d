"""Tiles and bundles as C2SP lays them out."""

from __future__ import annotations

import pytest

from airworthy.ledger.leaf import LARGEST, LeafTooLong, bundle, check_length, unbundle
from airworthy.ledger.tile import Edge, bundle_path, edge_tiles, path, tiles


@pytest.mark.parametrize(
    ("level", "index", "width", "where"),
    [
        (0, 0, 256, "tile/0/000"),
        (1, 1_067, 8, "tile/1/x001/067.p/8"),
        (0, 1_234_067, 256, "tile/0/x001/x234/067"),
        (2, 999, 1, "tile/2/999.p/1"),
        (0, 1_000, 256, "tile/0/x001/000"),
    ],
)
def test_a_tile_lies_where_strangers_look_for_it(level: int, index: int, width: int, where: str) -> None:
    assert path(level, index, width) == where


def test_a_bundle_lies_beside_the_tiles() -> None:
    assert bundle_path(1_234_067, 3) == "tile/entries/x001/x234/067.p/3"


def test_entries_come_out_of_a_bundle_as_they_went_in() -> None:
    leaves = [b"", b"one", b"x" * LARGEST]
    assert unbundle(bundle(leaves)) == leaves
    assert bundle([b"one", b"two"]) == b"\x00\x03one\x00\x03two"


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x03on", b"\x00\x01a\xff"])
def test_a_bundle_cut_short_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="cut short"):
        unbundle(data)


def test_a_leaf_no_bundle_can_carry_is_refused() -> None:
    check_length(b"x" * LARGEST)
    with pytest.raises(LeafTooLong, match="65536"):
        check_length(b"x" * (LARGEST + 1))


def test_the_tiles_of_a_tree_are_full_ones_and_an_edge() -> None:
    assert list(tiles(0)) == []
    assert list(tiles(256)) == [(0, 0, 256), (1, 0, 1)]
    assert list(tiles(513)) == [(0, 0, 256), (0, 1, 256), (0, 2, 1), (1, 0, 2)]
    assert edge_tiles(65_536) == [(0, 256, 0), (1, 1, 0), (2, 0, 1)]


def test_an_edge_is_restored_from_its_tiles() -> None:
    edge, kept = Edge(), dict[tuple[int, int], bytes]()

    def restored() -> Edge:
        return Edge.restored(edge.size, lambda level, index, width: kept[level, index])

    for _ in range(7):
        kept.update({(tile.level, tile.index): tile.hashes for tile in edge.extend([b"h" * 32] * 100)})
        assert restored().root() == edge.root()
    again = restored()
    assert again.extend([b"n" * 32] * 300) == edge.extend([b"n" * 32] * 300)
    assert again.root() == edge.root()
