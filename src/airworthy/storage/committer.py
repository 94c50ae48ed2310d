"""One thread that writes: it takes whatever queued while the last flush ran, makes it durable, then answers.

There is no timer for batches: a lone caller waits for one flush, and many callers share one. Callers who were answered
together get a moment to come back together: otherwise a few of them start the next flush and the rest wait for it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Protocol

from airworthy.base.errors import AirworthyError, OutOfRange, StoreError, StoreFull
from airworthy.record.store import Draft, Head, Receipt
from airworthy.storage.answer import Answer, Append, Receipts, Wait
from airworthy.storage.intake import Entry

OUTSTANDING = 4_096  # entries queued and not yet acknowledged
SIGN_EVERY_S = 1.0
_PATIENCE = 3  # times the committer gives way to other threads without anyone bringing anything

_Append = tuple[Sequence[Draft], Append]
_Job = _Append | Future[Head] | None  # None: stop


class Desk(Protocol):
    """What makes entries of drafts; called from the committer's thread alone."""

    def prepare(self, draft: Draft) -> Entry:
        """Whatever it raises is the answer to the caller who brought the draft, and to nobody else."""


class Log(Protocol):
    """What the committer writes to; called from its thread alone."""

    def write(self, entries: Sequence[Entry]) -> list[Receipt]:
        """Durable when it returns. Whatever it raises shuts the store."""

    def sign(self) -> Head:
        """Signs the present head, durably. A refusal shuts the store."""


class Committer:
    """Queue, thread and answers.

    INVARIANT: every job is answered exactly once: with receipts after the commit, with what its own drafts failed with,
    or with the error that shut the store.
    """

    def __init__(self, desk: Desk, log: Log) -> None:
        self._prepare = desk.prepare
        self._log = log
        self._queue: SimpleQueue[_Job] = SimpleQueue()
        self._lock = Lock()  # guards the two fields below, and that nothing enters the queue once it is shut
        self._outstanding = 0
        self._refusal: AirworthyError | None = None
        self._unsigned = False
        self._sign_at = 0.0
        self._answered = 0  # jobs of the last batch
        self._thread = Thread(target=self._run, name="airworthy-committer", daemon=True)
        self._thread.start()

    def submit(self, drafts: Sequence[Draft]) -> Future[Receipts]:
        """Queues `drafts` as neighbours. Raises StoreFull past 4,096 outstanding, or why the store is shut."""
        future: Answer[Receipts] = Answer()
        self._enqueue(drafts, future)
        return future

    def append(self, drafts: Sequence[Draft]) -> Receipts:
        """`submit`, waited for."""
        wait = Wait()
        self._enqueue(drafts, wait)
        return wait.result()

    def sign(self) -> Future[Head]:
        """Queues a signature over everything submitted before."""
        future: Future[Head] = Answer()
        with self._lock:
            self.check_open()
            self._queue.put(future)
        return future

    def stop(self) -> None:
        """Writes and signs what is queued, then ends. May be called twice."""
        with self._lock:
            if self._refusal is None:
                self._refusal = StoreError("the store is closed", code="R002")
                self._queue.put(None)
        self._thread.join()

    def check_open(self) -> None:
        """Nothing while the store takes entries, else the error that shut it, raised anew."""
        if self._refusal is not None:
            raise type(self._refusal)(
                self._refusal.diagnostics[0].sentence,
                code=self._refusal.diagnostics[0].code,
                help=self._refusal.diagnostics[0].help,
            )

    def _enqueue(self, drafts: Sequence[Draft], append: Append) -> None:
        mine = tuple(drafts)  # the caller may go on filling its list
        with self._lock:
            self.check_open()
            self._outstanding = self._room_for(len(mine))
            self._queue.put((mine, append))

    def _room_for(self, entries: int) -> int:
        if entries > OUTSTANDING:
            raise OutOfRange("drafts", entries, f"at most {OUTSTANDING} in one transaction")
        if self._outstanding + entries > OUTSTANDING:
            raise StoreFull("overloaded: 4,096 entries are waiting to be written", help="fall back, or try again later")
        return self._outstanding + entries

    def _run(self) -> None:
        jobs: list[_Job] = []
        try:
            while None not in jobs:
                jobs = self._take()
                self._serve(jobs)
            if self._unsigned:
                self._log.sign()
        except BaseException as error:  # the edge of the job: the error is handed to every caller that waits
            self._shut(error, jobs)

    def _take(self) -> list[_Job]:
        """Everything that is queued, at least one job; none when it is time to sign."""
        wait = max(0.0, self._sign_at - time.monotonic()) if self._unsigned else None
        try:
            jobs = [self._queue.get(timeout=wait)]
        except Empty:
            return []
        self._drain(jobs)
        patience = _PATIENCE
        while patience and len(jobs) < self._answered:
            time.sleep(0)  # lets go of the interpreter, for no set time
            patience = _PATIENCE if self._drain(jobs) else patience - 1
        return jobs

    def _drain(self, jobs: list[_Job]) -> bool:
        """Moves what is queued to `jobs`; true when there was anything."""
        before = len(jobs)
        with suppress(Empty):
            while True:
                jobs.append(self._queue.get_nowait())
        return len(jobs) > before

    def _serve(self, jobs: list[_Job]) -> None:
        appends = [job for job in jobs if isinstance(job, tuple)]
        if appends:
            self._append(appends)
        askers = [job for job in jobs if isinstance(job, Future)]
        if askers or (self._unsigned and time.monotonic() >= self._sign_at):
            head = self._log.sign()
            self._unsigned, self._sign_at = False, time.monotonic() + SIGN_EVERY_S
            for asker in askers:
                asker.set_result(head)

    def _append(self, appends: list[_Append]) -> None:
        entries: list[Entry] = []
        good: list[tuple[Append, slice]] = []
        for drafts, append in appends:
            start = len(entries)
            try:
                entries += [self._prepare(draft) for draft in drafts]
                good.append((append, slice(start, len(entries))))
            except Exception as error:  # the edge of one caller's request: its drafts fail, and alone
                append.set_exception(error)
        receipts = self._log.write(entries)
        self._unsigned, self._answered = True, len(appends)
        with self._lock:
            self._outstanding -= sum(len(drafts) for drafts, _ in appends)
        for append, its in good:
            append.set_result(tuple(receipts[its]))

    def _shut(self, error: BaseException, jobs: list[_Job]) -> None:
        """Fails everyone who waits. A file whose last write failed is in an unknown state: nothing is tried again."""
        refusal = error if isinstance(error, AirworthyError) else StoreError(f"the store failed: {error!r}")
        with self._lock:
            self._refusal = refusal
            while not self._queue.empty():
                jobs.append(self._queue.get_nowait())
        for job in jobs:
            answer = job[1] if isinstance(job, tuple) else job
            if answer is not None and not answer.done():
                answer.set_exception(refusal)
