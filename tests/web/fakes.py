"""A small gateway that keeps its promises in memory, for tests of what stands in front of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any

import msgspec

from airworthy.base.clock import moment
from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import AirworthyError, BadInput, Conflict, NotFound
from airworthy.exchange.permit import Permit, Terms
from airworthy.exchange.told import Noted, Reconciled, Redeemed, Told
from airworthy.record.store import Head, Stored
from airworthy.service.gateway import Health, Overview


class FakeLog:
    origin = "airworthy.local/log"
    verifier_key = "airworthy.local/log+0badcafe+AAAA"

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.signed: str | None = None

    def size(self) -> int:
        return len(self.leaves)

    def scan(self, start: int = 0, stop: int | None = None, kinds: Any = None) -> Iterator[Stored]:
        for seq in range(start, min(self.size(), self.size() if stop is None else stop)):
            yield Stored(seq, self.leaves[seq])

    def head(self) -> Head | None:
        return Head(self.origin, self.size(), b"\0" * 32, self.signed) if self.signed else None

    def content(self, seq: int, purpose: str) -> bytes:
        raise NotFound("no content")

    def subject(self, kref: str) -> None:
        return None

    def close(self) -> None: ...


class FakeGateway:
    """Settles everything but subjects that start with `ask/`, which wait for a person. `held` keeps answers back."""

    permit_key = "ab" * 32

    def __init__(self) -> None:
        self.log = FakeLog()
        self.shut: AirworthyError | None = None
        self.closed = 0
        self.delay_s = 0.0
        self.held: threading.Event | None = None
        self.lock = threading.Lock()
        self.by_id: dict[str, Told] = {}
        self.by_item: dict[tuple[str, str, int], tuple[str, bytes]] = {}
        self.used: set[str] = set()
        self.spooled: set[str] = set()
        self.stopped: dict[str, str] = {}
        self.waiting: list[tuple[str, Future[Told]]] = []
        self.callers: list[Any] = []
        self.listeners: list[Callable[[int], None]] = []

    def hold(self) -> None:
        """Keeps every answer back until `let_go`."""
        self.held = threading.Event()

    def let_go(self) -> None:
        held, self.held = self.held, None
        if held is not None:
            held.set()

    def overview(self) -> Overview:
        return Overview("test", self.log.size(), 0, ())

    def health(self) -> Health:
        return Health("broken", ("the disk is full",)) if self.shut else Health("ok")

    def subscribe(self, told: Callable[[int], None]) -> Callable[[], None]:
        self.listeners.append(told)
        return lambda: self.listeners.remove(told)

    def record(self, kind: str, id: str, **more: Any) -> int:
        with self.lock:
            seq = self.log.size()
            leaf = msgspec.json.encode({"kind": kind, "id": id, "use_case": "claims", "secret": "payload", **more})
            self.log.leaves.append(leaf)
        for listener in list(self.listeners):
            listener(seq)
        return seq

    def answered(self, make: Callable[[], Any]) -> Future[Any]:
        """The future of `make`, answered by another thread, as a committer would."""
        future: Future[Any] = Future()

        def run() -> None:
            held = self.held
            if held is not None:
                held.wait(20)
            threading.Event().wait(self.delay_s)
            try:
                if self.shut is not None:
                    raise self.shut
                future.set_result(make())
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        return future

    def submit(self, asks: Sequence[Any], caller: Any) -> Future[tuple[Told, ...]]:
        self.callers.append(caller)
        return self.answered(lambda: tuple(self.decided(ask) for ask in asks))

    def decided(self, ask: Any) -> Told:
        if ask.subject == "defect":
            raise RuntimeError(f"a defect that knows {ask.output}")
        if not ask.point.startswith("claims."):
            raise NotFound(f"there is no decision point `{ask.point}`")
        if ask.subject == "bad":
            raise BadInput([Diagnostic("G001", "one thing is wrong"), Diagnostic("G002", "and another")])
        item = (ask.point, ask.subject, ask.attempt)
        body = msgspec.json.encode(ask)
        with self.lock:
            seen = self.by_item.get(item)
        if seen is not None:
            if seen[1] != body:
                raise Conflict("decided before, on something else")
            return msgspec.structs.replace(self.by_id[seen[0]], again=True)
        id = f"d{len(self.by_id):025d}"
        pending = ask.subject.startswith("ask/")
        terms = Terms(
            permit=f"p{id}",
            decision=id,
            effect="claims.pay",
            payload="00",
            policy="p",
            decider="policy",
            issued=1,
            expires=2,
            nonce="n",
        )
        told = Told(
            id=id, point=ask.point, subject=ask.subject, attempt=ask.attempt, proposed=ask.output,
            status="pending" if pending else "settled", route="review" if pending else "act",
            value=None if pending else ask.output, permit=None if pending else Permit(terms, "00"), digest="seen",
        )  # fmt: skip
        with self.lock:
            self.by_item[item] = (id, body)
            self.by_id[id] = told
        self.record("decision.made", id)
        return told

    def found(self, decision: str) -> Told:
        if decision not in self.by_id:
            raise NotFound("there is no decision of that id")
        return self.by_id[decision]

    def told(self, decision: str, caller: Any, *, wait_s: float = 0.0) -> Future[Told]:
        if wait_s and decision in self.by_id and self.by_id[decision].status == "pending":
            future: Future[Told] = Future()
            timer = threading.Timer(wait_s, lambda: future.done() or future.set_result(self.by_id[decision]))
            timer.daemon = True
            timer.start()
            self.waiting.append((decision, future))
            return future
        future = Future()
        try:
            future.set_result(self.found(decision))
        except AirworthyError as error:
            future.set_exception(error)
        return future

    def answer(self, decision: str, answer: Any, caller: Any) -> Future[Told]:
        self.callers.append(caller)

        def make() -> Told:
            told = self.found(decision)
            if answer.seen != told.digest or told.status != "pending":
                raise Conflict("they saw something else")
            settled = msgspec.structs.replace(told, status="settled", value=answer.value)
            self.by_id[decision] = settled
            self.record("answer.given", f"a{decision}", decision=decision)
            for waits_for, future in self.waiting:
                if waits_for == decision and not future.done():
                    future.set_result(settled)
            return settled

        return self.answered(make)

    def failure(self, failure: Any, caller: Any) -> Future[Told]:
        def make() -> Told:
            told = Told(
                id=f"f{len(self.by_id):025d}",
                point=failure.point,
                subject=failure.subject,
                attempt=failure.attempt,
                status="settled",
                route="fallback",
                proposed=None,
            )
            self.by_id[told.id] = told
            return told

        return self.answered(make)

    def outcome(self, outcome: Any, caller: Any) -> Future[Noted]:
        return self.answered(lambda: (self.found(outcome.decision), self.noted("outcome.learnt", outcome.decision))[1])

    def redeem(self, redemption: Any, caller: Any) -> Future[Redeemed]:
        def make() -> Redeemed:
            try:
                terms = msgspec.convert(redemption.permit, Permit).terms
            except msgspec.ValidationError as error:
                raise BadInput([Diagnostic("G003", str(error))]) from None
            if terms.decision not in self.by_id:
                raise NotFound("there is no such permit")
            with self.lock:
                if terms.permit in self.used:
                    raise Conflict("the permit was used")
                self.used.add(terms.permit)
            return Redeemed(permit=terms.permit, decision=terms.decision, seq=1, at=moment(1))

        return self.answered(make)

    def ended(self, ended: Any, caller: Any) -> Future[Noted]:
        return self.answered(lambda: self.noted("effect.ended", ended.decision))

    def reconcile(self, spooled: Sequence[Any], caller: Any) -> Future[Reconciled]:
        def make() -> Reconciled:
            known = tuple(one.id for one in spooled if one.id in self.spooled)
            recorded = tuple(dict.fromkeys(one.id for one in spooled if one.id not in self.spooled))
            self.spooled |= set(recorded)
            return Reconciled(recorded=recorded, known=known, refused=())

        return self.answered(make)

    def stop(self, asked: Any, caller: Any) -> Future[Noted]:
        self.stopped[asked.use_case] = asked.person
        return self.answered(lambda: self.noted("stop.pulled", "s"))

    def release(self, asked: Any, caller: Any) -> Future[Noted]:
        self.stopped.pop(asked.use_case, None)
        return self.answered(lambda: self.noted("stop.released", "s"))

    def grant(self, asked: Any, caller: Any) -> Future[Noted]:
        self.callers.append((asked.person, caller))
        return self.answered(lambda: self.noted("stage.granted", "g"))

    def revoke(self, asked: Any, caller: Any) -> Future[Noted]:
        return self.answered(lambda: self.noted("stage.revoked", "g"))

    def noted(self, kind: str, decision: str) -> Noted:
        return Noted(id=decision, seq=self.record(kind, decision, decision=decision))

    def close(self) -> None:
        self.closed += 1
