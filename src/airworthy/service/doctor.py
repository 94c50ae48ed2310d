"""What is wrong with this installation, each finding with what to do."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from airworthy.base.clock import DAY, Clock
from airworthy.base.errors import AirworthyError
from airworthy.record.codec import record
from airworthy.storage.sqlite import open_reader

OPTIONAL = {"pyarrow": "parquet", "sklearn": "sklearn"}


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at."""

    what: str
    state: Literal["sound", "note", "broken"]
    said: str
    help: str = ""


def examine(data: Path, clock: Clock) -> Iterator[Finding]:
    """Looks at Python, libraries, disk, folder, log and clock, one after the other."""
    yield _python()
    yield from _optional()
    yield _writable(data)
    yield _flush(data)
    yield from _log(data, clock)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fine = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Finding("python", "sound" if fine else "broken", version, "" if fine else "use Python 3.11 to 3.13")


def _optional() -> Iterator[Finding]:
    for module, extra in OPTIONAL.items():
        if importlib.util.find_spec(module) is None:
            yield Finding(module, "note", "not installed", f'pip install "airworthy-ai[{extra}]" where you need it')
        else:
            yield Finding(module, "sound", "installed")


def _writable(data: Path) -> Finding:
    folder = data if data.exists() else data.absolute().parent
    if os.access(folder, os.W_OK):
        return Finding("folder", "sound", f"`{data}` can be written")
    return Finding("folder", "broken", f"`{data}` cannot be written", "choose another with --data, or mend its rights")


def _flush(data: Path) -> Finding:
    """How long the disk takes to make one small write durable: the floor under every durable decision."""
    folder = data if data.exists() else data.absolute().parent
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            took = sorted(_one_flush(file.fileno()) for _ in range(20))[10]
    except OSError as error:
        return Finding("disk", "broken", f"a small write failed: {error.strerror}", "make room, or choose another disk")
    return Finding("disk", "sound", f"{1_000 * took:.1f} ms to make one write durable (median of 20)")


def _one_flush(file: int) -> float:
    os.write(file, b"x" * 512)
    started = time.perf_counter()
    os.fdatasync(file)
    return time.perf_counter() - started


def _log(data: Path, clock: Clock) -> Iterator[Finding]:
    if not (data / "log.db").exists():
        yield Finding("log", "note", f"none in `{data}` yet", "airworthy backtest CHARTER starts one")
        return
    try:
        reader = open_reader(data)
    except AirworthyError as error:
        yield Finding("log", "broken", error.diagnostics[0].sentence, error.diagnostics[0].help)
        return
    try:
        size, head = reader.size(), reader.head()
        behind = size - (head.size if head else 0)
        yield Finding("log", "sound", f"{size:,} entries, {behind:,} after the signed head")
        last = next(iter(reader.scan(size - 1)), None) if size else None
        ahead = 0 if last is None else record(last.leaf).ts - clock.now()
        if ahead > DAY // 288:
            yield Finding(
                "clock",
                "broken",
                f"the last entry was written {ahead / 1e6:,.0f} s from now",
                "set this machine's clock",
            )
        else:
            yield Finding("clock", "sound", "not behind the log")
    finally:
        reader.close()
