"""Hands over what was spooled, in order, until the gateway has recorded every entry or said why it will not."""

from __future__ import annotations

import fcntl
import math
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Lock, Thread

import msgspec

from airworthy.base.errors import AirworthyError, NotAllowed, StoreError
from airworthy.client import segment
from airworthy.client.health import Tally
from airworthy.client.spool import Spool
from airworthy.exchange.ask import Spooled
from airworthy.exchange.channel import Caller, Channel
from airworthy.exchange.told import Reconciled

AT_ONCE = 200  # entries a call
PATIENCE_S = 5.0  # for one call
FAREWELL_S = 10.0  # for all of them, when it closes
LOCK_TRIES, LOCK_PAUSE_S = 10, 0.02
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 15.0


class Refused(msgspec.Struct, frozen=True):
    """A line of `refused.jsonl`."""

    why: str
    entry: Spooled


class Handover:
    """One background thread: waits until something is spooled, then tries, with growing pauses while it fails."""

    def __init__(self, spool: Spool, channel: Channel, caller: Caller, tally: Tally) -> None:
        self._spool, self._channel, self._caller, self._tally = spool, channel, caller, tally
        self._done: set[str] = set()  # ids acknowledged whose segment still stands
        self._until = math.inf  # on the monotonic clock; nothing more is handed over then
        self._turn = Lock()  # one hand-over at a time in this process
        self._something, self._over = Event(), Event()
        self._thread = Thread(target=self._run, name="airworthy-handover", daemon=True)
        self._something.set()  # an earlier process may have left something
        self._thread.start()

    def expect(self) -> None:
        """Says that something was spooled."""
        self._something.set()

    def run(self) -> bool:
        """Hands over all there is, now. False where something must wait; then nothing of it is lost."""
        with self._turn, _alone(self._spool.folder) as alone:
            return alone and all(self._segment(path) for path in self._spool.sealed())

    def close(self) -> None:
        """Tries once more for a while, then ends; the rest waits for the next process. May be called twice."""
        if not self._over.is_set():
            self._until = time.monotonic() + FAREWELL_S
            self._over.set()
            self._something.set()
            self._thread.join()

    def _run(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._over.is_set():
            self._something.wait()
            self._something.clear()
            if self._tried():
                pause = FIRST_PAUSE_S
                self._over.wait(pause)  # what is spooled from here on goes together
            else:
                self._something.set()
                self._over.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
        self._tried()

    def _tried(self) -> bool:
        """`run`, whose failure is for later: a full disk or a foreign hand in the folder must not end the thread."""
        with suppress(OSError):
            return self.run()
        return False

    def _segment(self, path: Path) -> bool:
        """Whether every entry of the segment was recorded or refused; it is deleted then, and not before."""
        held = segment.read(path)
        left = [entry for entry in held.entries if entry.id not in self._done]
        if not all(self._batch(left[i : i + AT_ONCE]) for i in range(0, len(left), AT_ONCE)):
            return False
        self._set_aside(path, held)
        path.unlink()
        segment.sync_folder(path.parent)
        self._done.difference_update(entry.id for entry in held.entries)
        return True

    def _batch(self, entries: Sequence[Spooled]) -> bool:
        """Whether all `entries` are settled. One that cannot be taken is found by handing them over one by one."""
        if time.monotonic() > self._until:
            return False
        try:
            told = self._channel.reconcile(entries, self._caller).result(PATIENCE_S)
        except (StoreError, NotAllowed):  # nobody answers, or the key is wrong: both can be mended
            return False
        except AirworthyError as error:
            if len(entries) > 1:
                return all(self._batch([entry]) for entry in entries)
            told = Reconciled(recorded=(), known=(), refused=((entries[0].id, error.diagnostics[0].sentence),))
        except Exception:  # the edge of a job: whatever went wrong on the way, the entries stay
            return False
        return self._settle(entries, told)

    def _settle(self, entries: Sequence[Spooled], told: Reconciled) -> bool:
        why = dict(told.refused)
        self._refuse([Refused(why[entry.id], entry) for entry in entries if entry.id in why])
        taken = {*told.recorded, *told.known}
        settled = {entry.id for entry in entries} & (taken | why.keys())
        self._tally.count("reconciled", len(settled & taken))
        self._tally.count("refused", len(settled - taken))
        self._done |= settled
        self._spool.release(settled)
        return len(settled) == len(entries)

    def _refuse(self, refused: Sequence[Refused]) -> None:
        if refused:
            _append(self._spool.folder / "refused.jsonl", [msgspec.json.encode(one) for one in refused])

    def _set_aside(self, path: Path, held: segment.Read) -> None:
        if held.corrupt:
            _append(path.with_suffix(".bad"), held.corrupt)
        self._tally.count("corrupt", len(held.corrupt))
        self._tally.count("torn", int(held.torn))


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether this process may hand over: one at a time does. A folder that is not there has nothing to hand over."""
    try:
        descriptor = os.open(folder / "handover.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        yield True
        return
    try:
        yield _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Whether the lock was got, within a moment: whoever holds it is often about to let go."""
    for _ in range(LOCK_TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(LOCK_PAUSE_S)
    return False


def _append(path: Path, lines: Sequence[bytes]) -> None:
    """Adds `lines` to the file, durably."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.writelines(line + b"\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
