"""One file of the spool: a line an entry, `crc32 length json`. Only its last line may ever be cut short."""

from __future__ import annotations

import fcntl
import os
import zlib
from pathlib import Path

import msgspec

from airworthy.exchange.ask import Spooled

_decode = msgspec.json.Decoder(Spooled).decode
_encode = msgspec.json.encode


class Segment:
    """A segment being written, by this process alone. Its lock ends with the process, however that ends.

    After a failed write it is never written or flushed again: nobody knows what the file holds then.
    """

    def __init__(self, path: Path) -> None:
        """Makes the file, its name durable. Raises OSError."""
        self.path = path
        self.size = 0
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        sync_folder(path.parent)

    def write(self, lines: bytes) -> None:
        """All `lines`, durable when it returns. Raises OSError; then this segment is over."""
        left = memoryview(lines)
        while left:
            left = left[os.write(self._descriptor, left) :]
        os.fdatasync(self._descriptor)
        self.size += len(lines)

    def close(self) -> None:
        os.close(self._descriptor)


class Read(msgspec.Struct, frozen=True):
    """What a segment holds."""

    entries: tuple[Spooled, ...]
    corrupt: tuple[bytes, ...]  # lines that are not what was written
    torn: bool  # the last line was cut short


def line(entry: Spooled) -> bytes:
    """`entry` as it stands in a segment."""
    json = _encode(entry)
    return b"%08x %d %b\n" % (zlib.crc32(json), len(json), json)


def read(path: Path) -> Read:
    """Everything in the segment that can be read. Raises OSError."""
    data = path.read_bytes()
    *lines, tail = data.split(b"\n")
    found = [(one, _entry(one)) for one in lines]
    entries = [entry for _, entry in found if entry is not None]
    last = _entry(tail)  # whole but for its line end
    corrupt = tuple(one for one, entry in found if entry is None)
    return Read((*entries, *([last] if last else [])), corrupt, bool(tail) and last is None)


def is_being_written(path: Path) -> bool:
    """Whether a living process, this one included, still writes to the segment."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def sync_folder(folder: Path) -> None:
    """Makes the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _entry(line: bytes) -> Spooled | None:
    crc, _, rest = line.partition(b" ")
    length, _, json = rest.partition(b" ")
    try:
        whole = int(crc, 16) == zlib.crc32(json) and int(length) == len(json)
        return _decode(json) if whole else None
    except (ValueError, msgspec.MsgspecError):
        return None
