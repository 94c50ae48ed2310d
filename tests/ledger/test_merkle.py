"""The tree against published vectors, an independent implementation, and a reference log of others."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pymerkle
import pytest

from airworthy.base.errors import OutOfRange
from airworthy.ledger.checkpoint import open_checkpoint
from airworthy.ledger.fsck import check_head, check_tree
from airworthy.ledger.leaf import leaf_hash, leaf_hashes, unbundle
from airworthy.ledger.merkle import EMPTY_ROOT, consistency_proof, extends, includes, inclusion_proof, root
from airworthy.ledger.note import VerifierKey
from airworthy.ledger.tile import Edge, bundle_path, node_reader, path

REFERENCE_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


def vectors(folder: Path, kind: str) -> list[tuple[str, dict[str, Any]]]:
    files = sorted((folder / "tlog_vectors" / "merkle" / kind).rglob("*.json"))
    return [(f"{file.parent.name}/{file.stem}", json.loads(file.read_text())) for file in files]


def hashes(texts: list[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in texts or []]


def test_every_published_inclusion_vector_is_judged_as_stated(shared_data: Path) -> None:
    cases = vectors(shared_data, "inclusion")
    assert len(cases) == 98
    for name, case in cases:
        leaf, top = hashes([case["leafHash"] or "", case["root"] or ""])
        holds = includes(leaf, case["leafIdx"], case["treeSize"], hashes(case["proof"]), top)
        assert holds is not case["wantErr"], name


def test_every_published_consistency_vector_is_judged_as_stated(shared_data: Path) -> None:
    cases = vectors(shared_data, "consistency")
    assert len(cases) == 98
    for name, case in cases:
        old, new = hashes([case["root1"] or "", case["root2"] or ""])
        holds = extends(case["size1"], old, case["size2"], new, hashes(case["proof"]))
        assert holds is not case["wantErr"], name


def test_the_reference_log_of_others_verifies_at_each_of_its_sizes(shared_data: Path) -> None:
    folder = shared_data / "tlog_vectors" / "reference_log"
    key = VerifierKey.parse(REFERENCE_KEY)
    roots: dict[int, bytes] = {}
    for size in range(16):
        note = (folder / f"checkpoint.{size}").read_text()

        def read(level: int, index: int, width: int) -> bytes:
            return (folder / path(level, index, width)).read_bytes()

        leaves = unbundle((folder / bundle_path(0, size)).read_bytes()) if size else []
        assert list(check_tree(leaves, size, read)) == []
        assert list(check_head(note, key, size, read)) == []
        roots[size] = open_checkpoint(note, key).root
    for new in range(1, 16):
        nodes = node_reader(15, lambda level, index, width: (folder / path(level, index, 15)).read_bytes())
        for old in range(1, new + 1):
            assert extends(old, roots[old], new, roots[new], consistency_proof(old, new, nodes))


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert Edge().root() == EMPTY_ROOT == root(0, lambda level, index: b"")


def test_another_implementation_computes_the_same_roots_and_proofs() -> None:
    oracle = pymerkle.InmemoryTree(algorithm="sha256")
    edge, tiles = Edge(), dict[tuple[int, int], bytes]()
    for i in range(600):
        leaf = b"leaf %d" % i
        oracle.append_entry(leaf)
        tiles |= {(tile.level, tile.index): tile.hashes for tile in edge.extend([leaf_hash(leaf)])}
        assert edge.root() == oracle.get_root()
    nodes = node_reader(600, lambda level, index, width: tiles[level, index][: width * 32])
    for i in (0, 1, 255, 256, 511, 512, 599):
        theirs = oracle.prove_inclusion(i + 1, 600).path  # counts from 1 and begins with the leaf
        assert list(inclusion_proof(i, 600, nodes)) == list(theirs[1:]), i


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0)])
def test_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(OutOfRange):
        inclusion_proof(index, size, lambda level, at: b"")


@pytest.mark.parametrize(("old", "new"), [(0, 5), (6, 5)])
def test_no_consistency_with_nothing_or_with_the_future(old: int, new: int) -> None:
    with pytest.raises(OutOfRange):
        consistency_proof(old, new, lambda level, at: b"")


def test_hashing_many_leaves_is_hashing_each() -> None:
    leaves = [b"", b"a", b"b" * 5_000]
    assert leaf_hashes(leaves) == [leaf_hash(leaf) for leaf in leaves]
