"""The gateway, embedded: it keeps the promises of `exchange.channel.Channel` in the process that holds the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Literal, TypeVar

import msgspec

from airworthy.base.clock import Micros
from airworthy.base.errors import AirworthyError, StoreError, StoreFull
from airworthy.exchange.ask import (
    Answer,
    Ask,
    EffectEnded,
    Failure,
    GrantAsked,
    Outcome,
    Redemption,
    ReleaseAsked,
    RevokeAsked,
    Spooled,
    StopAsked,
)
from airworthy.exchange.channel import Caller
from airworthy.exchange.told import Noted, Reconciled, Redeemed, Told
from airworthy.record.decision import Stage
from airworthy.record.store import Reader
from airworthy.service.inbox import Inbox
from airworthy.service.live.answering import Answering
from airworthy.service.live.core import Core
from airworthy.service.live.deciding import Deciding
from airworthy.service.live.governing import Governing
from airworthy.service.live.judging import Judging
from airworthy.service.live.permitting import Permitting
from airworthy.service.live.point import Point
from airworthy.service.live.reconciling import Reconciling
from airworthy.service.live.usecase import UseCase
from airworthy.service.obey import Obeying
from airworthy.service.watcher import Watcher

T = TypeVar("T")
PATIENCE_S = 0.2  # for the disk, before the answer to an order waits for the next look
FAREWELL_S = 10.0  # for the disk, when it closes


class SegmentState(msgspec.Struct, frozen=True):
    """Where the gate of one segment stands."""

    segment: str
    epoch: int
    threshold: float | None  # act from this score on; None while closed
    labels: int


class PointState(msgspec.Struct, frozen=True):
    """Where one decision point stands."""

    point: str
    effect: str
    segments: tuple[SegmentState, ...]
    labels: int  # that measure the confidence
    measured: bool


class UseCaseState(msgspec.Struct, frozen=True):
    """Where one use case stands."""

    use_case: str
    title: str
    stage: Stage
    declared: Stage
    granted_until: int | None  # microseconds UTC
    stopped: bool
    pending: int
    points: tuple[PointState, ...]


class Overview(msgspec.Struct, frozen=True):
    """Everything this gateway runs."""

    environment: str
    entries: int
    permits_out: int
    use_cases: tuple[UseCaseState, ...]


class Health(msgspec.Struct, frozen=True):
    """Whether decisions can be made and recorded."""

    state: Literal["ok", "stopped", "broken"]  # stopped: by people; broken: nothing can be recorded
    said: tuple[str, ...] = ()


class Gateway:
    """One open log with the use cases that run on it. Any thread at once."""

    def __init__(self, core: Core, inbox: Inbox | None, environment: str, *, watch: bool = True) -> None:
        self._core, self.environment = core, environment
        self._deciding, self._answering = Deciding(core), Answering(core)
        self._judging, self._permitting, self._governing = Judging(core), Permitting(core), Governing(core)
        self._reconciling = Reconciling(core, self._deciding, self._judging, self._permitting)
        self._obeying = None if inbox is None else Obeying(inbox, self._governing)
        self._is_closed = False
        self.tick()
        self._watcher = Watcher(self._watch) if watch else None

    @property
    def log(self) -> Reader:
        """The log, for reading."""
        return self._core.store

    @property
    def permit_key(self) -> str:
        """The public key permits verify under, hex."""
        return self._core.permits.public

    def submit(self, asks: Sequence[Ask], caller: Caller) -> Future[tuple[Told, ...]]:
        self._look()
        return _settled(lambda: self._deciding.submit(asks, caller))

    def told(self, decision: str, caller: Caller, *, wait_s: float = 0.0) -> Future[Told]:
        return _settled(lambda: self._answering.told(decision, caller, wait_s=wait_s))

    def answer(self, decision: str, answer: Answer, caller: Caller) -> Future[Told]:
        self._look()
        return _settled(lambda: self._answering.answer(decision, answer, caller))

    def failure(self, failure: Failure, caller: Caller) -> Future[Told]:
        return _settled(lambda: self._deciding.failure(failure, caller))

    def outcome(self, outcome: Outcome, caller: Caller) -> Future[Noted]:
        return _settled(lambda: self._judging.outcome(outcome, caller))

    def redeem(self, redemption: Redemption, caller: Caller) -> Future[Redeemed]:
        self._look()
        return _settled(lambda: self._permitting.redeem(redemption, caller))

    def ended(self, ended: EffectEnded, caller: Caller) -> Future[Noted]:
        return _settled(lambda: self._permitting.ended(ended, caller))

    def reconcile(self, spooled: Sequence[Spooled], caller: Caller) -> Future[Reconciled]:
        return _settled(lambda: self._reconciling.reconcile(spooled, caller))

    def stop(self, asked: StopAsked, caller: Caller) -> Future[Noted]:
        return _settled(lambda: self._governing.stop(asked, caller))

    def release(self, asked: ReleaseAsked, caller: Caller) -> Future[Noted]:
        return _settled(lambda: self._governing.release(asked, caller))

    def grant(self, asked: GrantAsked, caller: Caller) -> Future[Noted]:
        return _settled(lambda: self._governing.grant(asked, caller))

    def revoke(self, asked: RevokeAsked, caller: Caller) -> Future[Noted]:
        return _settled(lambda: self._governing.revoke(asked, caller))

    def subscribe(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """`listener` hears the number of the newest entry, from the thread that writes; returns how to end it."""
        return self._core.subscribe(listener)

    def overview(self) -> Overview:
        """Where everything stands now."""
        with self._core.lock:
            now = self._core.now()
            waiting = [one.made.use_case for one in self._core.pending.values()]
            return Overview(
                self.environment, self._core.store.size(), len(self._core.permits),
                tuple(_state(case, now, waiting.count(case.name)) for case in self._core.cases.values()),
            )  # fmt: skip

    def health(self) -> Health:
        """Whether decisions can be made and recorded."""
        if self._core.broken is not None:
            return Health("broken", (str(self._core.broken.diagnostics[0]),))
        trouble = self._watcher.trouble() if self._watcher is not None else None
        if trouble is not None:
            return Health("broken", (trouble,))
        stopped = tuple(f"`{one.name}` is stopped" for one in self._core.cases.values() if one.control.stop)
        return Health("stopped" if stopped else "ok", stopped)

    def tick(self) -> None:
        """What happens because time passes: deadlines, labels that mature, permits that expire, orders left here."""
        if self._obeying is not None:
            self._obeying.look()
            self._obeying.answer(PATIENCE_S)
        with self._core.lock:
            now = self._core.now()
            for case in self._core.cases.values():
                case.advance(now)
                for point in case.points.values():
                    point.settle(now)
            self._core.permits.expire(now)
            self._answering.overdue(now)
            if self._core.owed or any(point.owed for point in self._core.points.values()):
                self._core.append([], lambda receipts: receipts)

    def close(self) -> None:
        """Ends what waits, makes everything durable and signs it. May be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._watcher is not None:
            self._watcher.close()
        if self._obeying is not None:
            self._obeying.answer(FAREWELL_S)
        with self._core.lock:
            for waiters in self._core.waiters.values():
                for waiter in waiters:
                    waiter.future.set_exception(StoreError("the gateway closes", code="R002", help="ask again later"))
            self._core.waiters.clear()
        self._core.store.close()

    def __enter__(self) -> Gateway:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _watch(self) -> None:
        try:
            self.tick()
        except StoreFull:
            pass  # more work than can be recorded now; what is owed goes in with the next that is
        except AirworthyError as error:  # the edge of a job: `health` says it, and callers fall back
            self._core.broken = self._core.broken or error

    def _look(self) -> None:
        """Carries out what was left in the folder."""
        if self._obeying is not None:
            self._obeying.look()


def _state(case: UseCase, now: Micros, pending: int) -> UseCaseState:
    standing = case.standing(now)
    return UseCaseState(
        case.name, case.charter.title, standing.stage, case.charter.stage, standing.granted_until, standing.stopped, pending,
        tuple(_point(point) for point in case.points.values()),
    )  # fmt: skip


def _point(point: Point) -> PointState:
    segments = (SegmentState(name, gate.epoch, gate.threshold, gate.labels) for name, gate in point.gates().items())
    measuring = point.measuring
    return PointState(point.name, point.effect, tuple(segments), measuring.labels, measuring.measured is not None)


def _settled(ask: Callable[[], Future[T]]) -> Future[T]:
    """What `ask` returns; what it raises at once fails the future instead."""
    try:
        return ask()
    except AirworthyError as error:
        failed: Future[T] = Future()
        failed.set_exception(error)
        return failed
