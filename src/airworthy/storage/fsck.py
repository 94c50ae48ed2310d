"""Everything a store holds, checked against what can be computed again: no byte is taken on trust."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

import msgspec

from airworthy.base.errors import AirworthyError, StoreDamaged
from airworthy.ledger.fsck import Damage, check_head, check_tree
from airworthy.ledger.note import VerifierKey
from airworthy.ledger.tile import tiles
from airworthy.record import codec
from airworthy.record.codec import AnyRecord
from airworthy.record.decision import DecisionMade
from airworthy.record.store import Stored
from airworthy.record.trouble import ModelFailed
from airworthy.storage.content import open_payload, references
from airworthy.storage.intake import Projection, asked_once, project
from airworthy.storage.keyring import KeyRing, KeyRows


class Projected(msgspec.Struct, frozen=True):
    """An entry and what it is found by, as they stand."""

    seq: int
    leaf: bytes
    kind: str
    about: str


class Inspectable(Protocol):
    """A store that shows everything it keeps, as it stands."""

    @property
    def ring(self) -> KeyRing: ...

    @property
    def verifier_key(self) -> str: ...

    def size(self) -> int: ...

    def projected(self) -> Iterator[Projected]:
        """All entries in order, with gaps where there are gaps."""

    def read_tile(self, level: int, index: int, width: int) -> bytes: ...

    def payload(self, seq: int, ordinal: int) -> bytes | None: ...

    def subject(self, kref: str) -> str | None: ...

    def decided(self, point: str, subject: str, attempt: int) -> Stored | None: ...

    def kept_tiles(self) -> Iterator[tuple[int, int]]:
        """Level and index of every tile there is."""

    def kept_payloads(self) -> Iterator[tuple[int, int]]:
        """Entry and ordinal of every payload there is."""

    def kept_runs(self) -> dict[str, int]: ...

    def kept_keys(self) -> KeyRows: ...

    def kept_note(self) -> str | None:
        """The last signed head, unread."""

    def structure(self) -> list[str]:
        """What the engine itself finds wrong with its files."""


def fsck(store: Inspectable) -> tuple[Damage, ...]:
    """Every damage found; none means every byte is what was written. Reads everything, writes nothing."""
    checks: tuple[Callable[[Inspectable], Iterator[Damage]], ...] = (_files, _tree, _head, _entries, _extras, _keys)
    return tuple(damage for check in checks for damage in _guarded(check, store))


def _guarded(check: Callable[[Inspectable], Iterator[Damage]], store: Inspectable) -> Iterator[Damage]:
    """A check that cannot even read what it checks has found damage."""
    try:
        yield from check(store)
    except AirworthyError as error:
        yield Damage(check.__name__.strip("_"), error.diagnostics[0].sentence)


def _files(store: Inspectable) -> Iterator[Damage]:
    yield from (Damage("files", sentence) for sentence in store.structure())


def _tree(store: Inspectable) -> Iterator[Damage]:
    yield from check_tree((entry.leaf for entry in store.projected()), store.size(), store.read_tile)


def _head(store: Inspectable) -> Iterator[Damage]:
    note = store.kept_note()
    if note is not None:
        yield from check_head(note, VerifierKey.parse(store.verifier_key), store.size(), store.read_tile)


def _entries(store: Inspectable) -> Iterator[Damage]:
    runs: dict[str, int] = {}
    for number, entry in enumerate(store.projected()):
        if entry.seq != number:
            yield Damage(f"entry {number}", f"it is missing; entry {entry.seq} comes next")
            return
        yield from _entry(store, entry, runs)
    if runs != store.kept_runs():
        yield Damage("runs", "how far each run has come is not what its decisions say")


def _entry(store: Inspectable, entry: Projected, runs: dict[str, int]) -> Iterator[Damage]:
    place = f"entry {entry.seq}"
    try:
        record = codec.record(entry.leaf)
    except StoreDamaged:
        yield Damage(place, "its bytes are not a record")
        return
    found = project(record)
    if found != Projection(entry.kind, entry.about, found.run):
        yield Damage(place, "it is filed under another kind or decision than its bytes say")
    if not _is_found_again(store, entry.seq, record):
        yield Damage(place, "it is not found by what was asked")
    if found.run is not None:
        runs[found.run[0]] = max(found.run[1], runs.get(found.run[0], -1))
    for ordinal, reference in enumerate(record.payloads):
        try:
            open_payload(reference, store.payload(entry.seq, ordinal), store.ring)
        except AirworthyError as damage:
            yield Damage(place, damage.diagnostics[0].sentence)


def _is_found_again(store: Inspectable, seq: int, record: AnyRecord) -> bool:
    subject = (
        store.subject(record.item.kref) if record.item and isinstance(record, DecisionMade | ModelFailed) else None
    )
    if subject is None or asked_once(record, subject, store.ring) is None:
        return True
    assert isinstance(record, DecisionMade | ModelFailed)
    first = store.decided(f"{record.use_case}.{record.point}", subject, record.attempt)
    return first is not None and first.seq <= seq


def _extras(store: Inspectable) -> Iterator[Damage]:
    """What nothing refers to was not written by us."""
    for level, index in sorted(set(store.kept_tiles()) - {(level, index) for level, index, _ in tiles(store.size())}):
        yield Damage(f"tile {level}/{index}", "no entry lies below it")
    promised = {(entry.seq, i) for entry in store.projected() for i in range(len(references(entry.leaf)))}
    for seq, ordinal in sorted(set(store.kept_payloads()) - promised):
        yield Damage(f"payload {seq}/{ordinal}", "no entry refers to it")


def _keys(store: Inspectable) -> Iterator[Damage]:
    rows, ring = store.kept_keys(), store.ring
    checks: tuple[Callable[[], object], ...] = (
        *(partial(ring.check_kref, row) for row in rows.krefs),
        *(partial(ring.open_subject, row) for row in rows.subjects),
        *(partial(ring.open_data_key, row) for row in rows.data_keys),
    )
    for check in checks:
        try:
            check()
        except StoreDamaged as damage:
            yield Damage("keys", damage.diagnostics[0].sentence)
        except (TypeError, AttributeError):  # a torn page reads as rows of other types
            yield Damage("keys", "a row does not have the values such a row has")
