"""The tree of RFC 6962: roots, inclusion proofs, consistency proofs.

Whoever asks for a proof passes `node_at(level, index)`: the hash over the 2**level leaves that start at
index * 2**level, for any such run of leaves inside the tree. Verification needs only the proof.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from airworthy.base.errors import OutOfRange

HASH = 32  # bytes
EMPTY_ROOT = sha256(b"").digest()

NodeAt = Callable[[int, int], bytes]


def node(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\1" + left + right).digest()


def fold(hashes: bytes) -> bytes:
    """The root over a power of two of concatenated hashes."""
    while len(hashes) > HASH:
        hashes = b"".join([sha256(b"\1" + hashes[i : i + 64]).digest() for i in range(0, len(hashes), 64)])
    return hashes


def root(size: int, node_at: NodeAt) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return _range_root(0, size, node_at) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node_at: NodeAt) -> tuple[bytes, ...]:
    """Hashes that lead from leaf `index` to the root at `size`, lowest first. 0 <= index < size."""
    if not 0 <= index < size:
        raise OutOfRange("index", index, f"0 to {size - 1}")
    return tuple(_path(index, 0, size, node_at))


def consistency_proof(old: int, new: int, node_at: NodeAt) -> tuple[bytes, ...]:
    """Hashes that show the tree at `new` to extend the one at `old`. 1 <= old <= new."""
    if not 1 <= old <= new:
        raise OutOfRange("old", old, f"1 to {new}")
    return tuple(_subproof(old, 0, new, node_at, whole=True))


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """True when `proof` leads from the leaf hash `leaf` at `index` to `root` at `size`.

    Source: RFC 9162, 2.1.3.2, with the lengths of all hashes checked besides.
    """
    if not 0 <= index < size or not _are_hashes(leaf, root, *proof):
        return False
    at, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            result = node(sibling, result)
            at, last = _up_to_odd(at, last)
        else:
            result = node(result, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and result == root


def extends(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """True when `proof` shows the tree of `new` leaves to begin with the tree of `old`, 1 <= old <= new.

    Source: RFC 9162, 2.1.4.2, with the sizes and the lengths of all hashes checked besides.
    """
    if old == new >= 1:
        return not proof and old_root == new_root
    if not 1 <= old < new or not _are_hashes(old_root, new_root, *proof):
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node(sibling, before), node(sibling, after)
            at, last = _up_to_odd(at, last)
        else:
            after = node(after, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def _up_to_odd(at: int, last: int) -> tuple[int, int]:
    """Both numbers shifted right together until `at` is odd or zero: levels at which the node has no sibling."""
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH for value in values)


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << (width - 1).bit_length() - 1


def _range_root(start: int, stop: int, node_at: NodeAt) -> bytes:
    width = stop - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node_at(level, start >> level)
    middle = start + _split(width)
    return node(_range_root(start, middle, node_at), _range_root(middle, stop, node_at))


def _path(index: int, start: int, stop: int, node_at: NodeAt) -> list[bytes]:
    if stop - start == 1:
        return []
    middle = start + _split(stop - start)
    if index < middle:
        return [*_path(index, start, middle, node_at), _range_root(middle, stop, node_at)]
    return [*_path(index, middle, stop, node_at), _range_root(start, middle, node_at)]


def _subproof(old: int, start: int, stop: int, node_at: NodeAt, *, whole: bool) -> list[bytes]:
    """`old` leaves counted from 0; `whole` while the old tree is still one the verifier knows the root of."""
    if old == stop:
        return [] if whole else [_range_root(start, stop, node_at)]
    middle = start + _split(stop - start)
    if old <= middle:
        return [*_subproof(old, start, middle, node_at, whole=whole), _range_root(middle, stop, node_at)]
    return [*_subproof(old, middle, stop, node_at, whole=False), _range_root(start, middle, node_at)]
