"""How gates open and close as truth becomes known: in decision order, never in arrival order.

A decision waits until it is `horizon` old; then its label counts, and a label still missing counts as an error for
opening and as correct for revoking. INVARIANT: a gate learns decisions in the order they were made, and only those of
its own epoch: what was acted on before a revocation must not revoke the next epoch as well.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from airworthy.base.clock import Micros
from airworthy.base.quantity import ppm
from airworthy.decision.policy import SegmentGate
from airworthy.record.decision import GateClosed, GateOpened, Run
from airworthy.stats.gate import Gate, spend
from airworthy.stats.monitor import Monitor


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """The error budget as declared. Shares in [0, 1], horizon in microseconds; `coverages` belong to the thresholds."""

    use_case: str
    point: str
    budget: float
    risk: float
    monitoring_risk: float  # of all segments together
    horizon_us: int
    missing_limit: float = 1.0  # share of acted decisions whose label may be missing at the horizon; 1: all
    thresholds: tuple[float, ...]  # strict to lax, from earlier unlabelled scores
    coverages: tuple[float, ...]


Closing = Literal["monitor", "labels_missing"]
Event = Literal["opened"] | Closing


class _Waiting(msgspec.Struct):
    """A decision whose label has not matured. `loss` stays None while nobody knows."""

    at: int
    segment: str
    epoch: int
    score: float
    acted: bool
    loss: float | None = None


class _Segment:
    """One segment's gate and monitor in its present epoch."""

    def __init__(self, promise: Promise, segments: int, epoch: int) -> None:
        self.epoch = epoch
        self.gate = Gate(promise.thresholds, promise.budget, spend(promise.risk / segments, epoch))
        self.monitor = Monitor(promise.budget, promise.monitoring_risk / segments)
        self.errors = 0  # among acted, since it opened
        self.labels = 0
        self.missing = 0

    def learn(self, score: float, loss: float | None, acted: bool) -> Closing | None:
        """Counts a matured label, None a missing one. What may be partly wrong counts as wrong for opening, and for
        revoking only where it is wholly wrong: both guarantees hold for the true loss. Returns why it must close."""
        self.gate.learn(score, 1 if loss is None or loss > 0 else 0)
        if not acted:
            return None
        wrong = 0 if loss is None or loss < 1 else 1
        self.labels, self.errors = self.labels + 1, self.errors + wrong
        self.missing += loss is None
        self.monitor.learn(wrong)
        return "monitor" if self.monitor.revoked else None

    def lacks_labels(self, limit: float) -> bool:
        """Whether more labels of acted decisions are missing than may be, of at least as many as make one in limit."""
        return self.labels * limit >= 1 and self.missing > limit * self.labels


class Learning:
    """Every segment's gate, learning as time passes. One thread at a time."""

    def __init__(self, promise: Promise, segments: Sequence[str], *, epoch: int = 1) -> None:
        self.promise = promise
        self._segments = {name: _Segment(promise, len(segments), epoch) for name in segments}
        self._waiting: deque[tuple[str, _Waiting]] = deque()
        self._open: dict[str, _Waiting] = {}

    def gates(self) -> Mapping[str, SegmentGate]:
        """Where every gate stands now."""
        return {name: self._stand(segment) for name, segment in self._segments.items()}

    def begin(self, segment: str, epoch: int) -> None:
        """A segment gathers evidence anew; what still waits of an earlier epoch will teach it nothing."""
        self._segments[segment] = _Segment(self.promise, len(self._segments), epoch)

    def decided(self, decision: str, *, at: Micros, segment: str, score: float | None, acted: bool) -> None:
        """A decision was made; its label is awaited. Without a score or a declared segment it teaches nobody."""
        if segment in self._segments and score is not None:
            waiting = _Waiting(at, segment, self._segments[segment].epoch, score, acted)
            self._waiting.append((decision, waiting))
            self._open[decision] = waiting

    def learnt(self, decision: str, loss: float | None) -> None:
        """The truth about a decision became known, or is in dispute (None). After its horizon it changes nothing."""
        if decision in self._open:
            self._open[decision].loss = loss

    def matures(self, now: Micros) -> bool:
        """Whether any label has matured by `now` and not been counted."""
        return bool(self._waiting) and self._waiting[0][1].at + self.promise.horizon_us <= now

    def advance(
        self, now: Micros, *, id_of: str, run: Run | None = None, simulated: tuple[str, ...] = ()
    ) -> list[GateOpened | GateClosed]:
        """Lets every label that has matured by `now` count. Returns what opened or closed, as records."""
        happened: list[GateOpened | GateClosed] = []
        while self.matures(now):
            decision, waiting = self._waiting.popleft()
            del self._open[decision]
            event = self._count(waiting)
            if event is not None:
                name = f"{id_of}.{waiting.segment}.{len(happened)}"
                happened.append(self._record(event, waiting.segment, now, name, run, simulated))
        return happened

    def _count(self, waiting: _Waiting) -> Event | None:
        segment = self._segments[waiting.segment]
        if waiting.epoch != segment.epoch:
            return None
        before = segment.gate.threshold
        closing = segment.learn(waiting.score, waiting.loss, waiting.acted)
        if closing is None and waiting.acted and segment.lacks_labels(self.promise.missing_limit):
            closing = "labels_missing"
        return closing or ("opened" if segment.gate.threshold != before else None)

    def _record(
        self, event: Event, name: str, now: Micros, id: str, run: Run | None, simulated: tuple[str, ...]
    ) -> GateOpened | GateClosed:
        segment, promise = self._segments[name], self.promise
        if event != "opened":
            closed = GateClosed(
                id=id, ts=now, at=now, use_case=promise.use_case, point=promise.point, segment=name, epoch=segment.epoch,
                why=event, labels=segment.labels, errors=segment.errors, run=run, simulated=simulated,
            )  # fmt: skip
            self._segments[name] = _Segment(promise, len(self._segments), segment.epoch + 1)
            return closed
        gate, index = segment.gate, segment.gate.index
        assert gate.threshold is not None
        return GateOpened(
            id=id, ts=now, at=now, use_case=promise.use_case, point=promise.point, segment=name, epoch=segment.epoch,
            budget=ppm(promise.budget), risk=ppm(gate.risk), threshold=ppm(gate.threshold), coverage=ppm(promise.coverages[index]),
            labels=gate.labels[index], errors=gate.errors[index], run=run, simulated=simulated,
        )  # fmt: skip

    def _stand(self, segment: _Segment) -> SegmentGate:
        index = segment.gate.index
        labels = segment.gate.labels[index] if index >= 0 else 0
        return SegmentGate(segment.gate.threshold, segment.epoch, labels)
