"""Further secrets of a folder: 32 random bytes each, in a file only its owner may read, made when first asked for."""

from __future__ import annotations

import base64
from pathlib import Path

from airworthy.base.errors import StoreError
from airworthy.base.ids import Random
from airworthy.ledger.note import NoteInvalid, unbase64
from airworthy.storage.keyfile import make_file, read_file

SIZE = 32


def secret(folder: Path, name: str, random: Random) -> bytes:
    """The secret in `<folder>/<name>`. Raises StoreError (R007) when the file is malformed or open to others."""
    path = folder / name
    make_file(path, lambda: base64.b64encode(random.bytes(SIZE)).decode())
    try:
        found = unbase64(read_file(path).strip(), name)
    except NoteInvalid as invalid:
        raise StoreError(invalid.diagnostics[0].sentence, code="R007") from None
    if len(found) != SIZE:
        raise StoreError(f"{name} does not hold {SIZE} bytes", code="R007")
    return found
