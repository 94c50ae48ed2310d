"""A published folder: what is in it, and that publishing again brings it up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from airworthy.base.errors import OutOfRange, StoreError
from airworthy.ledger.note import VerifierKey
from airworthy.ledger.proof import EntryProof
from airworthy.proof import verify
from airworthy.record.store import Draft
from airworthy.storage.memory import MemoryStore
from airworthy.storage.publish import export, prove
from contract.samples import mixed


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_is_published_is_leaves_tiles_a_head_and_a_key(tmp_path: Path) -> None:
    store = MemoryStore()
    store.append(mixed(300))
    store.checkpoint()
    assert export(store, tmp_path).size == 300
    assert files(tmp_path) == {
        "checkpoint",
        "verifier.key",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    }
    assert not any(b"canary" in (tmp_path / file).read_bytes() for file in files(tmp_path))


def test_publishing_again_replaces_the_edge(tmp_path: Path) -> None:
    store = MemoryStore()
    for _ in range(3):
        store.append(mixed(200))
        store.checkpoint()
        store.append(mixed(3))
        export(store, tmp_path)
        assert verify.main([str(tmp_path), "--key", store.verifier_key]) == verify.OK
    assert "tile/0/000.p/200" not in files(tmp_path)


def refused(store: MemoryStore, folder: Path) -> None:
    """The export is refused, and the folder is as it was."""
    before = {file: (folder / file).read_bytes() for file in files(folder)}
    with pytest.raises(StoreError) as said:
        export(store, folder)
    assert said.value.diagnostics[0].code == "R013"
    assert {file: (folder / file).read_bytes() for file in files(folder)} == before


class SameBytes:
    """Chance that never differs: two stores made with it sign with one key."""

    def bytes(self, n: int) -> bytes:
        return bytes(n)


def signed(entries: list[Draft], origin: str = "log.example/one") -> MemoryStore:
    store = MemoryStore(origin=origin, random=SameBytes())
    store.append(entries)
    store.checkpoint()
    return store


def test_a_longer_log_that_was_published_is_not_taken_back(tmp_path: Path) -> None:
    export(signed(mixed(300)), tmp_path)
    refused(signed(mixed(200)), tmp_path)


def test_another_past_under_the_same_key_is_not_published_over(tmp_path: Path) -> None:
    export(signed(mixed(300)), tmp_path)
    refused(signed(mixed(400)[1:]), tmp_path)
    assert export(signed(mixed(400)), tmp_path).size == 400


def test_a_log_of_another_key_is_not_published_over(tmp_path: Path) -> None:
    export(signed(mixed(3)), tmp_path)
    refused(signed(mixed(3), "log.example/other"), tmp_path)
    (tmp_path / "verifier.key").unlink()
    refused(signed(mixed(3), "log.example/other"), tmp_path)


@pytest.mark.parametrize("note", [b"", b"a shopping list\n", b"\xff\xfe"])
def test_a_checkpoint_that_is_not_ours_is_not_written_over(note: bytes, tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes(note)
    refused(signed(mixed(3)), tmp_path)


def test_a_log_is_not_published_into_the_folder_that_keeps_it(tmp_path: Path) -> None:
    store = MemoryStore()
    store.checkpoint()
    (tmp_path / "log.db").write_bytes(b"")
    refused(store, tmp_path)


def test_what_others_keep_below_a_published_log_stays(tmp_path: Path) -> None:
    photo = tmp_path / "tile" / "photos.p" / "7"
    photo.parent.mkdir(parents=True)
    photo.write_text("a photo")
    store = MemoryStore()
    for _ in range(2):
        store.append(mixed(200))
        store.checkpoint()
        export(store, tmp_path)
    assert photo.read_text() == "a photo"
    assert not (tmp_path / "tile/0/000.p").exists()


def test_an_empty_log_can_be_published(tmp_path: Path) -> None:
    store = MemoryStore()
    store.checkpoint()
    export(store, tmp_path)
    assert verify.main([str(tmp_path), "--key", store.verifier_key]) == verify.OK


def test_nothing_is_published_before_it_is_signed(tmp_path: Path) -> None:
    store = MemoryStore()
    store.append(mixed(1))
    with pytest.raises(StoreError, match="nothing is signed"):
        export(store, tmp_path)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    store = MemoryStore()
    store.checkpoint()
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError) as refused:
        export(store, tmp_path / "file")
    assert refused.value.diagnostics[0].code == "R008"


def test_every_entry_can_be_proven_from_a_file_of_its_own() -> None:
    store = MemoryStore()
    store.append(mixed(520))
    head = store.checkpoint()
    store.append(mixed(7))
    key = VerifierKey.parse(store.verifier_key)
    for seq in (0, 1, 255, 256, 511, 512, 519):
        assert EntryProof.parse(prove(store, seq)).verify(key).root == head.root
    with pytest.raises(OutOfRange, match="520"):
        prove(store, 520)
