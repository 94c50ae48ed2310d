"""A store without a disk: the same promises while the process lives. For trying out, and for tests of everything."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from threading import Lock

from airworthy.base.errors import OutOfRange, StoreError
from airworthy.base.ids import Random, SystemRandom
from airworthy.ledger.leaf import leaf_hashes
from airworthy.ledger.note import SigningKey
from airworthy.ledger.seal import KEY
from airworthy.ledger.tile import Edge
from airworthy.record.store import Draft, Erased, Head, Receipt, Stored
from airworthy.storage.content import open_content, parse_kref
from airworthy.storage.fsck import Projected
from airworthy.storage.head import sign
from airworthy.storage.intake import Entry, Intake
from airworthy.storage.keyring import DataKeyRow, KeyRing, KeyRows, KrefRow, SubjectRow


class MemoryKeys:
    """The rows of a key store, in dictionaries."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self.subjects: dict[int, SubjectRow] = {}
        self.data_keys: dict[tuple[int, str], DataKeyRow] = {}
        self.krefs: dict[bytes, KrefRow] = {}

    def add(self, rows: KeyRows) -> None:
        self._numbers.update({handle: number for number, handle, _ in rows.subjects})
        self.subjects.update({row[0]: row for row in rows.subjects})
        self.data_keys.update({row[:2]: row for row in rows.data_keys})
        self.krefs.update({row[0]: row for row in rows.krefs})

    def last_number(self) -> int:
        return max(self.subjects, default=0)

    def numbers(self, most: int) -> dict[bytes, int]:
        return dict(islice(self._numbers.items(), most))

    def number(self, handle: bytes) -> int | None:
        return self._numbers.get(handle)

    def subject(self, number: int) -> SubjectRow | None:
        return self.subjects.get(number)

    def data_key(self, number: int, data_class: str) -> DataKeyRow | None:
        return self.data_keys.get((number, data_class))

    def kref(self, kref: bytes) -> KrefRow | None:
        return self.krefs.get(kref)


