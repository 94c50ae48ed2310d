"""One changed byte, anywhere, is found: in a published folder by the stranger's verifier, in a store by fsck."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from airworthy.base.errors import StoreError
from airworthy.proof import verify
from airworthy.storage.fsck import fsck
from airworthy.storage.memory import MemoryStore
from airworthy.storage.publish import export, prove
from airworthy.storage.sqlite import open_reader, open_store
from contract.samples import mixed

COLUMNS = {
    "log": [
        ("entry", "leaf"),
        ("entry", "kind"),
        ("entry", "about"),
        ("tile", "hashes"),
        ("payload", "data"),
        ("run", "run"),
        ("run", "ordinal"),
        ("meta", "verifier_key"),
    ],
    "keys": [
        ("subject", "sealed"),
        ("subject", "handle"),
        ("data_key", "wrapped"),
        ("data_key", "data_class"),
        ("kref", "kref"),
        ("kref", "number"),
        ("kref", "authenticator"),
    ],
    "lock": [("head", "note")],
}


def seeds(fast: int, all_: int) -> list[Any]:
    """Some positions every time, the rest with the slow tests."""
    return [*range(fast), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(fast, all_))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store") / "log"
    store = open_store(folder)
    store.append(mixed(600))
    store.close()
    return folder


@pytest.fixture(scope="module")
def published(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("published") / "out"
    reader = open_reader(folder)
    export(reader, out)
    (out / "entry-77.tlog-proof").write_text(prove(reader, 77))
    reader.close()
    return out, reader.verifier_key


def changed(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ chance.randrange(1, 256)]) + data[at + 1 :]


def changed_value(value: Any, chance: random.Random) -> Any:
    if isinstance(value, bytes):
        return changed(value, chance)
    if isinstance(value, int):
        return value ^ 1 << chance.randrange(20)
    at = chance.randrange(len(value))
    return value[:at] + chr(ord(value[at]) ^ 1 << chance.randrange(5)) + value[at + 1 :]


def test_an_untouched_publication_verifies(published: tuple[Path, str]) -> None:
    out, key = published
    assert verify.main([str(out), "--key", key]) == verify.OK


@pytest.mark.parametrize("seed", seeds(100, 400))
def test_any_changed_byte_of_a_publication_is_found(published: tuple[Path, str], tmp_path: Path, seed: int) -> None:
    out, key = published
    chance = random.Random(seed)
    copy = tmp_path / "copy"
    shutil.copytree(out, copy)
    file = chance.choice(sorted(path for path in copy.rglob("*") if path.is_file()))
    file.write_bytes(changed(file.read_bytes(), chance))
    assert verify.main([str(copy), "--key", key]) == verify.BAD
    assert verify.main([str(copy)]) in (verify.BAD, verify.CANNOT_JUDGE)


def test_any_missing_file_of_a_publication_is_missed(published: tuple[Path, str], tmp_path: Path) -> None:
    out, key = published
    for file in sorted(path for path in out.rglob("*") if path.is_file()):
        if file.name in (verify.KEY_FILE, "entry-77.tlog-proof"):
            continue
        copy = tmp_path / "copy"
        shutil.copytree(out, copy)
        (copy / file.relative_to(out)).unlink()
        assert verify.main([str(copy), "--key", key]) == verify.CANNOT_JUDGE
        shutil.rmtree(copy)


def damaged(folder: Path, part: str, table: str, column: str, chance: random.Random) -> None:
    """Changes one byte of one value of a column, behind the store's back."""
    connection = apsw.Connection(str(folder / f"{part}.db"))
    key = {"entry": "seq", "tile": "id", "payload": "id", "run": "run", "kref": "kref"}.get(table)
    rows = connection.execute(f"SELECT {column}{', ' + key if key else ''} FROM {table}").fetchall()
    row = chance.choice(rows)
    where, values = (f" WHERE {key} = ?", row[1:]) if key else (f" WHERE {column} = ?", row[:1])
    connection.execute(f"UPDATE {table} SET {column} = ?{where}", (changed_value(row[0], chance), *values))
    connection.close()


def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


@pytest.mark.parametrize("seed", seeds(3, 30))
@pytest.mark.parametrize(("part", "table", "column"), [(p, t, c) for p, tcs in COLUMNS.items() for t, c in tcs])
def test_any_changed_value_of_a_store_is_found(
    folder: Path, tmp_path: Path, part: str, table: str, column: str, seed: int
) -> None:
    copy = copied(folder, tmp_path)
    damaged(copy, part, table, column, random.Random(seed))
    assert found(copy)


@pytest.mark.parametrize("seed", seeds(10, 300))
def test_any_changed_byte_of_the_files_is_found_or_was_never_read(folder: Path, tmp_path: Path, seed: int) -> None:
    """A page has bytes nothing refers to; where one of those changes, everything reads as before."""
    chance = random.Random(seed)
    copy = copied(folder, tmp_path)
    file = copy / chance.choice(["log.db", "keys.db", "lock.db"])
    file.write_bytes(changed(file.read_bytes(), chance))
    if not found(copy):
        assert contents(copy) == contents(folder)


def found(folder: Path) -> bool:
    try:
        reader = open_reader(folder)
    except StoreError:
        return True
    damages = fsck(reader)
    reader.close()
    return bool(damages)


def contents(folder: Path) -> list[Any]:
    reader = open_reader(folder)
    keys = reader.kept_keys()
    kept = [
        list(reader.projected()),
        [reader.read_tile(level, index, 256) for level, index in reader.kept_tiles()],
        [reader.payload(seq, ordinal) for seq, ordinal in reader.kept_payloads()],
        reader.kept_runs(),
        reader.kept_note(),
        [sorted(keys.krefs), sorted(keys.subjects), sorted(keys.data_keys)],
    ]
    reader.close()
    return kept


def drop_entry(store: MemoryStore) -> None:
    store.leaves[3], store.leaves[4] = store.leaves[4], store.leaves[3]


def swap_tiles(store: MemoryStore) -> None:
    store.tiles[0, 0], store.tiles[0, 1] = store.tiles[0, 1], store.tiles[0, 0]


def add_tile(store: MemoryStore) -> None:
    store.tiles[5, 5] = bytes(32)


def lose_tile(store: MemoryStore) -> None:
    del store.tiles[0, 0]


def lose_payload(store: MemoryStore) -> None:
    del store.payloads[0, 0]


def swap_payloads(store: MemoryStore) -> None:
    store.payloads[0, 0], store.payloads[2, 0] = store.payloads[2, 0], store.payloads[0, 0]


def add_payload(store: MemoryStore) -> None:
    store.payloads[1, 7] = b"extra"


def lose_entries(store: MemoryStore) -> None:
    del store.leaves[-1]


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (drop_entry, "tile 0/0"),
        (swap_tiles, "tile 0/0"),
        (add_tile, "tile 5/5"),
        (lose_tile, "tile 0/0"),
        (lose_payload, "entry 0"),
        (swap_payloads, "entry 0"),
        (add_payload, "payload 1/7"),
        (lose_entries, "checkpoint"),
    ],
)
def test_each_damage_is_reported_with_its_place(damage: Callable[[MemoryStore], None], place: str) -> None:
    store = MemoryStore()
    store.append(mixed(600))
    store.checkpoint()
    damage(store)
    assert place in [found.place for found in fsck(store)]
