"""Killed at any moment, a store has kept every entry it acknowledged, and every head it signed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from airworthy.ledger.leaf import leaf_hash
from airworthy.ledger.merkle import root
from airworthy.ledger.tile import node_reader
from airworthy.proof import verify
from airworthy.record import codec
from airworthy.storage.fsck import fsck
from airworthy.storage.publish import export
from airworthy.storage.sqlite import SqliteStore, open_store

TESTS = Path(__file__).resolve().parents[1]


class Acknowledged(NamedTuple):
    seq: int
    leaf_hash: str
    id: str


def write_and_kill(folder: Path, round_: int, lines: int) -> tuple[list[Acknowledged], list[tuple[int, str]]]:
    """Kills the writer after `lines` lines were read; what it had printed by then it had acknowledged."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}
    command = [sys.executable, str(TESTS / "fault" / "writer.py"), str(folder), str(round_)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as writer:
        assert writer.stdout is not None
        seen = [writer.stdout.readline() for _ in range(lines)]
        writer.kill()
        seen += writer.stdout.read().splitlines(keepends=True)
    words = [line.split() for line in seen if line.endswith("\n")]  # the last line may be torn
    heads = [(int(size), top) for first, size, top in words if first == "head"]
    return [Acknowledged(int(a), b, c) for a, b, c in words if a != "head"], heads


def check(store: SqliteStore, acknowledged: list[Acknowledged], heads: list[tuple[int, str]]) -> None:
    entries = list(store.scan())
    assert [entry.seq for entry in entries] == list(range(store.size()))
    for seq, hash_, id_ in acknowledged:
        assert leaf_hash(entries[seq].leaf).hex() == hash_
        assert codec.record(entries[seq].leaf).id == id_
    nodes = node_reader(store.size(), store.read_tile)
    for size, top in heads:
        assert root(size, nodes).hex() == top


def rounds(folder: Path, n: int) -> None:
    chance = random.Random(20261122)
    acknowledged: list[Acknowledged] = []
    heads: list[tuple[int, str]] = []
    for round_ in range(n):
        new, signed = write_and_kill(folder, round_, chance.randrange(1, 400))
        acknowledged += new
        heads += signed
        store = open_store(folder)
        check(store, acknowledged, heads)
        assert fsck(store) == ()
        store.close()
    store = open_store(folder)
    export(store, folder / "out")
    assert verify.main([str(folder / "out"), "--key", store.verifier_key]) == verify.OK
    store.close()
    assert len({entry.seq for entry in acknowledged}) == len(acknowledged) > n


def test_a_killed_writer_lost_nothing_it_acknowledged(tmp_path: Path) -> None:
    rounds(tmp_path / "log", 4)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_a_writer_killed_fifty_times_lost_nothing_it_acknowledged(tmp_path: Path) -> None:
    rounds(tmp_path / "log", 50)
