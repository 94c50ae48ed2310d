"""Properties of the tree, over sizes and batches nobody picked."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from airworthy.ledger.leaf import leaf_hash
from airworthy.ledger.merkle import EMPTY_ROOT, consistency_proof, extends, includes, inclusion_proof, node, root
from airworthy.ledger.tile import FULL, Edge, node_reader, tiles

MOST = 1_500
HASHES = [leaf_hash(b"%d" % i) for i in range(MOST)]
sizes = st.integers(1, MOST) | st.sampled_from([1, 2, 255, 256, 257, 511, 512, 513, 1_024])


def naive(hashes: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return node(naive(hashes[:k]), naive(hashes[k:]))


def grown(size: int, batches: list[int]) -> tuple[Edge, dict[tuple[int, int], bytes]]:
    edge, kept, at = Edge(), dict[tuple[int, int], bytes](), 0
    for batch in [*batches, size]:
        stop = min(at + batch, size)
        for tile in edge.extend(HASHES[at:stop]):
            before = kept.get((tile.level, tile.index), b"")
            assert tile.hashes.startswith(before)
            assert len(before) < FULL, "a full tile changed"
            kept[tile.level, tile.index] = tile.hashes
        at = stop
    return edge, kept


@given(size=st.integers(0, MOST), batches=st.lists(st.integers(0, 700), max_size=8))
@settings(max_examples=120, deadline=None)
def test_the_root_is_the_naive_one_for_every_size_and_any_batches(size: int, batches: list[int]) -> None:
    edge, kept = grown(size, batches)
    nodes = node_reader(size, lambda level, index, width: kept[level, index][: width * 32])
    assert edge.size == size
    assert edge.root() == naive(HASHES[:size]) == root(size, nodes)
    assert {(level, index): width * 32 for level, index, width in tiles(size)} == {k: len(v) for k, v in kept.items()}


@given(size=sizes, data=st.data())
@settings(max_examples=150, deadline=None)
def test_every_inclusion_proof_holds_and_no_changed_bit_of_it_does(size: int, data: st.DataObject) -> None:
    _, kept = grown(size, [])
    nodes = node_reader(size, lambda level, index, width: kept[level, index][: width * 32])
    index = data.draw(st.integers(0, size - 1))
    proof, top = inclusion_proof(index, size, nodes), root(size, nodes)
    assert includes(HASHES[index], index, size, proof, top)
    assert not includes(HASHES[index], index, size, proof, flipped(top, data))
    assert not includes(flipped(HASHES[index], data), index, size, proof, top)
    assert not includes(HASHES[index], index, size, [*proof, top], top)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:at], flipped(proof[at], data), *proof[at + 1 :]]
        assert not includes(HASHES[index], index, size, changed, top)
        assert not includes(HASHES[index], index, size, proof[:-1], top)


@given(size=sizes, data=st.data())
@settings(max_examples=150, deadline=None)
def test_every_consistency_proof_holds_and_no_changed_bit_of_it_does(size: int, data: st.DataObject) -> None:
    _, kept = grown(size, [])
    nodes = node_reader(size, lambda level, index, width: kept[level, index][: width * 32])
    old = data.draw(st.integers(1, size))
    proof, before, after = consistency_proof(old, size, nodes), root(old, nodes), root(size, nodes)
    assert extends(old, before, size, after, proof)
    assert not extends(old, flipped(before, data), size, after, proof)
    assert not extends(old, before, size, flipped(after, data), proof)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:at], flipped(proof[at], data), *proof[at + 1 :]]
        assert not extends(old, before, size, after, changed)


def flipped(value: bytes, data: st.DataObject) -> bytes:
    bit = data.draw(st.integers(0, len(value) * 8 - 1))
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
