"""Hands over what was spooled, in order, until the gateway has recorded every entry or said why it will not."""

from __future__ import annotations

import fcntl
import math
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Lock, Thread

import msgspec

from airworthy.base.errors import AirworthyError, NotAllowed, StoreError
from airworthy.client import segment
from airworthy.client.health import Tally
from airworthy.client.missed import Unanswered
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


class _Outage(Exception):
    """Nobody takes anything now, whatever it is."""


class Handover:
    """One background thread: waits until something is spooled, then tries, with growing pauses while it fails."""

    def __init__(self, spool: Spool, channel: Channel, caller: Caller, tally: Tally) -> None:
        self._spool, self._channel, self._caller, self._tally = spool, channel, caller, tally
        self._done: set[str] = set()  # ids acknowledged whose segment still stands
        self._recorded = 0  # entries the gateway took, ever
        self._failed: dict[str, int] = {}  # ids that failed alone, no outage: how many others were recorded before
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
            return alone and self._all(self._spool.sealed())

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

    def _all(self, paths: Sequence[Path]) -> bool:
        """Whether nothing is left. An entry that fails holds up none behind it; an outage holds up all."""
        try:
            settled = [self._segment(path) for path in paths]
        except _Outage:
            return False
        return all(settled)

    def _segment(self, path: Path) -> bool:
        """Whether every entry of the segment was recorded or refused; it is deleted then, and not before."""
        held = segment.read(path)
        left = [entry for entry in held.entries if entry.id not in self._done]
        settled = [self._batch(left[i : i + AT_ONCE]) for i in range(0, len(left), AT_ONCE)]
        if not all(settled):
            return False
        self._set_aside(path, held)
        path.unlink()
        segment.sync_folder(path.parent)
        self._done.difference_update(entry.id for entry in held.entries)
        return True

    def _batch(self, entries: Sequence[Spooled]) -> bool:
        """Whether all `entries` are settled. One that cannot be taken is found by handing them over one by one.

        Raises _Outage.
        """
        # What is said of a decision that is not there yet would be refused for good: it waits for it.
        ready = [entry for entry in entries if _decision(entry) not in self._failed]
        if not ready:
            return not entries
        told = self._told(ready)
        if told is not None:
            settled = [self._settled(ready, told)]
        else:
            settled = [self._batch([entry]) for entry in ready] if len(ready) > 1 else [False]
        return all(settled) and len(ready) == len(entries)

    def _told(self, entries: Sequence[Spooled]) -> Reconciled | None:
        """What became of `entries`; None where it has to be found out one by one, or later. Raises _Outage."""
        if time.monotonic() > self._until:
            raise _Outage
        try:
            return self._channel.reconcile(entries, self._caller).result(PATIENCE_S)
        except Exception as error:  # the edge of a job: whatever went wrong on the way, the entries stay
            if _is_outage(error):
                raise _Outage from None
            why = self._why_refused(entries[0].id, error) if len(entries) == 1 else None
            return None if why is None else Reconciled(recorded=(), known=(), refused=((entries[0].id, why),))

    def _why_refused(self, id: str, error: Exception) -> str | None:
        """Why an entry that failed alone is given up; None while it is not.

        A refusal is final. What the gateway stumbled over is given up when it fails, another entry is recorded, and it
        fails again: then it is the entry.
        """
        if isinstance(error, AirworthyError) and not isinstance(error, StoreError):
            return error.diagnostics[0].sentence
        if self._recorded <= self._failed.setdefault(id, self._recorded):
            return None
        return f"the gateway fails on it, and not on others: {error}"

    def _settled(self, entries: Sequence[Spooled], told: Reconciled) -> bool:
        """Whether `told` speaks of all `entries`. What it refuses is kept beside the segments, durably."""
        why = dict(told.refused)
        self._refuse([Refused(why[entry.id], entry) for entry in entries if entry.id in why])
        taken = {*told.recorded, *told.known}
        settled = {entry.id for entry in entries} & (taken | why.keys())
        self._tally.count("reconciled", len(settled & taken))
        self._tally.count("refused", len(settled - taken))
        self._recorded += len(settled & taken)
        self._done |= settled
        for id in settled:
            self._failed.pop(id, None)
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


def _is_outage(error: Exception) -> bool:
    """Whether `error` says nothing of what was handed over: nobody answers, or the key is wrong, and both pass.

    It does where the gateway answers with a problem that is none of its store, or something raises that is no error
    of ours.
    """
    if isinstance(error, Unanswered):
        return error.why != "store" or error.diagnostics[0].code.startswith("R")
    return isinstance(error, StoreError | NotAllowed | OSError | CancelledError)


def _decision(entry: Spooled) -> str | None:
    """The decision an entry speaks of; None for one that is a decision of its own."""
    about = entry.outcome or entry.ended
    return None if about is None else about.decision


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
