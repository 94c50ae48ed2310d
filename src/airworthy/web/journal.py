"""One JSON line a request on standard error: what was asked of which route by which key, and how it ended.

INVARIANT: no line holds a payload, a subject, a path a caller filled in, a query or a secret.
"""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Literal, Protocol

import msgspec

from airworthy.base.clock import SECOND, Clock, iso

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")
MOST_BATCHES = 256  # waiting for a reader that is slow or gone; further lines are counted, not kept

_encode = msgspec.json.Encoder().encode


class Sink(Protocol):
    """Where lines go, such as standard error."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one request ended."""

    ts: str
    level: Level
    method: str
    route: str  # as the server names it: `/v1/decisions/{id}`; empty where nothing is served
    status: int
    ms: float
    request: str
    environment: str
    key: str = ""  # id of the API key
    code: str = ""  # of the problem


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that is no request: a start, an end, a defect."""

    ts: str
    level: Level
    said: str
    request: str = ""
    at: tuple[str, ...] = ()  # where in the code, innermost last


class Journal:
    """Takes lines in the loop, writes them in a thread of its own: a slow reader of the log never slows a decision."""

    def __init__(self, sink: Sink, clock: Clock, level: Level = "info") -> None:
        self._sink = sink
        self._clock = clock
        self._lowest = LEVELS.index(level)
        self._lines: list[bytes] = []
        self._second, self._spelt = -1, ""  # spelling a time costs more than the rest of a line
        self._batches: SimpleQueue[list[bytes] | None] = SimpleQueue()
        self.dropped = 0
        self._thread = Thread(target=self._write, name="airworthy-journal", daemon=True)
        self._thread.start()

    def wants(self, level: Level) -> bool:
        """Whether lines of this level are written at all."""
        return LEVELS.index(level) >= self._lowest

    def now(self) -> str:
        """The time as every line says it, to the microsecond."""
        second, micros = divmod(self._clock.now(), SECOND)
        if second != self._second:
            self._second, self._spelt = second, iso(second * SECOND)[:-1]
        return f"{self._spelt}.{micros:06}Z"

    def put(self, line: Line | Said) -> None:
        """Keeps the line for the next batch. Called by the loop's thread, or before and after there is one."""
        if self.wants(line.level):
            self._lines.append(_encode(line))

    def flush(self) -> None:
        """Hands what was put over to the thread. The server calls it ten times a second, and at the end."""
        if not self._lines:
            return
        if self._batches.qsize() >= MOST_BATCHES:
            self.dropped += len(self._lines)
        else:
            self._batches.put(self._lines)
        self._lines = []

    def say(self, level: Level, said: str, *, request: str = "", error: BaseException | None = None) -> None:
        """A line that is no request. Of an error only its kind and place: its words may hold content."""
        at = _places(error) if error is not None else ()
        kind = f": {type(error).__name__}" if error is not None else ""
        self.put(Said(ts=self.now(), level=level, said=said + kind, request=request, at=at))

    def close(self) -> None:
        """Writes what is left. May be called twice."""
        self.flush()
        self._batches.put(None)
        self._thread.join(timeout=2)

    def _write(self) -> None:
        while (batch := self._batches.get()) is not None:
            try:
                self._sink.write(b"".join(line + b"\n" for line in batch).decode())
                self._sink.flush()
            except (OSError, ValueError):  # nobody reads the log any more; the server goes on
                self.dropped += len(batch)


class Handler(logging.Handler):
    """What libraries log, as lines of the journal: who said it and of which error. Their words may hold content."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(logging.WARNING)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        level: Level = "error" if record.levelno >= logging.ERROR else "warning"
        self._journal.say(level, f"{record.name}.{record.funcName}", error=error)


def _places(error: BaseException) -> tuple[str, ...]:
    frames = traceback.extract_tb(error.__traceback__)
    return tuple(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-8:])
