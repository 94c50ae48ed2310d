"""One decision point as it stands live: its rules, its gates in their epochs, its confidence.

What happens here follows from the records of the log in their order, so that a gateway that opens a log again stands
where the one before it stood. INVARIANT: whatever changes a gate or the calibrator is recorded before the first
decision made under it; `owed` is what has yet to be recorded.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Any, Literal, cast

import numpy as np
from jsonschema_rs import Draft202012Validator

from airworthy.base.clock import Micros
from airworthy.base.ids import Random, new_id
from airworthy.base.quantity import MILLION, Ppm, ppm
from airworthy.charter.environment import Environment
from airworthy.charter.expression import names_in
from airworthy.charter.model import Charter
from airworthy.charter.promise import COVERAGES
from airworthy.charter.rules import rules_at
from airworthy.charter.work import DecisionPoint
from airworthy.decision.policy import ALL, Policy, SegmentGate
from airworthy.record.decision import (
    CERTIFYING,
    DecisionMade,
    GateClosed,
    GateOpened,
    Model,
    OutcomeLearnt,
    would_act,
)
from airworthy.record.envelope import Record
from airworthy.record.epoch import CalibratorFitted, EpochStarted
from airworthy.service.learning import Learning, Promise
from airworthy.service.live.measuring import Measuring, fitted_record
from airworthy.service.live.standing import Standing
from airworthy.stats.calibration import Calibrator
from airworthy.stats.gate import coverage_grid, spend

EARLY = 200  # scores the first thresholds are taken from
FIRST = 0.25  # of the work: the strictest level tried where the charter names none
KEPT = 1_000  # latest scores kept for the thresholds of a later epoch
AWAITED = 200_000  # decisions whose label can still reach the calibrator

Why = Literal["first", "monitor", "policy", "model", "calibrator", "labels_missing"]


class Point:
    """State of one decision point. One thread at a time."""

    def __init__(self, charter: Charter, declared: DecisionPoint, seed: bytes, random: Random) -> None:
        self.charter, self.declared = charter, declared
        self.name = f"{charter.use_case}.{declared.point}"
        self.policy_digest, self.charter_digest = charter.policy_digest, charter.digest  # computed once
        self.owed: list[Record] = []
        self.validator = Draft202012Validator(dict(declared.output))
        self.effect = f"{charter.use_case}.{declared.effect or declared.point}"
        self.model = _model(charter)
        segments = charter.error_budget.segments
        self.segment_by = segments.by if segments else None
        self.segments = segments.values if segments else (ALL,)
        self.epochs = dict.fromkeys(self.segments, 0)
        self.learning: Learning | None = None
        self.measuring = Measuring(once=_rules_read_confidence(charter, declared))
        self._rules = rules_at(charter.rules, declared)
        self._seed, self._random = seed, random
        self.differs = False  # the gates of the log are not those that follow from it
        self._early: deque[float] = deque(maxlen=KEPT)
        self._fresh = 0  # scores since the ground last changed
        self._why: Why | None = None  # of the epoch to come; None: the first, or another policy
        self._scores: OrderedDict[str, float] = OrderedDict()  # of awaited decisions nobody has judged yet
        self._open: dict[str, GateOpened] = {}  # as the log holds them
        self._produced: deque[GateOpened | GateClosed] = deque()  # and not yet met in the log
        self._begun: frozenset[str] = frozenset()
        self._policy: Policy | None = None
        self._standing: Standing | None = None

    def policy(self, standing: Standing) -> Policy:
        """What is in force; made anew only when something in it changed."""
        if self._policy is None or standing != self._standing:
            self._policy, self._standing = self._made(standing), standing
        return self._policy

    def forbids(self, item: Mapping[str, Any], output: Mapping[str, Any], now: Micros) -> bool:
        """Whether a rule wants the fallback for this output, or cannot tell."""
        return any(one.asks_for == "fallback" for one in self._rules.evaluate(item, output, None, now))

    def gates(self) -> Mapping[str, SegmentGate]:
        """Where every segment's gate stands."""
        if self.learning is not None:
            return self.learning.gates()
        return {name: SegmentGate(None, self.epochs[name]) for name in self.segments}

    def advance(self, now: Micros) -> None:
        """Lets labels that have matured by `now` count."""
        if self.learning is None or not self.learning.matures(now):
            return
        for event in self.learning.advance(now, id_of=new_id(now, self._random)):
            self._policy = None
            self._produced.append(event)
            self.owed.append(event)
            if isinstance(event, GateClosed):
                # The thresholds stay: they were fixed before either epoch's evidence.
                promise = self.learning.promise
                self._owe_epoch(event.segment, cast(Why, event.why), promise.thresholds, promise.coverages, now)

    def decided(self, made: DecisionMade) -> None:
        """A decision was recorded."""
        if made.score is None or made.model != self.model or _missed(made):
            return
        score = made.score / MILLION
        self._early.append(score)
        if self.learning is None:
            self._fresh += 1
        if made.audit is None or not made.audit.drawn or made.policy != self.policy_digest:
            return
        self._scores[made.id] = score
        if len(self._scores) > AWAITED:
            self._scores.popitem(last=False)
        # What was decided together with the last score an epoch waited for was decided before it began.
        if self.learning is not None and made.epoch == self.epochs.get(made.segment):
            acted = would_act(made.reasons)
            self.learning.decided(made.id, at=made.ts, segment=made.segment, score=score, acted=acted)

    def learnt(self, learnt: OutcomeLearnt) -> None:
        """The truth about a decision was recorded, or that it is in dispute."""
        if learnt.label not in CERTIFYING or learnt.outranked:
            return
        loss = None if learnt.contradicts or learnt.loss is None else learnt.loss / MILLION
        if self.learning is not None:
            self.learning.learnt(learnt.decision, loss)
        score = self._scores.pop(learnt.decision, None)
        if score is not None and loss is not None and (fitted := self.measuring.learn(score, loss)):
            self._owe_calibrator(fitted, learnt.ts)

    def settle(self, now: Micros) -> None:
        """Starts gathering evidence as soon as there are scores enough to fix the thresholds."""
        if self.learning is None and self._fresh >= EARLY:
            thresholds, coverages = self._grid()
            why = self._why or ("policy" if any(self.epochs.values()) else "first")
            for name in self.segments:
                self._owe_epoch(name, why, thresholds, coverages, now)
            self._start(thresholds, coverages)

    def restart(self, why: Why, now: Micros) -> None:
        """What the gates rest on changed: they close, and evidence is gathered anew."""
        for name, opened in self._open.items():
            self.owed.append(GateClosed(
                id=new_id(now, self._random), ts=now, at=now, use_case=self.charter.use_case, point=self.declared.point,
                segment=name, epoch=opened.epoch, why="model" if why == "model" else "policy", labels=opened.labels,
                errors=opened.errors,
            ))  # fmt: skip
        self._why, self.learning, self._policy = why, None, None
        self._open.clear()
        self._fresh = len(self._early)

    def flush(self) -> list[Record]:
        """What is owed, on its way into the log."""
        for record in self.owed:
            self._note(record)
        owed, self.owed = self.owed, []
        self._produced.clear()
        return owed

    def met(self, record: Record) -> None:
        """While a log is read again: a record a point like this one wrote."""
        self.owed = [one for one in self.owed if not _same(one, record)]
        match record:
            case EpochStarted():
                self._recall_epoch(record)
            case CalibratorFitted():
                self._take(record)
            case GateOpened() | GateClosed():
                self._note(record)
                self._compare(record)
                if _rests(record):
                    self.interrupt()

    def interrupt(self) -> None:
        """While a log is read again: other rules or another model were in force. What was learnt before is over."""
        self.learning, self._begun, self._policy = None, frozenset(), None
        self._produced.clear()
        self._fresh = len(self._early)

    def recalled(self, now: Micros) -> None:
        """The log was read to its end. Where the gates it holds open are not those that follow from it, all close."""
        for record in self.owed:
            self._note(record)
        open_now = {name: gate.epoch for name, gate in self.gates().items() if gate.threshold is not None}
        if self.differs or open_now != {name: opened.epoch for name, opened in self._open.items()}:
            self.restart("policy", now)
        self.differs = False

    def _recall_epoch(self, record: EpochStarted) -> None:
        """An epoch of the log: ours where policy and model are, else only its number counts."""
        self.epochs[record.segment] = record.epoch
        if (record.policy, record.model) != (self.policy_digest, self.model.version):
            self.learning = None
        elif record.why not in ("monitor", "labels_missing") and record.segment in self.segments:
            if self.learning is None or self._begun >= frozenset([record.segment]):
                self._start(_shares(record.thresholds), _shares(record.coverages))
            assert self.learning is not None
            self.learning.begin(record.segment, record.epoch)
            self._begun |= {record.segment}

    def _note(self, record: Record) -> None:
        if isinstance(record, GateOpened):
            self._open[record.segment] = record
        elif isinstance(record, GateClosed):
            self._open.pop(record.segment, None)

    def _compare(self, record: GateOpened | GateClosed) -> None:
        """A gate of the log must be the next that follows from what came before it."""
        if self.learning is not None and not _rests(record):
            produced = self._produced.popleft() if self._produced else None
            self.differs |= produced is None or not _same(produced, record)

    def _owe_epoch(
        self, segment: str, why: Why, thresholds: tuple[float, ...], coverages: tuple[float, ...], now: Micros
    ) -> None:
        self.epochs[segment] += 1
        budget, epoch = self.charter.error_budget, self.epochs[segment]
        self.owed.append(EpochStarted(
            id=new_id(now, self._random), ts=now, at=now, use_case=self.charter.use_case, point=self.declared.point,
            segment=segment, epoch=epoch, why=why, policy=self.policy_digest, model=self.model.version,
            thresholds=tuple(map(ppm, thresholds)), coverages=tuple(map(ppm, coverages)), budget=ppm(float(budget.budget)),
            risk=ppm(spend(float(budget.risk) / len(self.segments), epoch)),
            monitoring_risk=ppm(float(budget.monitoring_risk) / len(self.segments)), scores=len(self._early),
        ))  # fmt: skip

    def _grid(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Thresholds, strict to lax, from unlabelled scores that themselves will teach nothing; shares above each."""
        scores, declared = np.array(self._early), self.charter.error_budget.coverages
        # The strictest level opens first, and one share of the work in twenty brings one label in twenty: who names no
        # coverages of their own should not wait for that.
        levels = declared if declared != COVERAGES else tuple(level for level in declared if level >= FIRST)
        thresholds = coverage_grid(scores, tuple(map(float, levels)))
        return thresholds, tuple(float((scores >= threshold).mean()) for threshold in thresholds)

    def _start(self, thresholds: tuple[float, ...], coverages: tuple[float, ...]) -> None:
        budget = self.charter.error_budget
        promise = Promise(
            use_case=self.charter.use_case, point=self.declared.point, budget=float(budget.budget), risk=float(budget.risk),
            monitoring_risk=float(budget.monitoring_risk), horizon_us=int(budget.horizon),
            missing_limit=float(budget.missing_limit), thresholds=thresholds, coverages=coverages,
        )  # fmt: skip
        self.learning = Learning(promise, self.segments)
        for name, epoch in self.epochs.items():
            self.learning.begin(name, max(1, epoch))
        self._why, self._policy, self._begun = None, None, frozenset()

    def _owe_calibrator(self, calibrator: Calibrator, now: Micros) -> None:
        names = {"use_case": self.charter.use_case, "point": self.declared.point}
        fitted = fitted_record(calibrator, id=new_id(now, self._random), now=now, **names)
        self.owed.append(fitted)
        self._take(fitted)
        if self.measuring.once:
            self.restart("calibrator", now)  # rules read the confidence: with another one they are other rules

    def _take(self, fitted: CalibratorFitted) -> None:
        self.measuring.take(fitted)
        self._policy = None

    def _made(self, standing: Standing) -> Policy:
        budget = self.charter.error_budget
        return Policy(
            use_case=self.charter.use_case, point=self.declared.point, charter=self.charter_digest,
            digest=self.policy_digest, stage=standing.stage, model=self.model, rules=self._rules, gates=self.gates(),
            segment_by=self.segment_by, measured=self.measuring.measured, granted_until=standing.granted_until,
            stopped=standing.stopped,
            lacks=standing.lacks, irreversible=self.declared.irreversible,
            required_sources=frozenset(one.source for one in self.charter.sources if one.required),
            audit_rate=1.0 if budget.outcomes == "all" else max(float(budget.audit_rate), float(budget.audit_floor)),
            blind_first_rate=float(budget.blind_first),
            seed=self._seed,
        )  # fmt: skip


def _model(charter: Charter) -> Model:
    named = charter.model
    return Model(named.provider, named.name, named.version) if named else Model("", "not named", "")


def _rules_read_confidence(charter: Charter, point: DecisionPoint) -> bool:
    environment = Environment(point)
    return any("confidence" in names_in(rule.when, environment) for rule in charter.rules)


def _missed(made: DecisionMade) -> bool:
    """Whether the caller had fallen back on its own: such a decision teaches nothing."""
    return any(reason.code.startswith("client.") for reason in made.reasons)


def _shares(values: tuple[Ppm, ...]) -> tuple[float, ...]:
    return tuple(one / MILLION for one in values)


def _rests(record: GateOpened | GateClosed) -> bool:
    """Whether it closed because what it rested on changed, and not by what its labels said."""
    return isinstance(record, GateClosed) and record.why not in ("monitor", "labels_missing")


def _same(one: Record, other: Record) -> bool:
    """Whether two records say the same of the same gate or calibrator."""
    return type(one) is type(other) and _said(one) is not None and _said(one) == _said(other)


def _said(record: Record) -> tuple[object, ...] | None:
    match record:
        case EpochStarted() | GateClosed():
            return record.point, record.segment, record.epoch
        case GateOpened():
            return record.point, record.segment, record.epoch, record.threshold
        case CalibratorFitted():
            return (record.calibrator,)
    return None
