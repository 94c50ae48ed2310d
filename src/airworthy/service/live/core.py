"""What everything a gateway does shares: the log, the clock, the use cases, what is pending and which permits are out.

INVARIANT: whoever changes anything here holds `lock`; what is appended under it enters the log in that order. State
changes only for what the store has taken; a store that fails is shut for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from threading import RLock
from typing import Any, Literal, TypeVar

import msgspec

from airworthy.base import canonical
from airworthy.base.clock import Clock, Micros
from airworthy.base.errors import AirworthyError, NotAllowed, NotFound, StoreError
from airworthy.base.ids import Random, new_id
from airworthy.exchange.ask import Ask
from airworthy.exchange.channel import Caller, Scope
from airworthy.exchange.permit import Permit
from airworthy.exchange.told import Told
from airworthy.record import codec
from airworthy.record.decision import DecisionMade, OutcomeLearnt, Reason
from airworthy.record.envelope import Actor, Record
from airworthy.record.permit import PermitIssued, PermitRedeemed, PermitVoided
from airworthy.record.review import DecisionSettled
from airworthy.record.store import Content, Draft, Erased, Receipt, Store
from airworthy.record.trouble import ModelFailed
from airworthy.service.live.checked import malformed, unsealed
from airworthy.service.live.pending import Pending, closing, shown
from airworthy.service.live.permits import Outstanding, Permits
from airworthy.service.live.point import Point
from airworthy.service.live.tell import Later, tell, tell_failed
from airworthy.service.live.usecase import UseCase
from airworthy.storage.randomness import Reserve

T = TypeVar("T")
VoidedFor = Literal["policy", "stopped", "fell_back", "grant"]
Receipts = tuple[Receipt, ...]


class Entry(msgspec.Struct, frozen=True):
    """A record with its place in the log."""

    seq: int
    record: codec.AnyRecord


class Waiter(msgspec.Struct, frozen=True):
    """Somebody who waits for a decision to be settled."""

    future: Future[Told]
    until: Micros
    caller: Caller


class Core:
    """Shared state of one gateway."""

    def __init__(
        self,
        store: Store,
        cases: Mapping[str, UseCase],
        permits: Permits,
        clock: Clock,
        random: Random,
        *,
        salt: bytes = b"",
        url: str = "",
    ) -> None:
        self.lock = RLock()
        self.salt = salt
        self.store, self.cases, self.permits, self.url = store, cases, permits, url
        self.points: dict[str, Point] = {p.name: p for case in cases.values() for p in case.points.values()}
        self.pending: dict[str, Pending] = {}
        self.waiters: dict[str, list[Waiter]] = {}
        self.random = Reserve(random)  # used under the lock alone
        self.broken: AirworthyError | None = None
        self.owed: list[Draft] = []  # what took effect already though nothing could be recorded: goes in first
        self._clock = clock
        self._last = Micros(0)
        self._steady = clock.steady()
        self._listeners: list[Callable[[int], None]] = []

    def now(self) -> Micros:
        """The time. It never goes back and never stands still, whatever happens to the machine's clock.

        What has expired stays expired, and what has not will: where the clock was set back, time goes on from the
        latest moment seen, as fast as the steady clock.
        """
        steady = self._clock.steady()
        self._last = Micros(max(self._last + steady - self._steady, self._clock.now()))
        self._steady = steady
        return self._last

    def not_before(self, ts: Micros) -> None:
        """The log has an entry of this time."""
        self._last = Micros(max(self._last, ts))

    def id(self, now: Micros) -> str:
        """A new id."""
        return new_id(now, self.random)

    def case(self, name: str) -> UseCase:
        """The use case called `name`. Raises NotFound."""
        if name not in self.cases:
            help = f"there are: {', '.join(sorted(self.cases)) or 'none'}"
            raise NotFound("there is no such use case", code="G001", help=help)
        return self.cases[name]

    def append(self, drafts: Sequence[Draft], result: Callable[[Receipts], T]) -> Future[T]:
        """Queues what the points owe and then `drafts`; the future holds `result` of their receipts once durable.

        Raises StoreError at once when nothing more can be queued; nothing has changed then.
        """
        if self.broken is not None:
            raise StoreError(f"the gateway stopped: {self.broken.diagnostics[0].sentence}", help="open it again")
        owing = [point for point in self.points.values() if point.owed]
        owed = [*self.owed, *(Draft(record=self._marked(record)) for point in owing for record in point.owed)]
        taken = self.store.submit([*owed, *drafts])
        self.owed = []
        for point in owing:
            point.flush()
        future: Future[T] = Future()
        taken.add_done_callback(lambda done: self._answer(done, future, len(owed), result))
        return future

    def subscribe(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """`listener` is told the number of the newest durable entry, by the thread that writes; returns how to end it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def about(self, decision: str) -> list[Entry]:
        """What the log says about a decision. Raises NotFound."""
        found = [Entry(stored.seq, codec.record(stored.leaf)) for stored in self.store.about(decision)]
        if not found or not isinstance(found[0].record, DecisionMade | ModelFailed) or _is_run(found[0].record):
            raise NotFound(
                "there is no such decision in this log", code="G021", help="check its id, and the environment"
            )
        return found

    def ask(self, seq: int) -> Ask | None:
        """What was asked, None once erased."""
        body = self.store.content(seq, "ask")
        return None if isinstance(body, Erased) else msgspec.convert(unsealed(body), Ask)

    def sealed(self, seq: int, purpose: str) -> Any:
        """Sealed JSON beside an entry, None once erased."""
        body = self.store.content(seq, purpose)
        return None if isinstance(body, Erased) else canonical.unprofiled(msgspec.json.decode(body))

    def told(self, entries: Sequence[Entry], *, again: bool = False) -> Told:
        """What there is to tell of a decision, from the log. Raises NotFound where what was asked is erased."""
        made = entries[0].record
        if isinstance(made, ModelFailed):
            return self._told_failed(entries[0].seq, made, again)
        assert isinstance(made, DecisionMade)
        ask = self.ask(entries[0].seq)
        if ask is None:
            raise NotFound("what was asked was erased", code="G025", help="the log still proves that it was decided")
        point = self.points.get(f"{made.use_case}.{made.point}")
        return tell(made, ask, point, self._later(made.id, entries), url=self.url, again=again)

    def _told_failed(self, seq: int, failed: ModelFailed, again: bool) -> Told:
        asked = self.sealed(seq, "ask") or {}
        point = self.points.get(f"{failed.use_case}.{failed.point}")
        why = Reason("model.failed")
        if failed.why == "malformed":
            why = Reason("output.malformed", malformed(point, asked.get("output")) if point else "")
        return tell_failed(failed, asked.get("subject", ""), asked.get("output"), why, again=again)

    def append_after(self, drafts: Sequence[Draft], result: Callable[[Receipts], T]) -> Future[T]:
        """As `append`, for what took effect already: where the store takes nothing now it goes in first later."""
        try:
            return self.append(drafts, result)
        except StoreError:
            self.owed += drafts
            raise

    def void(self, now: Micros, why: VoidedFor, *, use_case: str) -> list[Draft]:
        """Takes all permits of a use case back, at once; the drafts say so."""
        voided = self._voiding(now, why, use_case=use_case)
        self._forget(voided)
        return voided

    def take_back(self, decision: str, now: Micros) -> tuple[list[Draft], Callable[[], None]]:
        """The caller works as before: neither a permit nor an answer may lead to a second effect.

        Drafts that say so, and what to do once the store took them.
        """
        drafts = self._voiding(now, "fell_back", decision=decision)
        waits = self.pending.get(decision)
        if waits is not None:
            drafts.append(closing(waits, "fell_back", now, self.id(now)))

        def took() -> None:
            self.pending.pop(decision, None)
            self._forget(drafts)

        return drafts, took

    def shown(self, about: str, value: Any) -> str:
        """Digest of what a person is shown; whoever has not seen it cannot guess it."""
        return shown(self.salt, about, value)

    def _voiding(
        self, now: Micros, why: VoidedFor, *, use_case: str | None = None, decision: str | None = None
    ) -> list[Draft]:
        """Drafts that take back permits which are still good."""
        given = self.permits.of(use_case=use_case, decision=decision)
        return [Draft(record=self._voided(one, why, now)) for one in given]

    def _voided(self, one: Outstanding, why: VoidedFor, now: Micros) -> PermitVoided:
        return PermitVoided(
            id=self.id(now), ts=now, at=now, use_case=one.use_case, permit=one.permit, decision=one.decision, why=why
        )

    def _forget(self, drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            if isinstance(draft.record, PermitVoided):
                self.permits.remove(draft.record.permit)

    def _later(self, decision: str, entries: Sequence[Entry]) -> Later:
        """What has happened since a decision was made."""
        waits = self.pending.get(decision)
        found = Later(digest=waits.digest if waits else "")
        redeemed = False
        for entry in entries:
            match entry.record:
                case PermitRedeemed():
                    redeemed = True
                case PermitIssued():
                    terms = self.store.content(entry.seq, "permit")
                    permit = None if isinstance(terms, Erased) else msgspec.json.decode(terms, type=Permit)
                    found = msgspec.structs.replace(found, permit=permit)
                case PermitVoided():
                    found = msgspec.structs.replace(found, permit=None, gone=True)
                case DecisionSettled():
                    value = self.sealed(entry.seq, "value") if entry.record.payloads else None
                    found = msgspec.structs.replace(found, settled=entry.record, value=value)
        expired = found.permit is not None and found.permit.terms.expires <= self._last
        if redeemed or not (found.gone or expired):
            return msgspec.structs.replace(found, gone=False)
        return msgspec.structs.replace(found, gone=True, permit=None)

    def _answer(self, done: Future[Receipts], future: Future[T], owed: int, result: Callable[[Receipts], T]) -> None:
        """In the thread that writes: hands the outcome over."""
        try:
            receipts = done.result()
        except AirworthyError as error:
            self.broken = self.broken or error
            future.set_exception(error)
            return
        except Exception as error:  # the edge of one append: a draft that cannot stand in a log is a defect of ours
            self.broken = StoreError(f"a record could not be written: {error}")
            future.set_exception(self.broken)
            return
        try:
            future.set_result(result(receipts[owed:]))
        except AirworthyError as error:
            future.set_exception(error)
        except Exception as error:  # the edge of one answer: it is durable, and whoever waits must hear something
            future.set_exception(StoreError(f"it is recorded, and cannot be told: {error!r}"))
        for listener in tuple(self._listeners):
            listener(receipts[-1].seq)

    def _marked(self, record: Record) -> Record:
        case = self.cases[record.use_case]
        return msgspec.structs.replace(record, simulated=case.simulated) if case.simulated else record


def _is_run(record: DecisionMade | ModelFailed) -> bool:
    return isinstance(record, DecisionMade) and record.run is not None


def content(purpose: str, value: Any) -> Content:
    """Any JSON value, to be sealed beside a record. Raises OutOfProfile."""
    return Content(purpose, "work", canonical.encode_trusted(canonical.profiled(value)))


def person(role: str) -> Actor:
    """A person in a role; who it is stands in the key store."""
    return Actor("person", role)


def require(caller: Caller, *scopes: Scope) -> None:
    """Raises NotAllowed unless the caller may act in one of `scopes`."""
    if not caller.scopes.intersection(scopes):
        help = "use a key made with: airworthy key make NAME --scope " + scopes[0]
        raise NotAllowed(f"this needs scope {' or '.join(scopes)}", code="G030", help=help)


def outcomes(entries: Sequence[Entry]) -> Iterator[OutcomeLearnt]:
    """What was said about the truth of a decision, in order."""
    return (entry.record for entry in entries if isinstance(entry.record, OutcomeLearnt))
