"""Durable appends by many callers at once, beside bare group-commit writers of the same bytes and the disk's flush.

    python bench/appends.py [--callers 64] [--appends 20000] [--rounds 5]

A peer does what cannot be left out: one thread takes whatever queued, inserts the blobs in one transaction, answers
every caller with a future. The peer that seals also encrypts a body per entry under one key, and first makes what leads
to its name durable in a file of its own, as anyone must who wants to destroy it apart: two flushes. Ours also hashes,
tiles, indexes by kind and decision, commits to the body, keeps a key per subject and class, and checks that the record
reads back.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
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
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from airworthy.base.canonical import encode
from airworthy.base.ids import SystemRandom, new_id
from airworthy.record import codec
from airworthy.record.decision import Confidence, DecisionMade, Draw, Model, Reason, SourceState
from airworthy.record.envelope import Actor
from airworthy.record.store import Content, Draft
from airworthy.storage.sqlite import SqliteStore, open_store

TARGETS = "plain: rate >= 0.65 of the bare peer, CPU <= 1.5; sealed: rate >= 0.5 of the bare peer, that seals nothing"
TARGET_BATCHED_US = 35
BARE = "bare group commit"

Measured = tuple[float, float, float]  # appends/s, CPU us per append, 99th percentile of a wait in ms


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


def table(path: Path) -> apsw.Connection:
    """A file of rows `(seq, data)`, durable at every commit."""
    connection = apsw.Connection(str(path))
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 4000"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("CREATE TABLE row (seq INTEGER PRIMARY KEY, data BLOB NOT NULL)")
    return connection


def insert(connection: apsw.Connection, rows: list[tuple[int, bytes]]) -> None:
    with connection:
        connection.executemany("INSERT INTO row VALUES (?, ?)", rows)


class Peer:
    """The plainest group commit: apsw, one writer thread, whatever queued, a blob per row, a future per caller."""

    def __init__(self, folder: Path) -> None:
        self._log = table(folder / "peer.db")
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
        self._log.close()

    def write(self, seq: int, leaves: list[bytes]) -> None:
        """Durable when it returns."""
        insert(self._log, list(enumerate(leaves, seq)))

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
            self.write(seq, [leaf for leaf, _ in work])
            for i, (_, future) in enumerate(work):
                future.set_result(seq + i)
            seq += len(work)


class SealingPeer(Peer):
    """As plain, with a body sealed beside every leaf, and a reference of 40 bytes made durable before it."""

    def __init__(self, folder: Path, body: bytes) -> None:
        self._keys = table(folder / "peer-keys.db")
        self._cipher, self._body = AESGCM(os.urandom(32)), body
        super().__init__(folder)

    def write(self, seq: int, leaves: list[bytes]) -> None:
        insert(self._keys, [(seq + i, os.urandom(40)) for i in range(len(leaves))])
        rows = [(2 * (seq + i), leaf) for i, leaf in enumerate(leaves)]
        insert(self._log, rows + [(2 * (seq + i) + 1, self._sealed()) for i in range(len(leaves))])

    def close(self) -> None:
        super().close()
        self._keys.close()

    def _sealed(self) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, self._body, None)


def run(append: Callable[[int], object], callers: int, appends: int) -> Measured:
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
    folder: Path, sealing: Path, leaves: list[bytes], kinds: dict[str, list[Draft]], callers: int
) -> dict[str, Measured]:
    """One round of the peers and of ours, in turn, so that a change of the machine's mood meets all of them."""
    results = {}
    body = kinds["ours, sealed"][0].contents[0].body
    for name, peer in ((BARE, Peer(folder)), ("the peer, sealing", SealingPeer(sealing, body))):
        with closing(peer):
            results[name] = run(partial(append_leaf, peer, leaves), callers, len(leaves))
    for name, drafts in kinds.items():
        with closing(open_store(folder / name)) as store:
            results[name] = run(partial(append_one, store, drafts), callers, len(leaves))
    return results


def append_leaf(peer: Peer, leaves: list[bytes], i: int) -> None:
    peer.append(leaves[i])


def append_one(store: SqliteStore, drafts: list[Draft], i: int) -> None:
    store.append([drafts[i]])


def drafts(n: int) -> dict[str, list[Draft]]:
    """The same decisions bare, with a body sealed, and with two."""
    records = [decision(i) for i in range(n)]
    one = (Content("input", "work", encode({"text": "the printer on the third floor does not answer " * 8})),)
    two = (*one, Content("output", "work", encode({"team": "printers"})))
    return {
        "ours": [Draft(record=r) for r in records],
        "ours, sealed": [Draft(record=r, subject=f"INC{i % 5_000}", contents=one) for i, r in enumerate(records)],
        "ours, two sealed": [Draft(record=r, subject=f"INC{i % 5_000}", contents=two) for i, r in enumerate(records)],
    }


def show(rounds: list[dict[str, Measured]]) -> None:
    """Medians, each beside the bare peer of the same round."""
    for name in rounds[0]:
        rate, cpu, p99 = (statistics.median(r[name][i] for r in rounds) for i in range(3))
        of_rate, of_cpu = (statistics.median(r[name][i] / r[BARE][i] for r in rounds) for i in range(2))
        print(
            f"  {name:20} {rate:9,.0f}/s  {of_rate:4.2f} of the peer   "
            f"{cpu:6.1f} us CPU  {of_cpu:4.2f} of the peer   p99 {p99:6.2f} ms"
        )
    print(f"  targets: {TARGETS}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--appends", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5, help="taken in turn; medians are shown")
    options = parser.parse_args()
    kinds = drafts(options.appends)
    leaves = [codec.leaf(draft.record) for draft in kinds["ours"]]
    gc.freeze()  # what waits to be appended is no garbage of whoever appends it
    with tempfile.TemporaryDirectory() as scratch:
        print(f"{len(leaves[0])}-byte leaves, {options.callers} callers, {options.appends:,} appends")
        print(f"fdatasync of 4 KiB here: {flush_ms(Path(scratch)):.2f} ms")
        show([measured(fresh(scratch), fresh(scratch), leaves, kinds, options.callers) for _ in range(options.rounds)])
        print(f"CPU per durable entry when 512 are brought at once, target {TARGET_BATCHED_US} us sealed:")
        for name, brought in kinds.items():
            took = statistics.median(batched(fresh(scratch), brought) for _ in range(options.rounds))
            print(f"  {name:20} {took:6.1f} us")


def fresh(scratch: str) -> Path:
    """A new folder of its own."""
    return Path(tempfile.mkdtemp(dir=scratch))


if __name__ == "__main__":
    main()
