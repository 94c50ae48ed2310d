"""A backtest: a historical log streamed through pilot and shadow in time order, recorded as if it had been live.

Everything recorded follows from charter, log and model alone, in one order. A run that was interrupted is therefore
resumed by making the same records again and skipping those the log already holds.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from itertools import islice
from pathlib import Path

import msgspec

from airworthy.base import canonical
from airworthy.base.clock import Clock, Micros
from airworthy.base.quantity import ppm
from airworthy.charter.model import Charter
from airworthy.charter.revision import revision
from airworthy.data.work import Work, read_work
from airworthy.record.codec import record
from airworthy.record.data import GapMeasured
from airworthy.record.decision import Run
from airworthy.record.envelope import Actor, Record, kind
from airworthy.record.governance import CharterAdopted, LeftOut, RunFinished, RunStarted
from airworthy.record.store import Content, Draft, Receipt, Store
from airworthy.service.gap import later_work, measure_gap, steps
from airworthy.service.lineup import Lineup
from airworthy.service.model import Predictor, code_digest, predictor
from airworthy.service.stream import Stream

BATCH = 512  # records that become durable together
AHEAD = 4  # batches under way at once
SYSTEM = Actor("system", "backtest")

Progress = Callable[[str, int, int], None]  # told what is being done, how much of it is done, and of how much


class Report(msgspec.Struct, frozen=True):
    """How a backtest ended."""

    run: str
    items: int
    recorded: int  # records written by this call
    resumed_at: int  # records that were there before
    left_out: tuple[tuple[str, int], ...]
    epoch: int  # 1 and one for each other policy, model or log tried before; each leaves less risk to spend


class Backtest:
    """One charter's backtest, ready to run. Reading and training happen in `run`."""

    def __init__(self, charter: Charter, folder: Path, clock: Clock, *, log_file: Path | None = None) -> None:
        self.charter = charter
        self.folder = folder
        self._clock = clock
        self._log_file = log_file
        self.work: Work | None = None  # once run
        self.lineup: Lineup | None = None  # once asked for, or run to the end

    def run(self, store: Store, *, progress: Progress = lambda doing, done, of: None) -> Report:
        """Runs to the end, or from where an earlier run stopped. Raises BadInput before anything is recorded."""
        work = read_work(
            self.charter, self.folder, log_file=self._log_file, progress=lambda n: progress("reading", n, 0)
        )
        run = self._name(work)
        there = _records_of(store, run)
        epoch = 1 + _tried_before(store, run, self.charter, self._log_digest)
        self.work = work
        if there.finished:
            return Report(run, there.items, 0, there.records, work.left_out, epoch)
        model = predictor(self.charter, work, self.folder)
        self.lineup = lineup = Lineup(self.charter, work, model)
        gap = self._gap(lineup, run, model, progress)
        drafts = self._drafts(lineup, run, gap, epoch, progress)
        written = _append(store, islice(drafts, there.records, None))
        store.checkpoint()
        return Report(run, len(lineup.rows), written, there.records, work.left_out, epoch)

    def asked(self) -> Lineup:
        """What the model said of every streamed item, once run. Asks the model where a finished run did not need to."""
        if self.lineup is None:
            assert self.work is not None
            self.lineup = Lineup(self.charter, self.work, predictor(self.charter, self.work, self.folder))
        return self.lineup

    def _name(self, work: Work) -> str:
        """The run's name: the same charter, log and model always give the same."""
        log = hashlib.sha256(work.items.path.read_bytes()).hexdigest()
        self._log_digest = log
        code = code_digest(self.charter, self.folder)
        return canonical.digest(f"{self.charter.digest}{self.charter.model_digest}{log}{code}".encode())[:16]

    def _drafts(
        self, lineup: Lineup, run: str, gap: GapMeasured | None, epoch: int, progress: Progress
    ) -> Iterator[Draft]:
        """Every record of the run, in order."""
        now = self._clock.now()
        yield self._adopted(lineup, now)
        yield Draft(record=self._started(lineup, run, now))
        for done, draft in enumerate(Stream(self.charter, lineup, run, self._clock, epoch=epoch).drafts()):
            if done % BATCH == 0:
                progress("deciding", min(done // 2, len(lineup.rows)), len(lineup.rows))
            yield draft
        progress("deciding", len(lineup.rows), len(lineup.rows))
        if gap is not None:
            yield Draft(record=gap)
        yield Draft(record=self._finished(lineup, run))

    def _adopted(self, lineup: Lineup, now: Micros) -> Draft:
        committed = revision(self.charter.document.file)
        adopted = CharterAdopted(
            id=f"charter.{self.charter.digest[:16]}", ts=now, at=lineup.starts, use_case=self.charter.use_case, actor=SYSTEM,
            simulated=lineup.simulated, charter=self.charter.digest, policy=self.charter.policy_digest,
            commit=committed.commit if committed and not committed.changed else None, stage=self.charter.stage,
        )  # fmt: skip
        text = canonical.encode({"text": self.charter.document.text})
        return Draft(
            record=adopted, subject=f"charter/{self.charter.use_case}", contents=(Content("charter", "charter", text),)
        )

    def _started(self, lineup: Lineup, run: str, now: Micros) -> Record:
        return RunStarted(
            id=f"{run}.started", ts=now, at=lineup.starts, use_case=self.charter.use_case, actor=SYSTEM, simulated=lineup.simulated,
            run=run, charter=self.charter.digest, policy=self.charter.policy_digest, log=self._log_digest, plan=plan_of(self.charter),
            items=len(lineup.rows), model=lineup.model,
        )  # fmt: skip

    def _gap(self, lineup: Lineup, run: str, model: Predictor, progress: Progress) -> GapMeasured | None:
        """The pilot done again; None without a pilot, or where the log ends with it."""
        if self.charter.pilot is None or not later_work(self.charter, lineup.work).any():
            return None
        total = steps(self.charter)
        found = measure_gap(
            self.charter, lineup.work, model, progress=lambda n: progress("doing the pilot again", n, total)
        )
        honest = found.honest_coverage
        return GapMeasured(
            id=f"{run}.gap", ts=self._clock.now(), at=lineup.ends, use_case=self.charter.use_case, actor=SYSTEM,
            simulated=lineup.simulated, run=run, seeds=len(self.charter.pilot.seeds),
            act_at=ppm(float(self.charter.pilot.act_at or self.charter.error_budget.budget)), slices=found.slices,
            ablations=found.ablations, over_time=found.over_time,
            honest_coverage=None if honest is None else ppm(honest), honest_n=found.honest_n,
        )  # fmt: skip

    def _finished(self, lineup: Lineup, run: str) -> Record:
        return RunFinished(
            id=f"{run}.finished", ts=self._clock.now(), at=lineup.ends, use_case=self.charter.use_case, actor=SYSTEM,
            simulated=lineup.simulated, run=run, items=len(lineup.rows),
            left_out=tuple(LeftOut(why, n) for why, n in (*lineup.work.left_out, ("used to train and calibrate", lineup.used))),
        )  # fmt: skip


def plan_of(charter: Charter) -> str:
    """Digest of what a backtest does with the log: a change of it is another experiment, whatever the policy."""
    return canonical.digest(msgspec.json.encode((charter.log, charter.pilot, charter.model), order="sorted"))


class _There(msgspec.Struct, frozen=True):
    """How much of a run the log already holds."""

    records: int
    items: int
    finished: bool


def _records_of(store: Store, run: str) -> _There:
    """Counts the run's records. A run's first two are the charter and its start; both or neither are there."""
    count, items, started, finished = 0, 0, False, False
    for stored in store.scan():
        found = record(stored.leaf)
        place = getattr(found, "run", None)
        if (place.run if isinstance(place, Run) else place) == run:
            count += 1
            finished |= isinstance(found, RunFinished)
            if isinstance(found, RunStarted):
                started, items = True, found.items
    return _There(count + 1 if started else 0, items, finished)


def _tried_before(store: Store, run: str, charter: Charter, log: str) -> int:
    """How many other policies, plans or logs were backtested for this use case before this run began.

    Each was another chance to be lucky, so each is an epoch; renaming the charter or changing its words resets nothing.
    """
    ours = (charter.policy_digest, plan_of(charter), log)
    tried: set[tuple[str, str, str]] = set()
    for stored in store.scan(kinds={kind(RunStarted)}):
        found = record(stored.leaf)
        assert isinstance(found, RunStarted)
        if found.run == run:
            break
        if found.use_case == charter.use_case:
            tried.add((found.policy, found.plan, found.log))
    return len(tried - {ours})


def _append(store: Store, drafts: Iterator[Draft]) -> int:
    """Appends in batches with a few under way at once; returns how many records became durable."""
    under_way: deque[Future[tuple[Receipt, ...]]] = deque()
    written = 0
    while batch := list(islice(drafts, BATCH)):
        under_way.append(store.submit(batch))
        if len(under_way) > AHEAD:
            written += len(under_way.popleft().result())
    return written + sum(len(future.result()) for future in under_way)
