"""A disk that is full, torn, cut short or not writable: a typed error, never a half-written log."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from airworthy.base.errors import StoreError
from airworthy.storage.fsck import fsck
from airworthy.storage.sqlite import SqliteStore, open_store
from contract.samples import judged, mixed


def written(folder: Path, n: int = 300) -> Path:
    store = open_store(folder)
    store.append(mixed(n))
    store.close()
    return folder


def opened(folder: Path) -> SqliteStore | StoreError:
    try:
        return open_store(folder)
    except StoreError as error:
        return error


@pytest.mark.parametrize("part", ["log.db", "keys.db", "lock.db"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.999])
def test_a_file_cut_short_is_refused_or_found(tmp_path: Path, part: str, share: float) -> None:
    folder = written(tmp_path / "log")
    os.truncate(folder / part, int((folder / part).stat().st_size * share))
    store = opened(folder)
    if isinstance(store, SqliteStore):
        # The last page may end in bytes nothing refers to; then nothing was lost.
        assert fsck(store) or [entry.seq for entry in store.scan()] == list(range(300))
        store.close()


@pytest.mark.parametrize("seed", range(12))
def test_a_torn_tail_costs_at_most_what_was_never_acknowledged(tmp_path: Path, seed: int) -> None:
    """The log as a machine leaves it that lost power: main file, and a write-ahead file cut anywhere."""
    folder = tmp_path / "log"
    store = open_store(folder)
    for i in range(20):
        store.append([judged(i)])
    shutil.copytree(folder, tmp_path / "torn", ignore=shutil.ignore_patterns("*-shm"))
    store.close()
    tail = tmp_path / "torn" / "log.db-wal"
    os.truncate(tail, random.Random(seed).randrange(tail.stat().st_size))
    torn = opened(tmp_path / "torn")
    if isinstance(torn, SqliteStore):
        assert torn.size() <= 20
        assert fsck(torn) == ()
        assert torn.append([judged(99)])[0].seq == torn.size() - 1
        torn.close()


def test_a_folder_nobody_can_write_to_can_be_read(tmp_path: Path) -> None:
    """As another user where tests run as root, whom no mode stops."""
    folder = written(tmp_path / "log")
    script = (
        "import os, sys\n"
        "from airworthy.base.errors import StoreError\n"
        "from airworthy.storage.sqlite import open_reader, open_store\n"
        "open_store(sys.argv[2]).close()  # whatever is loaded late is loaded now, while every file can be read\n"
        "if os.getuid() == 0:\n    os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "reader = open_reader(sys.argv[1])\n"
        "print(reader.size())\n"
        "try:\n    open_store(sys.argv[1])\nexcept StoreError as error:\n    print(error.diagnostics[0].code)\n"
    )
    for path in [*folder.iterdir(), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    for path in (tmp_path, *tmp_path.parents):
        if os.getuid() == 0 and path != Path("/") and path.stat().st_uid == 0 and not path.stat().st_mode & 0o1:
            path.chmod(path.stat().st_mode | 0o11)
    ran = subprocess.run(
        [sys.executable, "-c", script, str(folder), str(tmp_path / "other")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout.split(), ran.stderr) == (["300", "R008"], "")


WRITE_UNTIL_REFUSED = """
import resource, sys
from contract.samples import mixed
from airworthy.base.errors import StoreError
from airworthy.storage.sqlite import open_store
kept = 0
try:
    store = open_store(sys.argv[1])
    if limit := int(sys.argv[2]):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    while kept < 2_000:
        kept = store.append(mixed(5, kept))[-1].seq + 1
        print(kept, flush=True)
except StoreError as error:
    print(error.diagnostics[0].code)
    if kept:
        try:
            store.append(mixed(1))
        except StoreError as error:
            print(error.diagnostics[0].code)
        try:
            store.close()
        except StoreError:
            pass
"""


def acknowledged(folder: Path, limit: int = 0, around: tuple[str, ...] = ()) -> tuple[int, list[str]]:
    """How many entries a process had acknowledged before it was refused, and the codes it was refused with."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    command = [*around, sys.executable, "-c", WRITE_UNTIL_REFUSED, str(folder), str(limit)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)
    assert ran.stderr == ""
    said = ran.stdout.split()
    return max((int(word) for word in said if word.isdigit()), default=0), [w for w in said if not w.isdigit()]


@pytest.mark.parametrize("limit", [200_000, 333_333, 1_000_000])
def test_a_disk_that_takes_no_more_shuts_the_store_and_keeps_what_was_acknowledged(tmp_path: Path, limit: int) -> None:
    kept, codes = acknowledged(tmp_path / "log", limit)
    assert codes in (["R001", "R001"], ["R005", "R005"])
    check_kept(tmp_path / "log", kept)


def check_kept(folder: Path, kept: int) -> None:
    store = open_store(folder)
    assert store.size() >= kept
    assert fsck(store) == ()
    assert store.append([judged(1)])
    store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one mebibyte. Skips where this process may not mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if not made or made.returncode:
        pytest.skip("needs the right to mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_shuts_the_store_and_keeps_what_was_acknowledged(small_disk: Path) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(bytes(300_000))
    kept, codes = acknowledged(small_disk / "log")
    assert kept > 0
    assert codes == ["R005", "R005"]
    filler.unlink()
    check_kept(small_disk / "log", kept)


@pytest.mark.slow
@pytest.mark.parametrize("when", [1, 2, 5, 9, 20, 33])
@pytest.mark.parametrize(
    "fault", ["fdatasync:error=EIO", "fsync:error=EIO", "pwrite64:error=ENOSPC", "pwrite64:error=EIO"]
)
def test_a_system_call_that_fails_once_never_costs_an_acknowledged_entry(tmp_path: Path, fault: str, when: int) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("needs strace")
    inject = (strace, "-f", "-qq", "-o", os.devnull, "-e", f"inject={fault}:when={when}")
    kept, codes = acknowledged(tmp_path / "log", around=inject)
    assert kept == 2_000 or codes
    assert set(codes) <= {"R001", "R004", "R005", "R008"}
    check_kept(tmp_path / "log", kept)
