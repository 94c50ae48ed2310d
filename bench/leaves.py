"""Leaves hashed and tiled per CPU second, beside bare hashing of the same bytes (the limit) and pymerkle (a peer).

python bench/leaves.py [--leaves 200000]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from hashlib import sha256

import pymerkle

from airworthy.ledger.leaf import leaf_hashes
from airworthy.ledger.merkle import includes, inclusion_proof
from airworthy.ledger.tile import Edge, node_reader

SIZE = 1_024  # bytes of a leaf
BATCH = 64  # leaves that share one commit under load
TARGET = 300_000  # leaves per CPU second


def rate(work: Callable[[], object], leaves: int) -> float:
    """Leaves per CPU second, the best of three."""
    best = 0.0
    for _ in range(3):
        start = time.process_time()
        work()
        best = max(best, leaves / (time.process_time() - start))
    return best


def ours(leaves: list[bytes], batch: int) -> bytes:
    edge = Edge()
    for at in range(0, len(leaves), batch):
        edge.extend(leaf_hashes(leaves[at : at + batch]))
    return edge.root()


def limit(leaves: list[bytes]) -> None:
    for leaf in leaves:
        sha256(leaf).digest()


def peer(leaves: list[bytes]) -> bytes:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(leaf)
    return tree.get_root()


def proofs(size: int, count: int) -> tuple[float, float]:
    """Milliseconds of CPU to build and to verify one inclusion proof from stored tiles."""
    edge, kept = Edge(), {}
    for at in range(0, size, 65_536):
        width = min(65_536, size - at)
        hashes = [sha256(b"%d" % i).digest() for i in range(at, at + width)]
        kept.update({(tile.level, tile.index): tile.hashes for tile in edge.extend(hashes)})
    nodes, top = node_reader(size, lambda level, index, width: kept[level, index][: width * 32]), edge.root()
    places = [i * 7_919 % size for i in range(count)]
    start = time.process_time()
    built = [inclusion_proof(place, size, nodes) for place in places]
    middle = time.process_time()
    for place, proof in zip(places, built, strict=True):
        assert includes(sha256(b"%d" % place).digest(), place, size, proof, top)
    return (middle - start) / count * 1e3, (time.process_time() - middle) / count * 1e3


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--leaves", type=int, default=200_000)
    parser.add_argument("--tree", type=int, default=1_000_000, help="size of the tree that proofs are made in")
    options = parser.parse_args()
    leaves = [b"%016d" % i * (SIZE // 16) for i in range(options.leaves)]
    few = leaves[: options.leaves // 10]
    assert ours(few, BATCH) == peer(few)
    bare = rate(lambda: limit(leaves), len(leaves))
    print(f"{SIZE}-byte leaves per CPU second, target {TARGET:,}")
    for name, got in (
        ("one SHA-256 a leaf, no tree (limit)", bare),
        (f"hashed and tiled, {BATCH} at a time", rate(lambda: ours(leaves, BATCH), len(leaves))),
        ("hashed and tiled, 4,096 at a time", rate(lambda: ours(leaves, 4_096), len(leaves))),
        ("pymerkle, in memory (peer)", rate(lambda: peer(few), len(few))),
    ):
        print(f"  {name:38} {got:12,.0f}   {got / bare:5.2f} of the limit")
    build, verify = proofs(options.tree, 2_000)
    print(f"inclusion proof in {options.tree:,} leaves: {build:.3f} ms built, {verify:.4f} ms verified (CPU)")


if __name__ == "__main__":
    main()
