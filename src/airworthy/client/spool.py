"""A durable, bounded queue in a folder: what could not be handed over in time waits here, through crashes too.

    <folder>/<id>.<pid>.segment    entries, appended by one process; the id sorts by time
    <folder>/<id>.<pid>.bad        lines of it that are not what was written
    <folder>/refused.jsonl         entries the gateway will not record, with the reason
    <folder>/handover.lock         held by whoever hands over

Several processes may spool into one folder. One thread of each writes whatever queued while the last flush ran, so
that many callers share one flush.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Sequence
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from airworthy.base.clock import Clock, SystemClock
from airworthy.base.ids import Random, SystemRandom, new_id
from airworthy.client.health import Tally
from airworthy.client.segment import Segment, is_being_written, line
from airworthy.exchange.ask import Spooled

MOST_BYTES = 256 * 2**20  # of all segments in the folder; past it entries are lost, and counted as such
SEGMENT_BYTES = 4 * 2**20  # where a new segment starts


class _Job:
    """Entries that are kept together or not at all."""

    def __init__(self, ids: Sequence[str], lines: bytes) -> None:
        self.ids, self.lines = ids, lines
        self.kept: Future[bool] = Future()


class Spool:
    """Keeps entries until they are handed over. Everything may be called by any thread at once.

    INVARIANT: an entry is in a segment from the moment `keep` said True until it is released or refused.
    """

    def __init__(
        self,
        folder: Path,
        tally: Tally,
        *,
        clock: Clock | None = None,
        random: Random | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.folder = folder
        self._tally = tally
        self._clock = clock or SystemClock()
        self._random = random or SystemRandom()
        self._most_bytes = most_bytes
        self._starting = Lock()  # guards the thread; never held while a file is flushed, so that callers share a flush
        self._thread: Thread | None = None
        self._writing = Lock()  # guards the segment
        self._segment: Segment | None = None
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._held: dict[str, Path] = {}  # ids kept by this process and not handed over, and the segment each is in

    def keep(self, entries: Sequence[Spooled]) -> Future[bool]:
        """True once all `entries` are durable, False where they are lost. Never fails otherwise."""
        job = _Job([entry.id for entry in entries], b"".join(map(line, entries)))
        with self._starting:
            self._begin()
            self._queue.put(job)
        return job.kept

    def holds(self, id: str) -> bool:
        """Whether this process kept an entry of that id that was not handed over yet."""
        return id in self._held

    @property
    def waiting(self) -> int:
        """Entries of this process that were not handed over yet."""
        return len(self._held)

    def sealed(self) -> list[Path]:
        """Segments nobody writes to any more, oldest first; that of this process is sealed for it."""
        with self._writing:
            self._seal()
            # Another process may have handed over what this one kept.
            gone = {path for path in set(self._held.values()) if not path.exists()}
            self._held = {id: path for id, path in self._held.items() if path not in gone}
        return [path for path in sorted(self._segments()) if not is_being_written(path)]

    def release(self, ids: Collection[str]) -> None:
        """Forgets entries that were handed over or refused. Their segment is deleted by whoever read it."""
        with self._writing:
            for id in ids:
                self._held.pop(id, None)

    def close(self) -> None:
        """Writes what is queued and ends the thread. May be called twice; a later `keep` starts anew."""
        with self._starting:
            if self._thread is not None:
                self._queue.put(None)
                self._thread.join()
                self._thread = None
        with self._writing:
            self._seal()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._run, name="airworthy-spool", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        stopping = False
        while not stopping:
            jobs = [self._queue.get(), *_drained(self._queue)]
            stopping = None in jobs
            self._settle([job for job in jobs if job is not None])

    def _settle(self, jobs: Sequence[_Job]) -> None:
        if not jobs:
            return
        ids = [id for job in jobs for id in job.ids]
        kept = self._write(ids, b"".join(job.lines for job in jobs))
        self._tally.count("spooled" if kept else "lost", len(ids))
        for job in jobs:
            job.kept.set_result(kept)

    def _write(self, ids: Sequence[str], lines: bytes) -> bool:
        """Whether all `lines` are durable. A write that failed is tried once more, in a new file."""
        with self._writing:
            path = self._written(lines) or self._written(lines)
            if path is not None:
                self._held.update(dict.fromkeys(ids, path))
            return path is not None

    def _written(self, lines: bytes) -> Path | None:
        """The segment the lines are in, durably; None where they are in none."""
        try:
            segment = self._open()
            if self._bytes() + len(lines) > self._most_bytes:
                return None
            segment.write(lines)
        except OSError:
            self._seal()
            return None
        if segment.size >= SEGMENT_BYTES:
            self._seal()
        return segment.path

    def _open(self) -> Segment:
        """The segment being written. Raises OSError."""
        if self._segment is None:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            name = f"{new_id(self._clock.now(), self._random)}.{os.getpid()}.segment"
            self._segment = Segment(self.folder / name)
        return self._segment

    def _seal(self) -> None:
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def _bytes(self) -> int:
        """Of all segments in the folder."""
        return sum(self._segments().values())

    def _segments(self) -> dict[Path, int]:
        """The bytes of each. What merely has such a name, a folder or a link, is left alone."""
        found = {path: _file(path) for path in self.folder.glob("*.segment")}
        return {path: about.st_size for path, about in found.items() if about is not None}


def _file(path: Path) -> os.stat_result | None:
    """About a regular file; None for anything else, and for what was handed over this moment."""
    try:
        about = path.lstat()
    except FileNotFoundError:
        return None
    return about if stat.S_ISREG(about.st_mode) else None


def _drained(queue: SimpleQueue[_Job | None]) -> list[_Job | None]:
    """Whatever else waits."""
    found: list[_Job | None] = []
    while True:
        try:
            found.append(queue.get_nowait())
        except Empty:
            return found
