"""A backtest: a historical log streamed through pilot and shadow in time order, recorded as if it had been live.

Everything recorded follows from charter, log and model alone, in one order. A run that was interrupted is therefore
resumed by making the same records again and skipping those the log already holds.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from itertools import islice
from math import isnan
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from airworthy.base import canonical
from airworthy.base.clock import Clock, Micros
from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.base.errors import BadInput
from airworthy.base.quantity import ppm
from airworthy.charter.model import Charter
from airworthy.charter.revision import revision
from airworthy.charter.rules import rules_at
from airworthy.data.column import NO_MOMENT
from airworthy.data.work import Work, filters, in_pilot_period, read_work
from airworthy.decision.policy import ALL, Measured, Policy
from airworthy.decision.request import Request
from airworthy.decision.route import Decision, decide
from airworthy.record.codec import record
from airworthy.record.data import GapMeasured
from airworthy.record.decision import DecisionMade, OutcomeLearnt, Run, Stage
from airworthy.record.decision import Work as Kind
from airworthy.record.envelope import Actor, Record
from airworthy.record.governance import CharterAdopted, LeftOut, RunFinished, RunStarted
from airworthy.record.store import Content, Draft, Receipt, Store
from airworthy.service.gap import measure_gap, require_columns, split_pilot, steps
from airworthy.service.learning import Learning, Promise
from airworthy.service.model import Answers, Predictor, Rows, model_of, predictor
from airworthy.stats.calibration import NotYetMeasured, fit
from airworthy.stats.gate import coverage_grid
from airworthy.stats.grid import reachable

BATCH = 512  # records that become durable together
EARLY = 1_000  # first scores a grid is made of where no pilot calibrated one
LAST_MOMENT = Micros(2**63 - 1)
AHEAD = 4  # batches under way at once
SYSTEM = Actor("system", "backtest")

Stage_ = Callable[[str, int, int], None]  # told what is being done, how much of it is done, and of how much


class Report(msgspec.Struct, frozen=True):
    """How a backtest ended."""

    run: str
    items: int
    recorded: int  # records written by this call
    resumed_at: int  # records that were there before
    left_out: tuple[tuple[str, int], ...]


class Backtest:
    """One charter's backtest, ready to run. Reading and training happen in `run`."""

    def __init__(self, charter: Charter, folder: Path, clock: Clock, *, log_file: Path | None = None) -> None:
        self.charter = charter
        self.folder = folder
        self._clock = clock
        self._log_file = log_file
        self.answers: Answers | None = None  # for every streamed item, once run
        self.work: Work | None = None
        self.rows: Rows | None = None

    def run(self, store: Store, *, progress: Stage_ = lambda doing, done, of: None) -> Report:
        """Runs to the end, or from where an earlier run stopped. Raises BadInput before anything is recorded."""
        work = read_work(
            self.charter, self.folder, log_file=self._log_file, progress=lambda n: progress("reading", n, 0)
        )
        run = self._name(work)
        model = predictor(self.charter, work, self.folder)
        plan = _Plan(self.charter, work, model)
        self.work, self.answers, self.rows = work, plan.answers, plan.rows
        there = _records_of(store, run)
        if there.finished:
            return Report(run, len(plan.rows), 0, there.records, work.left_out)
        gap = self._gap(plan, run, model, progress)
        drafts = self._drafts(plan, run, gap, progress)
        written = _append(store, islice(drafts, there.records, None))
        store.checkpoint()
        return Report(run, len(plan.rows), written, there.records, work.left_out)

    def _name(self, work: Work) -> str:
        """The run's name: the same charter, log and model always give the same."""
        log = hashlib.sha256(work.items.path.read_bytes()).hexdigest()
        self._log_digest = log
        return canonical.digest(f"{self.charter.digest}{self.charter.model_digest}{log}".encode())[:16]

    def _drafts(self, plan: _Plan, run: str, gap: GapMeasured | None, progress: Stage_) -> Iterator[Draft]:
        """Every record of the run, in order."""
        now = self._clock.now()
        yield self._adopted(plan, now)
        yield Draft(record=self._started(plan, run, now))
        for done, draft in enumerate(_Stream(self.charter, plan, run, self._clock).drafts()):
            if done % BATCH == 0:
                progress("deciding", min(done // 2, len(plan.rows)), len(plan.rows))
            yield draft
        progress("deciding", len(plan.rows), len(plan.rows))
        if gap is not None:
            yield Draft(record=gap)
        yield Draft(record=self._finished(plan, run))

    def _adopted(self, plan: _Plan, now: Micros) -> Draft:
        committed = revision(self.charter.document.file)
        adopted = CharterAdopted(
            id=f"charter.{self.charter.digest[:16]}", ts=now, at=plan.starts, use_case=self.charter.use_case, actor=SYSTEM,
            simulated=plan.simulated, charter=self.charter.digest, policy=self.charter.policy_digest,
            commit=committed.commit if committed and not committed.changed else None, stage=self.charter.stage,
        )  # fmt: skip
        text = canonical.encode({"text": self.charter.document.text})
        return Draft(
            record=adopted, subject=f"charter/{self.charter.use_case}", contents=(Content("charter", "charter", text),)
        )

    def _started(self, plan: _Plan, run: str, now: Micros) -> Record:
        return RunStarted(
            id=f"{run}.started", ts=now, at=plan.starts, use_case=self.charter.use_case, actor=SYSTEM, simulated=plan.simulated,
            run=run, charter=self.charter.digest, policy=self.charter.policy_digest, log=self._log_digest,
            items=len(plan.rows), model=plan.model,
        )  # fmt: skip

    def _gap(self, plan: _Plan, run: str, model: Predictor, progress: Stage_) -> GapMeasured | None:
        """The pilot done again; None without a pilot, or where the log ends with it."""
        if self.charter.pilot is None or in_pilot_period(self.charter, plan.work).all():
            return None
        total = steps(self.charter)
        found = measure_gap(
            self.charter, plan.work, model, progress=lambda n: progress("doing the pilot again", n, total)
        )
        honest = found.honest_coverage
        return GapMeasured(
            id=f"{run}.gap", ts=self._clock.now(), at=plan.ends, use_case=self.charter.use_case, actor=SYSTEM,
            simulated=plan.simulated, run=run, seeds=len(self.charter.pilot.seeds),
            act_at=ppm(float(self.charter.pilot.act_at or self.charter.error_budget.budget)), slices=found.slices,
            ablations=found.ablations, over_time=found.over_time,
            honest_coverage=None if honest is None else ppm(honest), honest_n=found.honest_n,
        )  # fmt: skip

    def _finished(self, plan: _Plan, run: str) -> Record:
        return RunFinished(
            id=f"{run}.finished", ts=self._clock.now(), at=plan.ends, use_case=self.charter.use_case, actor=SYSTEM,
            simulated=plan.simulated, run=run, items=len(plan.rows),
            left_out=tuple(LeftOut(why, n) for why, n in (*plan.work.left_out, ("used to train and calibrate", plan.used))),
        )  # fmt: skip


class _Plan:
    """Which items are streamed, what the model says of them, and what was measured before the first one."""

    def __init__(self, charter: Charter, work: Work, model: Predictor) -> None:
        self.work = work
        self.simulated = charter.log.simulated if charter.log else ()
        named = model_of(charter)
        assert named is not None  # `predictor` refuses a charter without one
        self.model = named
        require_columns(charter, work)
        period = in_pilot_period(charter, work) if charter.pilot else np.zeros(len(work), bool)
        curated = np.logical_and.reduce([np.ones(len(work), bool), *filters(charter, work).values()])
        train, calibrate = _used(charter, work, model, period & curated)
        used = np.zeros(len(work), bool)
        used[train] = used[calibrate] = True
        self.used = int(used.sum())
        self.rows: Rows = np.flatnonzero(~used)
        _require_items(charter, model, int((period & curated).sum()), len(train))
        ask = np.concatenate([calibrate, self.rows])
        answers = model.answers(train, ask)
        cut = len(calibrate)
        self.answers = Answers(answers.output[cut:], answers.score[cut:])
        early = answers.score[:cut] if cut else answers.score[:EARLY]
        self.early_scores = early[~np.isnan(early)]
        self.measured = _measured(work, calibrate, Answers(answers.output[:cut], answers.score[:cut]))
        self.kind: list[Kind] = [_kind(bool(period[row]), bool(curated[row])) for row in self.rows]
        self.starts, self.ends = Micros(int(work.at[self.rows[0]])), Micros(int(work.at[self.rows[-1]]))


def _require_items(charter: Charter, model: Predictor, pilot: int, train: int) -> None:
    """Raises BadInput where the pilot leaves nothing to learn from, or nothing to be judged on."""
    if charter.pilot is None:
        if model.trains:
            help = "add `pilot:`, or name a model that is already fitted"
            raise _too_few(
                "the model learns, and the charter names no pilot to learn from", charter.place("model"), help
            )
        return
    if not pilot:
        help = "check `until`, and what its filters keep"
        raise _too_few("the pilot has no item", charter.place("pilot"), help)
    if not charter.pilot.split[2]:
        help = "hold a share out, such as `[0.6, 0.2, 0.2]`"
        raise _too_few("the pilot holds no item out", charter.place("pilot", "split"), help)
    if model.trains and not train:
        help = f"the pilot has {pilot:,}; give the first share of `split` more, or do a longer pilot"
        raise _too_few("the model learns, and the pilot gives it no item", charter.place("pilot", "split"), help)


def _too_few(sentence: str, place: Place, help: str) -> BadInput:
    return BadInput([Diagnostic("L013", sentence, place, help)])


def _used(charter: Charter, work: Work, model: Predictor, pilot: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Items the model learns from, and items its confidence is calibrated on. Neither is streamed."""
    if charter.pilot is None:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    split = split_pilot(charter, pilot, charter.pilot.seeds[0])
    return (split.train if model.trains else np.empty(0, np.int64)), split.calibrate


def _measured(work: Work, rows: Rows, answers: Answers) -> Measured | None:
    truth = np.array([*work.truth.words, ""], object)[work.truth.codes[rows]]
    sure = ~np.isnan(answers.score)
    if not sure.any():
        return None
    try:
        calibrator = fit(answers.score[sure], (answers.output == truth)[sure].astype(float))
    except NotYetMeasured:
        return None
    digest = canonical.digest(repr(sorted(calibrator.to_plain().items())).encode())
    return Measured(calibrator, digest, int(sure.sum()))


def _kind(pilot: bool, curated: bool) -> Kind:
    if pilot:
        return "pilot" if curated else "pilot_other"
    return "later_curated" if curated else "later_other"


class _Stream:
    """The items in time order: decided, then judged when their truth becomes known."""

    def __init__(self, charter: Charter, plan: _Plan, run: str, clock: Clock) -> None:
        self.charter, self.plan, self.run, self.clock = charter, plan, run, clock
        self.point = charter.decision_points[0]
        self.output_name = next(iter(self.point.output.get("properties", {"output": {}})))
        segments = charter.error_budget.segments
        self.segment_by = segments.by if segments else None
        self.names = segments.values if segments else (ALL,)
        self.seed = bytes.fromhex(canonical.digest(f"{run} draws".encode()))
        self.learning = Learning(self._promise(), self.names)
        self.policies: dict[Stage, Policy] = {}
        self.coming: list[tuple[int, int]] = []  # (known at, ordinal) of truths on their way
        self._refresh()

    def drafts(self) -> Iterator[Draft]:
        """Decisions, outcomes and gates, in the order they happened."""
        for ordinal, row in enumerate(self.plan.rows.tolist()):
            now = Micros(int(self.plan.work.at[row]))
            yield from self._until(now)
            yield self._decided(ordinal, row, now)
        yield from self._until(LAST_MOMENT)

    def _promise(self) -> Promise:
        budget = self.charter.error_budget
        per_segment = len(self.plan.rows) // len(self.names)
        levels = reachable(
            tuple(map(float, budget.coverages)), per_segment, budget=float(budget.budget), risk=float(budget.risk)
        )
        early = self.plan.early_scores if len(self.plan.early_scores) else np.ones(1)  # no score: nothing can open
        thresholds = coverage_grid(early, levels)
        sorted_scores = np.sort(early)
        above = 1 - np.searchsorted(sorted_scores, np.array(thresholds), side="left") / max(1, len(sorted_scores))
        return Promise(
            use_case=self.charter.use_case, point=self.point.point, budget=float(budget.budget), risk=float(budget.risk),
            monitoring_risk=float(budget.monitoring_risk), horizon_us=int(budget.horizon), thresholds=thresholds,
            coverages=tuple(above.tolist()),
        )  # fmt: skip

    def _refresh(self) -> None:
        """The policies in force, anew after a gate moved."""
        stages: tuple[Stage, ...] = ("pilot", "shadow")
        self.policies = {stage: self._policy(stage) for stage in stages}

    def _policy(self, stage: Stage) -> Policy:
        budget = self.charter.error_budget
        return Policy(
            use_case=self.charter.use_case, point=self.point.point, charter=self.charter.digest, digest=self.charter.policy_digest,
            stage=stage, model=self.plan.model, rules=rules_at(self.charter.rules, self.point), gates=self.learning.gates(),
            segment_by=self.segment_by, measured=self.plan.measured, irreversible=self.point.irreversible,
            required_sources=frozenset(one.source for one in self.charter.sources if one.required),
            audit_rate=float(budget.audit_rate), seed=self.seed,
        )  # fmt: skip

    def _until(self, now: Micros) -> Iterator[Draft]:
        """Truths that became known by `now`, and the gates they move. One known exactly at the horizon still counts."""
        while self.coming and self.coming[0][0] <= now:
            known_at, ordinal = heapq.heappop(self.coming)
            yield from self._advance(Micros(known_at - 1))
            yield self._judged(ordinal, Micros(known_at))
        matured = self.plan.ends + int(self.charter.error_budget.horizon)  # of the last decision
        yield from self._advance(Micros(min(now, matured)))

    def _advance(self, now: Micros) -> Iterator[Draft]:
        place = Run(self.run, 0, "later_other")
        events = self.learning.advance(now, id_of=f"{self.run}.{now}", run=place, simulated=self.plan.simulated)
        if events:
            self._refresh()
        yield from (Draft(record=event) for event in events)

    def _decided(self, ordinal: int, row: int, now: Micros) -> Draft:
        work, kind = self.plan.work, self.plan.kind[ordinal]
        policy = self.policies["pilot" if kind == "pilot" else "shadow"]
        item, output = work.item(row), {self.output_name: self.plan.answers.output[ordinal]}
        score, subject = _score(self.plan.answers, ordinal), work.subject.text(row)
        found = decide(
            Request(point=policy.point, subject=subject, item=item, output=output, score=score, now=now), policy
        )
        name = self._id(ordinal)
        acted = any(reason.code == "gate.certified" for reason in found.reasons)
        if kind != "pilot":
            self.learning.decided(name, at=now, segment=found.segment, score=score, acted=acted)
        heapq.heappush(self.coming, (self._known_at(row, now), ordinal))
        record = self._made(name, found, policy, score, now, Run(self.run, ordinal, kind))
        contents = (
            Content("input", "work", canonical.encode_trusted({"fields": list(item.items())})),
            Content("output", "work", canonical.encode_trusted({"fields": list(output.items())})),
        )
        return Draft(record=record, subject=subject, contents=contents)

    def _made(
        self, name: str, found: Decision, policy: Policy, score: float | None, now: Micros, place: Run
    ) -> DecisionMade:
        return DecisionMade(
            id=name, ts=self.clock.now(), at=now, use_case=policy.use_case, simulated=self.plan.simulated, point=policy.point,
            attempt=1, stage=policy.stage, charter=policy.charter, policy=policy.digest, epoch=found.epoch,
            segment=found.segment, model=policy.model, score=None if score is None else ppm(score), confidence=found.confidence,
            threshold=found.threshold, route=found.route, told=found.told, reasons=found.reasons, rules=found.rules,
            audit=found.audit, blind_first=found.blind_first, run=place,
        )  # fmt: skip

    def _judged(self, ordinal: int, known_at: Micros) -> Draft:
        work, row = self.plan.work, int(self.plan.rows[ordinal])
        wrong = self.plan.answers.output[ordinal] != work.truth.text(row)
        person = (
            None if work.person is None or work.person.missing[row] else work.person.text(row) != work.truth.text(row)
        )
        self.learning.learnt(self._id(ordinal), float(wrong))
        learnt = OutcomeLearnt(
            id=f"{self._id(ordinal)}.outcome", ts=self.clock.now(), at=known_at, use_case=self.charter.use_case,
            simulated=self.plan.simulated, decision=self._id(ordinal), label="outcome", loss=ppm(float(wrong)),
            person_loss=None if person is None else ppm(float(person)), run=Run(self.run, ordinal, self.plan.kind[ordinal]),
        )  # fmt: skip
        truth = canonical.encode_trusted({"fields": [[self.output_name, work.truth.text(row)]]})
        return Draft(record=learnt, subject=work.subject.text(row), contents=(Content("truth", "work", truth),))

    def _known_at(self, row: int, decided_at: int) -> int:
        """When the truth was known: as written in the log, else after the span the charter names."""
        known = self.plan.work.known_at
        if known is None or known[row] == NO_MOMENT:
            return decided_at + int(self.charter.wrong_means.known_after)
        return max(decided_at, int(known[row]))

    def _id(self, ordinal: int) -> str:
        return f"{self.run}.{ordinal:07d}"


def _score(answers: Answers, ordinal: int) -> float | None:
    score = float(answers.score[ordinal])
    return None if isnan(score) else score


class _There(msgspec.Struct, frozen=True):
    """How much of a run the log already holds."""

    records: int
    finished: bool


def _records_of(store: Store, run: str) -> _There:
    """Counts the run's records. A run's first two are the charter and its start; both or neither are there."""
    count, started, finished = 0, False, False
    for stored in store.scan():
        found = record(stored.leaf)
        place = getattr(found, "run", None)
        if (place.run if isinstance(place, Run) else place) == run:
            count += 1
            started |= isinstance(found, RunStarted)
            finished |= isinstance(found, RunFinished)
    return _There(count + 1 if started else 0, finished)


def _append(store: Store, drafts: Iterator[Draft]) -> int:
    """Appends in batches with a few under way at once; returns how many records became durable."""
    under_way: deque[Future[tuple[Receipt, ...]]] = deque()
    written = 0
    while batch := list(islice(drafts, BATCH)):
        under_way.append(store.submit(batch))
        if len(under_way) > AHEAD:
            written += len(under_way.popleft().result())
    return written + sum(len(future.result()) for future in under_way)
