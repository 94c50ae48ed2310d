"""A disk that is full, torn, cut short or not writable: a typed error, never a half-written log."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
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
        "reader = open_reader(sys.argv[1])\n"
        "print(reader.size())\n"
        "try:\n    open_store(sys.argv[1])\nexcept StoreError as error:\n    print(error.diagnostics[0].code)\n"
    )
    for path in [*folder.iterdir(), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
    if drop and not shutil.which(drop[0]):
        pytest.skip("needs setpriv to stop being root")
    for path in (tmp_path, *tmp_path.parents):
        if drop and path != Path("/") and path.stat().st_uid == 0 and not path.stat().st_mode & 0o1:
            path.chmod(path.stat().st_mode | 0o11)
    ran = subprocess.run(
        [*drop, sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False
    )
    assert (ran.stdout.split(), ran.stderr) == (["300", "R008"], "")


def limited(folder: Path, bytes_: int) -> tuple[str, int]:
    """Appends under a limit to the size of any file; what was said, and how many were acknowledged."""
    script = (
        "import resource, sys\n"
        "from contract.samples import mixed\n"
        "from airworthy.base.errors import StoreError\n"
        "from airworthy.storage.sqlite import open_store\n"
        "store = open_store(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))\n"
        "kept = 0\n"
        "try:\n    while True:\n        kept = store.append(mixed(5, kept))[-1].seq + 1\n"
        "except StoreError as error:\n    print(error.diagnostics[0].code, kept)\n"
        "try:\n    store.append(mixed(1))\nexcept StoreError as error:\n    print(error.diagnostics[0].code)\n"
        "try:\n    store.close()\nexcept StoreError as error:\n    pass\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    ran = subprocess.run(
        [sys.executable, "-c", script, str(folder), str(bytes_)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=60,
    )
    assert ran.stderr == ""
    first, again = ran.stdout.splitlines()
    assert again == first.split()[0], "a store that failed stays shut"
    return again, int(first.split()[1])


@pytest.mark.parametrize("bytes_", [200_000, 333_333, 1_000_000])
def test_a_disk_that_takes_no_more_shuts_the_store_and_keeps_what_was_acknowledged(tmp_path: Path, bytes_: int) -> None:
    said, kept = limited(tmp_path / "log", bytes_)
    assert said in ("R001", "R005")
    store = open_store(tmp_path / "log")
    assert store.size() >= kept > 0
    assert fsck(store) == ()
    assert store.append([judged(1)])
    store.close()
