"""The stranger's verifier: one file, alone, with an exit code for each thing it can find."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from airworthy.ledger.checkpoint import Checkpoint
from airworthy.ledger.leaf import bundle, leaf_hashes
from airworthy.ledger.note import SigningKey
from airworthy.ledger.tile import Edge, bundle_path, path
from airworthy.proof import verify
from airworthy.storage.memory import MemoryStore
from airworthy.storage.publish import export, prove
from contract.samples import mixed

REFERENCE_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
KEY = SigningKey("log.example/one", bytes(range(32)))


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    store = MemoryStore()
    store.append(mixed(700))
    store.checkpoint()
    return store


@pytest.fixture
def folder(store: MemoryStore, tmp_path: Path) -> Path:
    export(store, tmp_path / "out")
    return tmp_path / "out"


def published(folder: Path, leaves: list[bytes]) -> Path:
    """A small log of any leaves, signed with KEY."""
    edge = Edge()
    for tile in edge.extend(leaf_hashes(leaves)):
        put(folder / path(tile.level, tile.index, tile.width), tile.hashes)
    put(folder / bundle_path(0, len(leaves)), bundle(leaves))
    put(folder / "checkpoint", Checkpoint(KEY.verifier.name, edge.size, edge.root()).signed(KEY).encode())
    return folder


def put(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def test_it_is_one_short_file_that_needs_nothing_of_ours() -> None:
    text = Path(verify.__file__).read_text()
    assert len(text.splitlines()) <= 400
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def test_it_runs_alone_where_ours_is_not_installed(folder: Path, store: MemoryStore, tmp_path: Path) -> None:
    alone = tmp_path / "verify.py"
    shutil.copy(verify.__file__, alone)
    command = [sys.executable, "-I", str(alone), str(folder), "--key", store.verifier_key]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (verify.OK, "")
    assert "all 700 entries hold" in ran.stdout


def test_a_key_that_lay_beside_the_log_is_not_enough(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main([str(folder)]) == verify.CANNOT_JUDGE
    assert "700 entries hold" in (said := capsys.readouterr().out)
    assert "--key" in said


def test_the_key_of_another_log_is_not_this_ones(folder: Path) -> None:
    assert verify.main([str(folder), "--key", str(KEY.verifier)]) == verify.BAD


@pytest.mark.parametrize("key", ["", "x", "a+b+c", REFERENCE_KEY[:-1], REFERENCE_KEY.replace("33d7", "33d8")])
def test_a_malformed_key_is_never_a_pass(folder: Path, key: str) -> None:
    assert verify.main([str(folder), "--key", key]) == verify.BAD


def test_what_is_not_there_cannot_be_judged(tmp_path: Path) -> None:
    assert verify.main([str(tmp_path / "nowhere"), "--key", REFERENCE_KEY]) == verify.CANNOT_JUDGE
    assert verify.main([str(tmp_path), "--key", REFERENCE_KEY]) == verify.CANNOT_JUDGE
    assert verify.main([str(tmp_path)]) == verify.CANNOT_JUDGE


def test_a_log_goes_on_from_each_older_checkpoint(shared_data: Path, tmp_path: Path) -> None:
    log = shutil.copytree(shared_data / "tlog_vectors" / "reference_log", tmp_path / "log")
    shutil.copy(log / "checkpoint.15", log / "checkpoint")
    known = [str(log), "--key", REFERENCE_KEY, "--opaque", "--older"]
    assert {verify.main([*known, str(log / f"checkpoint.{size}")]) for size in range(16)} == {verify.OK}
    shutil.copy(log / "checkpoint.7", log / "checkpoint")
    assert verify.main([*known, str(log / "checkpoint.8")]) == verify.BAD
    assert verify.main([*known, str(log / "absent")]) == verify.CANNOT_JUDGE


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_a_past_that_was_rewritten_is_not_the_one_an_older_checkpoint_covers(tmp_path: Path, size: int) -> None:
    folder = published(tmp_path, [b'{"kind":"a","v":1}', b'{"kind":"b","v":1}'])
    older = tmp_path / "older"
    older.write_text(Checkpoint(KEY.verifier.name, size, bytes(32)).signed(KEY))
    assert verify.main([str(folder), "--key", str(KEY.verifier), "--older", str(older)]) == verify.BAD


def test_an_older_checkpoint_of_another_key_says_nothing_good(folder: Path, store: MemoryStore, tmp_path: Path) -> None:
    older = tmp_path / "older"
    older.write_text(Checkpoint(KEY.verifier.name, 0, bytes(32)).signed(KEY))
    assert verify.main([str(folder), "--key", store.verifier_key, "--older", str(older)]) == verify.BAD


@pytest.mark.parametrize("trick", ["log\x1b[2J", "log\u202egol", "log\x9b1A", "log\u2066x"])
def test_names_that_move_the_cursor_are_not_printed(
    trick: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = SigningKey(trick, bytes(range(32)))
    folder = published(tmp_path / trick, [b'{"kind":"a","v":1}'])
    (folder / "checkpoint").write_text(Checkpoint(trick, 1, leaf_hashes([b'{"kind":"a","v":1}'])[0]).signed(key))
    assert verify.main([str(folder), "--key", str(key.verifier)]) == verify.BAD
    assert verify.main([str(folder / "absent"), "--key", str(KEY.verifier)]) == verify.CANNOT_JUDGE
    said = capsys.readouterr().out
    assert all(c.isprintable() or c == "\n" for c in said)


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--unknown", "a"], ["a", "--key"]])
def test_a_wrong_call_is_said_to_be_one(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        verify.main(arguments)
    assert ended.value.code == verify.USAGE


def test_the_reference_log_of_others_verifies_at_each_size(shared_data: Path, tmp_path: Path) -> None:
    shutil.copytree(shared_data / "tlog_vectors" / "reference_log", tmp_path / "log")
    for size in range(16):
        shutil.copy(tmp_path / "log" / f"checkpoint.{size}", tmp_path / "log" / "checkpoint")
        assert verify.main([str(tmp_path / "log"), "--key", REFERENCE_KEY, "--opaque"]) == verify.OK
    assert verify.main([str(tmp_path / "log"), "--key", REFERENCE_KEY]) == verify.BAD


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"text",
        b"[]",
        b'{"kind":"a"}',
        b'{"v":1}',
        b'{"kind":1,"v":1}',
        b'{"kind":"a","v":true}',
        b'{"kind":"a","v":1,"p":0.5}',
        b'{"kind":"a","v":1,"p":NaN}',
        b'{"kind":"a","kind":"b","v":1}',
        b'{"kind":"\xff","v":1}',
        b"[" * 20_000,
        b'{"kind":"a","v":' + b"1" * 6_000 + b"}",
    ],
)
def test_an_entry_that_is_not_one_of_ours_is_refused_though_it_was_signed(tmp_path: Path, leaf: bytes) -> None:
    folder = published(tmp_path, [b'{"kind":"a","v":1}', leaf])
    assert verify.main([str(folder), "--key", str(KEY.verifier)]) == verify.BAD
    assert verify.main([str(folder), "--key", str(KEY.verifier), "--opaque"]) == verify.OK


def test_a_full_tile_may_stand_for_a_partial_one(folder: Path, store: MemoryStore) -> None:
    """A log that has grown since its head was fetched."""
    for partial in [*folder.glob("tile/0/*.p"), *folder.glob("tile/entries/*.p")]:
        data = next(partial.iterdir()).read_bytes()
        shutil.rmtree(partial)
        rest = bytes(32 * 68) if partial.parent.name == "0" else bundle([b"{}"] * 68)
        partial.with_suffix("").write_bytes(data + rest)
    assert verify.main([str(folder), "--key", store.verifier_key]) == verify.OK


@pytest.mark.parametrize("extra", [b"\0", b"\0\0", b"\0\1x"])
def test_an_entry_too_many_is_noticed(folder: Path, store: MemoryStore, extra: bytes) -> None:
    file = folder / "tile/entries/002.p/188"
    file.write_bytes(file.read_bytes() + extra)
    assert verify.main([str(folder), "--key", store.verifier_key]) == verify.BAD


def test_a_file_longer_than_any_bundle_is_not_read_to_its_end(folder: Path, store: MemoryStore) -> None:
    with (folder / "tile/entries/000").open("ab") as file:
        file.truncate(verify.LARGEST_FILE + 1)
    assert verify.main([str(folder), "--key", store.verifier_key]) == verify.BAD


def test_one_entry_verifies_from_its_proof(store: MemoryStore, tmp_path: Path) -> None:
    file = tmp_path / "entry.tlog-proof"
    for seq in (0, 255, 256, 699):
        file.write_text(prove(store, seq))
        assert verify.main([str(file), "--key", store.verifier_key]) == verify.OK
    assert verify.main([str(file)]) == verify.CANNOT_JUDGE


def test_any_changed_character_of_a_proof_is_noticed(store: MemoryStore, tmp_path: Path) -> None:
    file, text = tmp_path / "entry.tlog-proof", prove(store, 300)
    for at in range(0, len(text), 7):
        file.write_text(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :])
        assert verify.main([str(file), "--key", store.verifier_key]) in (verify.BAD, verify.CANNOT_JUDGE)


def test_a_proof_that_does_not_carry_its_entry_cannot_be_judged(store: MemoryStore, tmp_path: Path) -> None:
    file = tmp_path / "entry.tlog-proof"
    header, _, rest = prove(store, 3).split("\n", 2)
    file.write_text(f"{header}\n{rest}")
    assert verify.main([str(file), "--key", store.verifier_key]) == verify.CANNOT_JUDGE