class MemoryStore:
    """Keeps every promise of `record.store.Store` except that of outliving the process."""

    def __init__(self, *, origin: str = "airworthy.local/log", random: Random | None = None) -> None:
        random = random or SystemRandom()
        self._key = SigningKey(origin, random.bytes(KEY))
        self._lock = Lock()
        self._edge = Edge()
        self._head: Head | None = None
        self._closed = False
        self._kinds: dict[str, list[int]] = {}
        self._about: dict[str, list[int]] = {}
        self._runs: dict[str, int] = {}
        self._decided: dict[bytes, int] = {}
        # What is kept, open to tests that want to damage it.
        self.keys = MemoryKeys()
        self.leaves: list[bytes] = []
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.payloads: dict[tuple[int, int], bytes] = {}
        self.ring = KeyRing(random.bytes(KEY), self.keys, random)
        self._intake = Intake(self.ring, random)

    @property
    def origin(self) -> str:
        return self._key.verifier.name

    @property
    def verifier_key(self) -> str:
        return str(self._key.verifier)

    def size(self) -> int:
        return len(self.leaves)

    def submit(self, drafts: Sequence[Draft]) -> Future[tuple[Receipt, ...]]:
        future: Future[tuple[Receipt, ...]] = Future()
        with self._lock:
            self._check_open()
            try:
                entries = [self._intake.prepare(draft) for draft in drafts]
            except Exception as error:  # the edge of one caller's request, as in a folder
                future.set_exception(error)
                return future
            self.keys.add(self.ring.drain())
            future.set_result(tuple(self._write(entries)))
        return future

    def append(self, drafts: Sequence[Draft]) -> tuple[Receipt, ...]:
        return self.submit(drafts).result()

    def checkpoint(self) -> Head:
        with self._lock:
            self._check_open()
            self._head = sign(self._edge, self._head, self.read_tile, self._key)
            return self._head

    def head(self) -> Head | None:
        return self._head

    def scan(self, start: int = 0, stop: int | None = None, kinds: Collection[str] | None = None) -> Iterator[Stored]:
        end = self.size() if stop is None else min(stop, self.size())
        for seq in self._of_kinds(start, end, kinds):
            yield Stored(seq, self.leaves[seq])

    def about(self, decision: str) -> tuple[Stored, ...]:
        """The entries that speak of a decision, in order; or the one whose id this is."""
        return tuple(Stored(seq, self.leaves[seq]) for seq in self._about.get(decision, ()))

    def bears(self, id: str) -> bool:
        """Whether anything is filed under this id."""
        return id in self._about

    def decided(self, point: str, subject: str, attempt: int) -> Stored | None:
        """The live decision (or failure) at `use-case.point` about a subject, None where there is none."""
        seq = self._decided.get(self.ring.once(point, subject, attempt))
        return None if seq is None else Stored(seq, self.leaves[seq])

    def progress(self, run: str) -> int | None:
        """The ordinal of the last item a backtest has decided, None before the first."""
        return self._runs.get(run)

    def content(self, seq: int, purpose: str) -> bytes | Erased:
        if not 0 <= seq < self.size():
            raise OutOfRange("seq", seq, f"0 to {self.size() - 1}")
        return open_content(self.leaves[seq], purpose, lambda i: self.payload(seq, i), self.ring)

    def subject(self, kref: str) -> str | None:
        return self.ring.name(parse_kref(kref)) or None

    def payload(self, seq: int, ordinal: int) -> bytes | None:
        """Sealed bytes as they stand."""
        return self.payloads.get((seq, ordinal))

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """The first `width` hashes of a tile."""
        return self.tiles.get((level, index), b"")[: width * 32]

    def projected(self) -> Iterator[Projected]:
        """All entries with what they are filed under, as they stand."""
        filed = zip(self._filed(self._kinds), self._filed(self._about), self.leaves, strict=True)
        return (Projected(seq, leaf, kind, about) for seq, (kind, about, leaf) in enumerate(filed))

    def kept_tiles(self) -> Iterator[tuple[int, int]]:
        """Level and index of every tile there is."""
        return iter(self.tiles)

    def kept_payloads(self) -> Iterator[tuple[int, int]]:
        """Entry and ordinal of every payload there is."""
        return iter(self.payloads)

    def kept_runs(self) -> dict[str, int]:
        """How far each run has come, as filed."""
        return dict(self._runs)

    def kept_keys(self) -> KeyRows:
        """All rows of the key store."""
        return KeyRows(
            list(self.keys.subjects.values()), list(self.keys.data_keys.values()), list(self.keys.krefs.values())
        )

    def kept_note(self) -> str | None:
        """The last signed head."""
        return self._head.note if self._head else None

    def structure(self) -> list[str]:
        """Nothing: there are no files."""
        return []

    def close(self) -> None:
        if not self._closed:
            self.checkpoint()
            self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError("the store is closed", code="R002")

    def _filed(self, index: dict[str, list[int]]) -> list[str]:
        names = {seq: name for name, seqs in index.items() for seq in seqs}
        return [names.get(seq, "") for seq in range(self.size())]

    def _of_kinds(self, start: int, stop: int, kinds: Collection[str] | None) -> Iterator[int]:
        if kinds is None:
            return iter(range(start, stop))
        found = sorted(seq for kind in set(kinds) for seq in tuple(self._kinds.get(kind, ())))
        return (seq for seq in found if start <= seq < stop)

    def _write(self, entries: Sequence[Entry]) -> Iterator[Receipt]:
        hashes = leaf_hashes(entry.leaf for entry in entries)
        first = self._edge.size
        for tile in self._edge.extend(hashes):
            self.tiles[tile.level, tile.index] = tile.hashes
        for seq, (entry, leaf_hash) in enumerate(zip(entries, hashes, strict=True), first):
            self._index(seq, entry)
            self.leaves.append(entry.leaf)
            yield Receipt(self.origin, seq, leaf_hash)

    def _index(self, seq: int, entry: Entry) -> None:
        self._kinds.setdefault(entry.kind, []).append(seq)
        self._about.setdefault(entry.about, []).append(seq)
        self.payloads.update({(seq, i): data for i, data in enumerate(entry.payloads)})
        if entry.once is not None:
            self._decided.setdefault(entry.once, seq)
        if entry.run is not None:
            self._runs[entry.run[0]] = max(entry.run[1], self._runs.get(entry.run[0], -1))
