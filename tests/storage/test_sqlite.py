"""One folder: who may hold it, what must be there, and what happens to an older copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from airworthy.base.clock import FixedClock, Micros
from airworthy.base.errors import OutOfRange, StoreDamaged, StoreError, StoreLocked
from airworthy.record.store import Erased
from airworthy.storage.committer import OUTSTANDING
from airworthy.storage.fsck import fsck
from airworthy.storage.sqlite import open_reader, open_store
from contract.samples import judged, mixed, sealed

HOLD = """
import sys
from airworthy.storage.sqlite import open_store
store = open_store(sys.argv[1])
print("held", flush=True)
input()
"""


def written(folder: Path, n: int = 300) -> Path:
    store = open_store(folder)
    store.append(mixed(n))
    store.close()
    return folder


def code(error: pytest.ExceptionInfo[StoreError]) -> str:
    return error.value.diagnostics[0].code


def test_a_store_opened_again_goes_on_where_it_was(tmp_path: Path) -> None:
    written(tmp_path / "log")
    store = open_store(tmp_path / "log", origin="another.name/ignored")
    assert store.origin == "airworthy.local/log"
    assert store.append([judged(300)])[0].seq == 300
    assert store.content(0, "input") == sealed(0).contents[0].body
    store.append([sealed(0)])
    assert store.content(301, "input") == sealed(0).contents[0].body
    assert fsck(store) == ()
    store.close()


def test_a_second_opening_in_the_same_process_is_refused_with_the_holder_named(tmp_path: Path) -> None:
    store = open_store(tmp_path / "log", clock=FixedClock(Micros(1_790_000_000_000_000)))
    with pytest.raises(StoreLocked, match=f"process {os.getpid()} since 2026-09-21T14:13:20Z") as locked:
        open_store(tmp_path / "log")
    assert locked.value.diagnostics[0].help
    store.close()
    open_store(tmp_path / "log").close()


def test_another_process_that_holds_it_is_named_and_a_killed_one_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "log")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreLocked, match=f"process {other.pid} "):
            open_store(tmp_path / "log")
        other.kill()
    open_store(tmp_path / "log").close()


def test_a_reader_follows_a_writer_and_outlives_it(tmp_path: Path) -> None:
    store = open_store(tmp_path / "log")
    reader = open_reader(tmp_path / "log")
    store.append(mixed(10))
    assert [entry.leaf for entry in reader.scan()] == [entry.leaf for entry in store.scan()]
    assert reader.content(0, "input") == sealed(0).contents[0].body
    head = store.checkpoint()
    assert reader.head() == head
    store.close()
    assert reader.size() == 10
    reader.close()
    reader.close()


def test_a_reader_changes_no_byte(tmp_path: Path) -> None:
    folder = written(tmp_path / "log")
    before = {path.name: path.read_bytes() for path in folder.glob("*.*")}
    reader = open_reader(folder)
    assert fsck(reader) == ()
    reader.close()
    assert {path.name: path.read_bytes() for path in folder.glob("*.db")}.items() <= before.items()


def test_the_secrets_can_be_read_by_their_owner_alone(tmp_path: Path) -> None:
    folder = written(tmp_path / "log", 1)
    for name in ("signing.key", "sealing.key"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    (folder / "signing.key").chmod(0o644)
    with pytest.raises(StoreError, match="can be read by others") as refused:
        open_store(folder)
    assert code(refused) == "R007"


def test_a_head_is_signed_when_the_store_closes(tmp_path: Path) -> None:
    reader = open_reader(written(tmp_path / "log", 7))
    head = reader.head()
    assert head is not None
    assert head.size == 7
    reader.close()


def test_an_older_copy_of_the_log_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path / "log")
    shutil.copy(folder / "log.db", tmp_path / "old.db")
    written(folder, 5)
    shutil.copy(tmp_path / "old.db", folder / "log.db")
    with pytest.raises(StoreDamaged, match="305 was signed") as refused:
        open_store(folder)
    assert code(refused) == "R006"


def test_a_log_with_another_past_is_refused(tmp_path: Path) -> None:
    """Two stores went on from one copy; the head one of them signed does not fit the other's log."""
    folder, other = written(tmp_path / "log"), tmp_path / "other"
    shutil.copytree(folder, other)
    written(folder, 5)
    written(other, 9)
    shutil.copy(folder / "lock.db", other / "lock.db")
    with pytest.raises(StoreDamaged, match="not the ones that were signed") as refused:
        open_store(other)
    assert code(refused) == "R006"


@pytest.mark.parametrize(
    ("missing", "expected"),
    [("keys.db", "R004"), ("lock.db", "R006"), ("log.db", "R006"), ("signing.key", "R007"), ("sealing.key", "R007")],
)
def test_a_part_that_is_missing_is_said_and_not_made_anew(tmp_path: Path, missing: str, expected: str) -> None:
    folder = written(tmp_path / "log")
    (folder / missing).unlink()
    with pytest.raises(StoreError) as refused:
        open_store(folder)
    assert code(refused) == expected
    with pytest.raises(StoreError):
        open_store(folder)


def test_a_reader_needs_no_key_store_until_it_is_asked_for_names(tmp_path: Path) -> None:
    folder = written(tmp_path / "log")
    (folder / "keys.db").unlink()
    (folder / "signing.key").unlink()
    reader = open_reader(folder)
    assert len(list(reader.scan())) == 300
    with pytest.raises(StoreError, match=r"keys\.db"):
        reader.content(0, "input")
    reader.close()


def test_where_there_is_no_log_a_reader_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no log\.db") as refused:
        open_reader(tmp_path)
    assert code(refused) == "R008"


def test_content_whose_key_was_destroyed_is_erased_and_the_log_stays_whole(tmp_path: Path) -> None:
    folder = written(tmp_path / "log")
    with apsw.Connection(str(folder / "keys.db")) as keys:
        keys.execute("DELETE FROM data_key")
        keys.execute("DELETE FROM kref")
        keys.execute("DELETE FROM subject")
    keys.close()
    reader = open_reader(folder)
    assert reader.content(0, "input") == Erased(None)
    assert fsck(reader) == ()
    reader.close()


def test_more_than_the_queue_can_ever_hold_is_refused(tmp_path: Path) -> None:
    store = open_store(tmp_path / "log")
    with pytest.raises(OutOfRange, match="4096"):
        store.submit(mixed(OUTSTANDING + 1))
    assert len(store.append(mixed(OUTSTANDING))) == OUTSTANDING
    store.close()


def test_no_name_and_no_content_stands_in_clear_in_the_log(tmp_path: Path) -> None:
    folder = written(tmp_path / "log")
    reader = open_reader(folder)
    assert not any(b"canary" in entry.leaf for entry in reader.scan())
    reader.close()
    for path in folder.iterdir():
        assert b"canary" not in path.read_bytes(), path.name
