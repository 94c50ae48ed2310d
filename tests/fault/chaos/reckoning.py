"""The log held against what clients wrote down: what was acknowledged is there, and nothing ran that was not permitted.

Written from the promises, not from the code: it reads leaves, sealed content and notes, and imports nothing of
`service`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from airworthy.exchange.permit import Permit, payload_digest
from airworthy.record import codec
from airworthy.record.decision import DecisionMade, OutcomeLearnt
from airworthy.record.envelope import Record
from airworthy.record.permit import EffectFinished, PermitIssued, PermitRedeemed
from airworthy.record.store import Erased, Reader
from airworthy.record.trouble import ClientFellBack, ModelFailed
from fault.chaos.notes import Asked, Note, Noted, Ran, Redeeming, Refused, Told

SPOOLED = "spool."  # before the id a client gave it, in the log


class Books:
    """What the clients say."""

    def __init__(self, notes: Iterable[Note]) -> None:
        by_kind: dict[type, list[Any]] = {kind: [] for kind in (Asked, Told, Redeeming, Refused, Noted, Ran)}
        for note in notes:
            by_kind[type(note)].append(note)
        self.asked: list[str] = [one.subject for one in by_kind[Asked]]
        self.told: dict[str, Told] = {one.subject: one for one in by_kind[Told]}
        self.ran: list[Ran] = by_kind[Ran]
        self.redeeming = {one.permit for one in by_kind[Redeeming]}
        self.refused = {one.permit for one in by_kind[Refused]}
        self.noted: list[Noted] = by_kind[Noted]

    @property
    def unheard(self) -> set[str]:
        """Asked about, and the client was gone before it could say what it was told."""
        return set(self.asked) - self.told.keys()


class Ledger:
    """What the log says."""

    def __init__(self, log: Reader) -> None:
        self.made: dict[str, str] = {}  # decision: subject
        self.subjects: Counter[str] = Counter()
        self.fell_back: dict[str, str] = {}  # spool entry: decision
        self.entries: dict[str, int] = {}
        self.issued: dict[str, Permit] = {}
        self.redeemed: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.outcomes: dict[str, str] = {}
        for stored in log.scan():
            record = codec.record(stored.leaf)
            self.entries[record.id] = stored.seq
            self._take(log, stored.seq, record)

    def _take(self, log: Reader, seq: int, record: Record) -> None:
        match record:
            case DecisionMade() | ModelFailed():
                subject = log.subject(record.item.kref) if record.item else None
                assert subject is not None
                self.made[record.id] = subject
                self.subjects[subject] += 1
            case ClientFellBack():
                self.fell_back[record.id.removeprefix(SPOOLED)] = record.decision
            case PermitIssued():
                sealed = log.content(seq, "permit")
                assert not isinstance(sealed, Erased)
                self.issued[record.permit] = msgspec.json.decode(sealed, type=Permit)
            case PermitRedeemed():
                self.redeemed[record.permit] += 1
            case EffectFinished(ended="done"):
                self.done[record.permit] += 1
            case OutcomeLearnt():
                self.outcomes[record.id] = record.decision


def differences(ledger: Ledger, books: Books, early: int) -> Iterator[str]:
    """Everything that contradicts a promise; nothing when all is well. `early` decisions were made before."""
    yield from _decisions(ledger, books, early)
    yield from _effects(ledger, books)
    for noted in books.noted:
        id = noted.id if noted.seq >= 0 else SPOOLED + noted.id
        if ledger.outcomes.get(id) != noted.decision:
            yield f"the outcome {noted.id} was acknowledged and is not in the log"


def _decisions(ledger: Ledger, books: Books, early: int) -> Iterator[str]:
    for subject, told in books.told.items():
        if ledger.made.get(told.id) != subject:
            yield f"{subject} was told as {told.id} and is not in the log"
        if told.fell_back and ledger.fell_back.get(told.id) != told.id:
            yield f"{subject} fell back, and that was never handed over"
    for subject, times in ledger.subjects.items():
        if times > 1:
            yield f"{subject} was decided {times} times"
    strange = len(ledger.subjects.keys() - set(books.asked)) - early
    if strange:
        yield f"{strange} decisions nobody asked for"
    calls = len(books.told) + len(books.unheard & ledger.subjects.keys())
    if calls != len(ledger.made) - early:
        yield f"{calls} calls were made and {len(ledger.made) - early} decisions recorded"


def _effects(ledger: Ledger, books: Books) -> Iterator[str]:
    ran = Counter(one.permit for one in books.ran)
    backed = set(ledger.fell_back.values())
    for one in books.ran:
        if ran[one.permit] > 1:
            yield f"{one.permit} ran {ran[one.permit]} times"
        if not ledger.redeemed[one.permit]:
            yield f"{one.permit} ran and was never redeemed"
        terms = ledger.issued[one.permit].terms if one.permit in ledger.issued else None
        if terms is None or (terms.decision, terms.payload) != (one.decision, payload_digest(one.payload)):
            yield f"{one.permit} ran with what it was not given for"
        if one.decision in backed:
            yield f"{one.decision} ran although its caller fell back"
    yield from (f"{permit} was redeemed {times} times" for permit, times in ledger.redeemed.items() if times > 1)
    yield from (f"{permit} ended and never ran" for permit in ledger.done.keys() - ran.keys())


def unfinished(ledger: Ledger, books: Books) -> Mapping[str, int]:
    """What only a kill can explain, counted: its bound is the number of threads at work when something was killed."""
    ran = {one.permit for one in books.ran}
    return {
        "asked and not told": len(books.unheard),
        "redeemed and not run": len(ledger.redeemed.keys() - ran),
        "run and not ended": len(ran - ledger.done.keys()),
        "called and neither run nor refused": len(books.redeeming - books.refused - ran),
    }
