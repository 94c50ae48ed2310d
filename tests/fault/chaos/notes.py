"""What client processes wrote down for themselves, a JSON line each: the kernel keeps it when the process is killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec


class Asked(msgspec.Struct, frozen=True, tag=True):
    """Written before a decision was asked for."""

    subject: str


class Told(msgspec.Struct, frozen=True, tag=True):
    """Written once it was told: `fell_back` where no gateway had answered."""

    subject: str
    id: str
    route: str
    fell_back: bool


class Redeeming(msgspec.Struct, frozen=True, tag=True):
    """Written before an effect was called."""

    permit: str


class Refused(msgspec.Struct, frozen=True, tag=True):
    """Written after an effect did not run."""

    permit: str
    why: str


class Noted(msgspec.Struct, frozen=True, tag=True):
    """Written after an outcome was recorded or, with `seq` -1, kept for later."""

    decision: str
    id: str
    seq: int


class Ran(msgspec.Struct, frozen=True, tag=True):
    """The effect itself: a line in the effects file, durable before it counts as done."""

    permit: str
    decision: str
    payload: Any


Note = Asked | Told | Redeeming | Refused | Noted | Ran

_decode = msgspec.json.Decoder(Note).decode


class Notes:
    """One file, written by any thread; whole lines, in one system call each."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, note: Note) -> None:
        os.write(self._descriptor, msgspec.json.encode(note) + b"\n")

    def write_durably(self, note: Note) -> None:
        self.write(note)
        os.fsync(self._descriptor)


def read(folder: Path) -> Iterator[Note]:
    """Every note of every process; a last line that was cut short was never whole."""
    for path in sorted(folder.glob("*.jsonl")):
        yield from (_decode(line) for line in path.read_bytes().split(b"\n")[:-1])
