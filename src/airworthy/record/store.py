"""What a store of records promises. Engines stand in `storage`; one contract suite runs against each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future
from typing import Protocol

import msgspec

from airworthy.record.envelope import Record


class Content(msgspec.Struct, frozen=True):
    """Content to seal beside a record: `body` is canonical JSON, encrypted under a key of (subject, data_class)."""

    purpose: str
    data_class: str
    body: bytes


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A record on its way in. The store fills `item`, `actor.kref` and `payloads` from the clear names beside it."""

    record: Record
    subject: str | None = None  # the work item's identity in the system of record
    person: str | None = None  # who acted; needs `record.actor`
    contents: tuple[Content, ...] = ()


class Receipt(msgspec.Struct, frozen=True):
    """Proof of durable append, given at once."""

    origin: str
    seq: int
    leaf_hash: bytes


class Stored(msgspec.Struct, frozen=True):
    """One entry as it stands in the log."""

    seq: int
    leaf: bytes


class Head(msgspec.Struct, frozen=True):
    """A signed checkpoint."""

    origin: str
    size: int
    root: bytes
    note: str  # the signed note, as strangers' tools read it


class Erased(msgspec.Struct, frozen=True):
    """Content that was destroyed on request; `seq` is the entry that says so, None where only the key is gone."""

    seq: int | None


class Reader(Protocol):
    """Reading a log. Every method may be called by any thread at once, also while another process appends."""

    @property
    def origin(self) -> str:
        """The log's name."""

    @property
    def verifier_key(self) -> str:
        """The public key, in signed-note form, that checkpoints verify under."""

    def size(self) -> int:
        """How many entries are durable."""

    def scan(self, start: int = 0, stop: int | None = None, kinds: Collection[str] | None = None) -> Iterator[Stored]:
        """Entries start <= seq < stop in order, gapless; with `kinds` only those. Streams, bounded memory."""

    def about(self, decision: str) -> tuple[Stored, ...]:
        """The entries that speak of a decision, in order; or the one whose id this is."""

    def decided(self, point: str, subject: str, attempt: int) -> Stored | None:
        """The live decision (or failure) at `use-case.point` about a subject, None where there is none."""

    def bears(self, id: str) -> bool:
        """Whether anything is filed under this id."""

    def content(self, seq: int, purpose: str) -> bytes | Erased:
        """The sealed body, after its commitment was checked. Raises StoreDamaged when it does not match."""

    def subject(self, kref: str) -> str | None:
        """The clear name behind a kref, None once erased."""

    def head(self) -> Head | None:
        """The newest signed checkpoint, None before the first."""

    def close(self) -> None:
        """May be called twice."""


class Store(Reader, Protocol):
    """Appending to a log. One process at a time; within it any thread."""

    def submit(self, drafts: Sequence[Draft]) -> Future[tuple[Receipt, ...]]:
        """Queues all of `drafts` as one transaction, neighbours in the log. The result arrives once they are durable.

        A draft that cannot stand in a log fails its own future. Raises StoreFull at once when the queue is full. After
        a failed write every future fails and the store is shut: nothing is ever retried on a file in an unknown state.
        """

    def append(self, drafts: Sequence[Draft]) -> tuple[Receipt, ...]:
        """`submit`, waited for: durable when it returns."""

    def checkpoint(self) -> Head:
        """Signs the present head, after checking that it extends the last signed one. Durable when it returns."""
