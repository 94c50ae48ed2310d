"""How gates open and close as truth becomes known: in decision order, never in arrival order.

A decision waits until it is `horizon` old; then its label counts, and a label still missing counts as an error for
opening and as correct for revoking. INVARIANT: a gate learns decisions in the order they were made, and only those of
its own epoch: what was acted on before a revocation must not revoke the next epoch as well.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

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
    monitoring_risk: float
    horizon_us: int
    thresholds: tuple[float, ...]  # strict to lax, from earlier unlabelled scores
    coverages: tuple[float, ...]


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

    def __init__(self, promise: Promise, risk: float, epoch: int) -> None:
        self.epoch = epoch
        self.gate = Gate(promise.thresholds, promise.budget, spend(risk, epoch))
        self.monitor = Monitor(promise.budget, promise.monitoring_risk)
        self.errors = 0  # among acted, since it opened
        self.labels = 0


class Learning:
    """Every segment's gate, learning as time passes. One thread at a time."""

    def __init__(self, promise: Promise, segments: Sequence[str], *, epoch: int = 1) -> None:
        self._promise = promise
        self._risk = promise.risk / len(segments)
        self._segments = {name: _Segment(promise, self._risk, epoch) for name in segments}
        self._waiting: deque[tuple[str, _Waiting]] = deque()
        self._open: dict[str, _Waiting] = {}

    def gates(self) -> Mapping[str, SegmentGate]:
        """Where every gate stands now."""
        return {name: self._stand(segment) for name, segment in self._segments.items()}

    def decided(self, decision: str, *, at: Micros, segment: str, score: float | None, acted: bool) -> None:
        """A decision was made; its label is awaited. Without a score or a declared segment it teaches nobody."""
        if segment in self._segments and score is not None:
            waiting = _Waiting(at, segment, self._segments[segment].epoch, score, acted)
            self._waiting.append((decision, waiting))
            self._open[decision] = waiting

    def learnt(self, decision: str, loss: float) -> None:
        """The truth about a decision became known. After its horizon it changes nothing here."""
        if decision in self._open:
            self._open[decision].loss = loss

    def advance(
        self, now: Micros, *, id_of: str, run: Run | None = None, simulated: tuple[str, ...] = ()
    ) -> list[GateOpened | GateClosed]:
        """Lets every label that has matured by `now` count. Returns what opened or closed, as records."""
        happened: list[GateOpened | GateClosed] = []
        while self._waiting and self._waiting[0][1].at + self._promise.horizon_us <= now:
            decision, waiting = self._waiting.popleft()
            del self._open[decision]
            event = self._count(waiting)
            if event is not None:
                name = f"{id_of}.{waiting.segment}.{len(happened)}"
                happened.append(self._record(event, waiting.segment, now, name, run, simulated))
        return happened

    def _count(self, waiting: _Waiting) -> str | None:
        segment = self._segments[waiting.segment]
        if waiting.epoch != segment.epoch:
            return None
        before = segment.gate.threshold
        segment.gate.learn(waiting.score, 1 if waiting.loss is None else round(waiting.loss))
        if waiting.acted:
            loss = 0 if waiting.loss is None else round(waiting.loss)
            segment.labels, segment.errors = segment.labels + 1, segment.errors + loss
            segment.monitor.learn(loss)
            if segment.monitor.revoked:
                return "closed"
        return "opened" if segment.gate.threshold != before else None

    def _record(
        self, event: str, name: str, now: Micros, id: str, run: Run | None, simulated: tuple[str, ...]
    ) -> GateOpened | GateClosed:
        segment, promise = self._segments[name], self._promise
        if event == "closed":
            closed = GateClosed(
                id=id, ts=now, at=now, use_case=promise.use_case, point=promise.point, segment=name, epoch=segment.epoch,
                why="monitor", labels=segment.labels, errors=segment.errors, run=run, simulated=simulated,
            )  # fmt: skip
            self._segments[name] = _Segment(promise, self._risk, segment.epoch + 1)
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
