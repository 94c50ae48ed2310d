"""The two secrets of a store, each in a file only its owner may read: what signs heads, what seals content."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path

from airworthy.base.errors import StoreError
from airworthy.base.ids import Random
from airworthy.ledger.note import NoteInvalid, SigningKey, unbase64
from airworthy.ledger.seal import KEY

SIGNING = "signing.key"
SEALING = "sealing.key"
_CODE = "R007"


def read_signing_key(folder: Path) -> SigningKey:
    """Raises StoreError (R007) when the file is missing, malformed or open to others."""
    try:
        return SigningKey.parse(read_file(folder / SIGNING))
    except NoteInvalid as invalid:
        raise StoreError(invalid.diagnostics[0].sentence, code=_CODE) from None


def read_sealing_key(folder: Path) -> bytes:
    """32 bytes. Raises StoreError (R007) when the file is missing, malformed or open to others."""
    try:
        key = unbase64(read_file(folder / SEALING).strip(), "the sealing key")
    except NoteInvalid as invalid:
        raise StoreError(invalid.diagnostics[0].sentence, code=_CODE) from None
    if len(key) != KEY:
        raise StoreError("the sealing key is not 32 bytes long", code=_CODE)
    return key


def make_keys(folder: Path, origin: str, random: Random) -> None:
    """Writes whichever of the two files is not there yet."""
    make_file(folder / SIGNING, lambda: SigningKey(origin, random.bytes(KEY)).secret())
    make_file(folder / SEALING, lambda: base64.b64encode(random.bytes(KEY)).decode())


def read_file(path: Path) -> str:
    """A secret file as text. Raises StoreError (R007) where others may read it, or nobody can."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(4_096)
    except OSError as error:
        raise StoreError(f"{path.name} cannot be read: {error.strerror}", code=_CODE) from None
    if mode & 0o077:
        raise StoreError(
            f"{path.name} can be read by others", code=_CODE, help=f"run: chmod 600 {path.parent.name}/{path.name}"
        )
    return text.decode("ascii", "replace")


def make_file(path: Path, secret: Callable[[], str]) -> None:
    """Writes beside, then renames: a key file is there as a whole or not at all, and stays after a loss of power."""
    if path.exists():
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write(beside, secret())
        beside.rename(path)
        _flush_folder(path.parent)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise StoreError(f"{path.name} cannot be written: {error.strerror}", help="check the disk") from None


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
