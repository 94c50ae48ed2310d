"""Durable appends by many callers at once, beside a bare group-commit writer of the same bytes and the disk's flush.

    python bench/appends.py [--callers 64] [--appends 20000]

The peer does what cannot be left out: one thread takes whatever queued, inserts the blobs in one transaction, answers
every caller. Ours also hashes, tiles, indexes by kind and decision, and checks that the record reads back; the second
line of ours seals content under a subject's key besides.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import apsw

from airworthy.base.canonical import encode
from airworthy.base.ids import SystemRandom, new_id
from airworthy.record import codec
from airworthy.record.decision import Confidence, DecisionMade, Draw, Model, Reason, SourceState
from airworthy.record.envelope import Actor
from airworthy.record.store import Content, Draft
from airworthy.storage.sqlite import SqliteStore, open_store

TARGET_RATE, TARGET_CPU = 0.6, 1.6


def decision(i: int) -> DecisionMade:
    """A record whose leaf is about a kibibyte."""
    return DecisionMade(
        id=new_id(1_790_000_000_000_000 + i * 1_000, SystemRandom()),
        ts=1_790_000_000_000_000 + i * 1_000,
        at=1_790_000_000_000_000 + i * 1_000,
        use_case="incident-triage",
        point="assignment-group",
        attempt=1,
        stage="shadow",
        charter="c" * 64,
        policy="f" * 64,
        epoch=3,
        segment="priority-3",
        model=Model("local", "bayes", "a" * 40),
        score=912_345,
        confidence=Confidence(893_211, 1_200, "b" * 64),
        threshold=870_000,
        route="act",
        told="fallback",
        reasons=(Reason("stage_shadow", "shadow"), Reason("above_threshold", "priority-3")),
        rules=("vip-needs-a-person",),
        sources=(SourceState("incident-log", "incident-log@2", 1_790_000_000_000_000, "defended"),),
        audit=Draw(50_000, False),
        actor=Actor("model", "triage"),
    )


class Peer:
    """The plainest group commit: apsw, one writer thread, whatever queued, a blob per row, a future per caller."""

    def __init__(self, folder: Path) -> None:
        self._connection = apsw.Connection(str(folder / "peer.db"))
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 4000"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        self._connection.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, leaf BLOB NOT NULL)")
        self._queue: SimpleQueue[tuple[bytes, Future[int]] | None] = SimpleQueue()
        self._thread = Thread(target=self._run)
        self._thread.start()

    def append(self, leaf: bytes) -> int:
        future: Future[int] = Future()
        self._queue.put((leaf, future))
        return future.result()

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        seq, going = 0, True
        while going:
            jobs = [self._queue.get()]
            try:
                while True:
                    jobs.append(self._queue.get_nowait())
            except Empty:
                pass
            going = None not in jobs
            work = [job for job in jobs if job is not None]
            with self._connection:
                self._connection.executemany(
                    "INSERT INTO entry VALUES (?, ?)", [(seq + i, leaf) for i, (leaf, _) in enumerate(work)]
                )
            for i, (_, future) in enumerate(work):
                future.set_result(seq + i)
            seq += len(work)


def run(append: Callable[[int], object], callers: int, appends: int) -> tuple[float, float, float]:
    """Appends per second, CPU microseconds per append, 99th percentile of a caller's wait in milliseconds."""
    waits: list[list[float]] = [[] for _ in range(callers)]

    def call(caller: int) -> None:
        for i in range(caller, appends, callers):
            start = time.perf_counter()
            append(i)
            waits[caller].append(time.perf_counter() - start)

    threads = [Thread(target=call, args=(caller,)) for caller in range(callers)]
    wall, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    waited = sorted(wait for one in waits for wait in one)
    return appends / wall, cpu / appends * 1e6, waited[int(len(waited) * 0.99)] * 1e3


def flush_ms(folder: Path) -> float:
    """Milliseconds for one 4 KiB write and fdatasync on this disk, the median of 200."""
    descriptor = os.open(folder / "probe", os.O_RDWR | os.O_CREAT)
    took = []
    for i in range(200):
        start = time.perf_counter()
        os.pwrite(descriptor, b"x" * 4_096, i * 4_096)
        os.fdatasync(descriptor)
        took.append(time.perf_counter() - start)
    os.close(descriptor)
    return sorted(took)[100] * 1e3


def batched(folder: Path, drafts: list[Draft], at_once: int = 512) -> float:
    """CPU microseconds per entry when one caller brings many at once."""
    store = open_store(folder)
    start = time.process_time()
    for at in range(0, len(drafts), at_once):
        store.append(drafts[at : at + at_once])
    took = time.process_time() - start
    store.close()
    return took / len(drafts) * 1e6


def measured(
    folder: Path, leaves: list[bytes], bare: list[Draft], sealed: list[Draft], callers: int
) -> dict[str, tuple[float, float, float]]:
    """One round of the peer and of ours, in turn, so that a change of the machine's mood meets all of them."""
    folder.mkdir()
    peer = Peer(folder)
    results = {"bare group commit": run(lambda i: peer.append(leaves[i]), callers, len(leaves))}
    peer.close()
    for name, drafts in (("ours", bare), ("ours, sealed", sealed)):
        with closing(open_store(folder / name)) as store:
            results[name] = run(partial(append_one, store, drafts), callers, len(leaves))
    shutil.rmtree(folder)
    return results


def append_one(store: SqliteStore, drafts: list[Draft], i: int) -> None:
    store.append([drafts[i]])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--appends", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3, help="taken in turn; the median round is shown")
    options = parser.parse_args()
    records = [decision(i) for i in range(options.appends)]
    leaves = [codec.leaf(record) for record in records]
    bare = [Draft(record=record) for record in records]
    body = encode({"text": "the printer on the third floor does not answer " * 8})
    content = (Content("input", "work", body),)
    sealed = [Draft(record=r, subject=f"INC{i % 5_000}", contents=content) for i, r in enumerate(records)]

    folder = Path(tempfile.mkdtemp())
    try:
        print(f"{len(leaves[0])}-byte leaves, {options.callers} callers, {options.appends:,} appends")
        print(f"fdatasync of 4 KiB here: {flush_ms(folder):.2f} ms")
        rounds = [measured(folder / str(i), leaves, bare, sealed, options.callers) for i in range(options.rounds)]
        medians = {name: sorted(r[name] for r in rounds)[len(rounds) // 2] for name in rounds[0]}
        peer_rate, peer_cpu, _ = medians["bare group commit"]
        for name, (rate, cpu, p99) in medians.items():
            print(
                f"  {name:26} {rate:9,.0f}/s  {rate / peer_rate:4.2f} of the peer   "
                f"{cpu:6.1f} us CPU  {cpu / peer_cpu:4.2f} of the peer   p99 {p99:6.2f} ms"
            )
        print(f"  targets: rate >= {TARGET_RATE} of the peer, CPU <= {TARGET_CPU} of the peer")
        print("CPU per durable entry when 512 are brought at once, target 22 to 27 us:")
        for name, drafts in (("plain", bare), ("sealed, known subject", sealed)):
            print(f"  {name:26} {batched(folder / name, drafts):6.1f} us")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
