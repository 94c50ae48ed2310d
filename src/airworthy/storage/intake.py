"""A draft becomes an entry: names become krefs, contents are sealed, the record becomes its leaf."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from airworthy.base.canonical import OutOfProfile
from airworthy.base.errors import OutOfRange, StoreDamaged
from airworthy.base.ids import Random
from airworthy.ledger.leaf import check_length
from airworthy.ledger.seal import seal
from airworthy.record import codec
from airworthy.record.decision import DecisionMade
from airworthy.record.envelope import Actor, Kref, PayloadRef, Record, kind
from airworthy.record.store import Content, Draft
from airworthy.record.trouble import ModelFailed
from airworthy.storage.keyring import KeyRing
from airworthy.storage.randomness import Reserve
from airworthy.storage.seen import Seen

MOST_PAYLOADS = 256  # of one entry


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One entry, ready to be written."""

    leaf: bytes
    kind: str
    about: str  # the decision it speaks of, or its own id
    payloads: tuple[bytes, ...]  # sealed, in the order of the record's references
    run: tuple[str, int] | None  # a backtest and how far it has come
    once: bytes | None = None  # what it is found by when it is asked for again


class Projection(msgspec.Struct, frozen=True):
    """What an entry is found by. Computed from the record alone, so it can be rebuilt from the log."""

    kind: str
    about: str
    run: tuple[str, int] | None


def project(record: Record) -> Projection:
    """What `record` is found by."""
    run = record.run if isinstance(record, DecisionMade) else None
    about = getattr(record, "decision", None) or record.id
    return Projection(kind(record), about, (run.run, run.ordinal) if run else None)


def asked_once(record: Record, subject: str | None, ring: KeyRing) -> bytes | None:
    """What a live decision or failure is found by when it is asked for again; None for everything else."""
    if not isinstance(record, DecisionMade | ModelFailed) or subject is None:
        return None
    if isinstance(record, DecisionMade) and record.run is not None:
        return None
    return ring.once(f"{record.use_case}.{record.point}", subject, record.attempt)


class Intake:
    """Prepares drafts, in the thread that writes: many callers doing it at once only took the lock from each other."""

    def __init__(self, ring: KeyRing, random: Random, seen: Seen | None = None) -> None:
        """`seen` is told of everything an entry can be found by."""
        self._ring = ring
        self._seen = seen
        self._random = Reserve(random)

    def prepare(self, draft: Draft) -> Entry:
        """Raises OutOfRange, OutOfProfile or LeafTooLong; what it left in the key ring then leads nowhere."""
        _check(draft)
        record, payloads = self._fill(draft)
        found = project(record)
        once = asked_once(record, draft.subject, self._ring)
        if self._seen is not None:
            self._seen.add(found.about.encode())
            if once is not None:
                self._seen.add(once)
        return Entry(_leaf(record), found.kind, found.about, payloads, found.run, once)

    def _fill(self, draft: Draft) -> tuple[Record, tuple[bytes, ...]]:
        changes: dict[str, Any] = {}
        payloads: tuple[bytes, ...] = ()
        if draft.subject is not None or draft.contents:
            number = self._ring.number(draft.subject or "")
            kref = self._ring.refer(number, draft.record.ts).hex()
            if draft.subject is not None:
                changes["item"] = Kref(kref)
            if draft.contents:
                changes["payloads"], payloads = self._seal(draft.contents, number, kref)
        if draft.person is not None and (actor := draft.record.actor):
            kref = self._ring.refer(self._ring.number(draft.person), draft.record.ts).hex()
            changes["actor"] = Actor(actor.kind, actor.role, kref)
        return msgspec.structs.replace(draft.record, **changes) if changes else draft.record, payloads

    def _seal(
        self, contents: tuple[Content, ...], number: int, kref: str
    ) -> tuple[tuple[PayloadRef, ...], tuple[bytes, ...]]:
        references, payloads = [], []
        for content in contents:
            cipher = self._ring.cipher(number, content.data_class)
            sealed = seal(cipher, content.purpose, content.body, self._random)
            references.append(
                PayloadRef(content.purpose, content.data_class, sealed.commitment.hex(), sealed.digest, kref)
            )
            payloads.append(sealed.data)
        return tuple(references), tuple(payloads)


def _leaf(record: Record) -> bytes:
    """The bytes of a record that will read back as that record.

    A struct does not check what it is built from, and an entry nobody can decode would stay in the log for good.
    """
    try:
        leaf = codec.leaf(record)
        codec.record(leaf)
    except UnicodeEncodeError:
        raise OutOfProfile("a text of the record holds a lone surrogate") from None
    except (StoreDamaged, msgspec.ValidationError, TypeError) as error:
        raise OutOfProfile(f"the {kind(record)} record does not fit its own types: {error.args[0]}") from None
    check_length(leaf)
    return leaf


def _check(draft: Draft) -> None:
    record = draft.record
    if record.item is not None or record.payloads or (record.actor and record.actor.kref):
        raise OutOfRange("record", kind(record), "records whose references the store may still fill")
    if draft.person is not None and record.actor is None:
        raise OutOfRange("record.actor", None, "what a draft with a person needs")  # the name stays out of messages
    if draft.contents:
        _check_purposes(tuple([content.purpose for content in draft.contents]))


@lru_cache(256)  # a point of decision seals for the same few purposes every time
def _check_purposes(purposes: tuple[str, ...]) -> None:
    if len(set(purposes)) != len(purposes) or len(purposes) > MOST_PAYLOADS:
        raise OutOfRange("contents", sorted(purposes), f"at most {MOST_PAYLOADS} contents of different purposes")
    if any("\0" in purpose for purpose in purposes):
        raise OutOfRange("contents", sorted(purposes), "purposes without a zero byte")
