"""One thread that writes observations into a store of its own, and never holds up whoever observes."""

from __future__ import annotations

import atexit
import logging
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from typing import Literal

import msgspec

from airworthy.base.errors import StoreError, StoreLocked
from airworthy.record.store import Draft
from airworthy.storage.sqlite import SqliteStore, open_store

MOST_WAITING = 10_000  # observations; past it they are dropped, and counted
AT_ONCE = 500  # of one transaction
MOST_PROCESSES = 64  # that write into one folder, each into a store of its own
PATIENCE_S = 5.0  # at the end of the process

_log = logging.getLogger("airworthy")


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """How observing fares. Nothing here ever reached the function's caller."""

    calls: int  # returned values seen
    recorded: int  # durable: calls and truths
    dropped: int  # the queue was full
    failed: int  # could not be read from the call, or not be written
    last: str  # kind of the last error, empty while there was none


class Tally:
    """Counts of one observed name. Any thread may call."""

    def __init__(self, name: str = "") -> None:
        self._name = name
        self._lock = Lock()
        self._counts: Counter[str] = Counter()
        self._last = ""
        self._warned: set[tuple[str, type[BaseException]]] = set()

    def count(self, what: Literal["calls", "recorded", "dropped"]) -> None:
        with self._lock:
            self._counts[what] += 1

    def failed(self, error: BaseException, part: str = "record") -> None:
        """Counts it, and warns at the first of its kind: whoever observes must learn why nothing is recorded."""
        kind = (part, type(error))
        with self._lock:
            self._counts["failed"] += 1
            self._last = type(error).__name__
            is_new = kind not in self._warned
            self._warned.add(kind)
        if is_new:
            _log.warning("observing `%s`: its %s failed, with %s: %s", self._name, part, kind[1].__name__, error)

    def health(self) -> Observed:
        with self._lock:
            counts = {name: self._counts[name] for name in ("calls", "recorded", "dropped", "failed")}
            return Observed(**counts, last=self._last)


_Line = tuple[Draft, Tally] | Event | None  # an event is set once all before it is written; None ends


class Notebook:
    """A queue and its thread, started at the first line. `put` may be called by any thread at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._queue: Queue[_Line] = Queue(MOST_WAITING)
        self._lock = Lock()
        self._thread: Thread | None = None

    def put(self, draft: Draft, tally: Tally) -> None:
        """Queues one record. Never waits, never raises: a full queue drops it and counts that."""
        self._start()
        try:
            self._queue.put_nowait((draft, tally))
        except Full:
            tally.count("dropped")

    def flush(self, timeout: float = PATIENCE_S) -> bool:
        """Whether everything queued before was written, or counted as failed, within `timeout` seconds."""
        self._start()
        written = Event()
        self._queue.put(written, timeout=timeout)
        return written.wait(timeout)

    def close(self) -> None:
        """Writes what is queued, then lets go of the folder. May be called twice; a later `put` starts anew."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread:
            self._queue.put(None, timeout=PATIENCE_S)
            thread.join(PATIENCE_S)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="airworthy-observe", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        store: SqliteStore | None = None
        lines: list[_Line] = []
        while None not in lines:
            lines = [self._queue.get(), *self._waiting()]
            drafts = [line for line in lines if isinstance(line, tuple)]
            store = self._write(drafts, store) if drafts else store
            for line in lines:
                if isinstance(line, Event):
                    line.set()
        if store:
            store.close()

    def _waiting(self) -> list[_Line]:
        found: list[_Line] = []
        while len(found) < AT_ONCE:
            try:
                found.append(self._queue.get_nowait())
            except Empty:
                break
        return found

    def _write(self, lines: Sequence[tuple[Draft, Tally]], store: SqliteStore | None) -> SqliteStore | None:
        """The store to go on with; None where it failed, and is to be opened anew. One bad record fails alone."""
        try:
            store = store or _first_free(self._folder)
            writing = [(store.submit([draft]), tally) for draft, tally in lines]
        except Exception as error:  # the edge of a job: observing must never be heard of but here
            for _, tally in lines:
                tally.failed(error)
            _without(store)
            return None
        errors = [(future.exception(), tally) for future, tally in writing]
        for failed, tally in errors:
            tally.failed(failed) if failed else tally.count("recorded")
        if not any(isinstance(failed, StoreError) for failed, _ in errors):
            return store
        _without(store)
        return None


_books: dict[tuple[int, Path], Notebook] = {}
_books_lock = Lock()


def notebook(folder: Path) -> Notebook:
    """The one notebook of this process for `folder`; a fork gets its own."""
    with _books_lock:
        key = (os.getpid(), folder.absolute())
        if key not in _books:
            _books[key] = Notebook(folder)
        return _books[key]


@atexit.register
def _close_all() -> None:
    for (pid, _), book in _books.items():
        if pid == os.getpid():
            book.close()


def _first_free(folder: Path) -> SqliteStore:
    """A store in the first numbered folder that no other process writes to: a service has many workers."""
    for number in range(1, MOST_PROCESSES):
        try:
            return open_store(folder / str(number))
        except StoreLocked:
            continue
    return open_store(folder / str(MOST_PROCESSES))


def _without(store: SqliteStore | None) -> None:
    """Lets go of a store that failed; what it failed with was counted."""
    with suppress(Exception):
        if store:
            store.close()
