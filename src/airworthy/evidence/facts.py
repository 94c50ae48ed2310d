"""The records of one use case as arrays. Everything measured is computed from these and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from airworthy.base.quantity import MILLION
from airworthy.record.codec import AnyRecord, record
from airworthy.record.data import GapMeasured
from airworthy.record.decision import (
    CERTIFYING,
    DecisionMade,
    GateClosed,
    GateOpened,
    Model,
    OutcomeLearnt,
    Run,
    would_act,
)
from airworthy.record.governance import CharterAdopted, RunFinished, RunStarted
from airworthy.record.store import Stored

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Decisions:
    """One value per decision, in the order they were made. NaN where nothing is known."""

    at: NDArray[np.int64]
    score: Floats
    confidence: Floats  # calibrated
    certified: NDArray[np.bool_]  # gate and rules would let it act
    stage: NDArray[np.str_]
    work: NDArray[np.str_]  # its slice in a backtest, '' for live work
    segment: NDArray[np.str_]
    sources_seen: NDArray[np.int64]
    awaited: NDArray[np.bool_]  # its truth was to become known: all of a backtest, live those that were drawn
    loss: Floats  # from labels that may count as truth
    person_loss: Floats

    def __len__(self) -> int:
        return len(self.at)

    @property
    def after_pilot(self) -> NDArray[np.bool_]:
        """Everything but the pilot's period: what its curation left over there is the hard part, not the work."""
        return ~np.isin(self.work, ("pilot", "pilot_other"))

    def unlearnt(self, horizon_us: int) -> float:
        """Share of decisions after the pilot, older than the horizon at the end of the log, whose truth is missing."""
        old = self.after_pilot & self.awaited & (self.at + horizon_us <= (self.at[-1] if len(self) else 0))
        return float(np.isnan(self.loss[old]).mean()) if old.any() else 0.0


@dataclass(frozen=True)
class Facts:
    """What the log holds about one use case under the policy and model in force."""

    decisions: Decisions
    charters: tuple[CharterAdopted, ...]
    started: RunStarted | None
    finished: RunFinished | None
    gap: GapMeasured | None
    opened: tuple[GateOpened, ...]
    closed: tuple[GateClosed, ...]
    simulated: tuple[str, ...]
    first_seq: int
    last_seq: int
    other_policies: int  # decisions made under another policy or model, which count for nothing here
    replaced: tuple[RunStarted, ...] = ()  # earlier backtests under this policy and model, whose records count no more
    live: bool = field(default=False)  # any decision that was not a backtest


class _Gathering:
    """Collects records while the log streams by."""

    def __init__(self) -> None:
        self.made: list[DecisionMade] = []
        self.outcomes: dict[str, OutcomeLearnt] = {}
        self.charters: list[CharterAdopted] = []
        self.started: RunStarted | None = None
        self.replaced: list[RunStarted] = []
        self.finished: RunFinished | None = None
        self.gap: GapMeasured | None = None
        self.gates: list[GateOpened | GateClosed] = []
        self.simulated: dict[str, None] = {}
        self.seqs: list[int] = []
        self.others = 0


def gather(
    entries: Iterable[Stored],
    *,
    use_case: str,
    policy: str,
    model: Model | None = None,
    plan: str | None = None,
    run: str | None = None,
) -> Facts:
    """The facts about `use_case` under the policy with digest `policy`.

    model   only what this model said; None takes any
    plan    only backtests of this log, read and split this way (`RunStarted.plan`); None takes any
    run     only this backtest; None takes the newest
    A later backtest replaces an earlier one; what a run of another policy or model left behind counts for nothing.
    """
    got = _Gathering()
    for stored in entries:
        found = record(stored.leaf)
        if found.use_case != use_case:
            continue
        if getattr(found, "policy", policy) != policy or (model and getattr(found, "model", model) != model):
            got.others += isinstance(found, DecisionMade)
            continue
        if isinstance(found, RunStarted) and (run or found.run) != found.run:
            continue
        if isinstance(found, RunStarted) and (plan or found.plan) != found.plan:
            got.replaced.append(found)
            continue
        if _run_of(found) in (None, got.started and got.started.run) or isinstance(found, RunStarted):
            _take(got, found)
            got.seqs.append(stored.seq)
    return _facts(got)


def _run_of(found: AnyRecord) -> str | None:
    """The backtest a record belongs to, None for one of live work."""
    run = getattr(found, "run", None)
    return run.run if isinstance(run, Run) else run


def _take(got: _Gathering, found: AnyRecord) -> None:
    match found:
        case DecisionMade():
            got.made.append(found)
            got.simulated.update(dict.fromkeys(found.simulated))
        case OutcomeLearnt():
            if found.label in CERTIFYING and not found.outranked:
                got.outcomes[found.decision] = found
        case CharterAdopted():
            got.charters.append(found)
        case RunStarted():
            _start_over(got, found)
        case RunFinished():
            got.finished = found
        case GapMeasured():
            got.gap = found
        case GateOpened() | GateClosed():
            got.gates.append(found)


def _start_over(got: _Gathering, started: RunStarted) -> None:
    """A backtest replaces the one before it."""
    if got.started is not None:
        got.replaced.append(got.started)
    got.started, got.finished, got.gap = started, None, None
    got.made = [one for one in got.made if one.run is None]
    got.gates = [one for one in got.gates if one.run is None]


def _facts(got: _Gathering) -> Facts:
    return Facts(
        decisions=_columns(got.made, got.outcomes),
        charters=tuple(got.charters),
        started=got.started,
        finished=got.finished,
        gap=got.gap,
        opened=tuple(one for one in got.gates if isinstance(one, GateOpened)),
        closed=tuple(one for one in got.gates if isinstance(one, GateClosed)),
        simulated=tuple(got.simulated),
        first_seq=got.seqs[0] if got.seqs else 0,
        last_seq=got.seqs[-1] if got.seqs else 0,
        other_policies=got.others,
        replaced=tuple(got.replaced),
        live=any(one.run is None for one in got.made),
    )


def _columns(made: list[DecisionMade], outcomes: dict[str, OutcomeLearnt]) -> Decisions:
    learnt = [outcomes.get(one.id) for one in made]
    return Decisions(
        at=np.array([one.at for one in made], np.int64),
        score=_shares([one.score for one in made]),
        confidence=_shares([one.confidence.p if one.confidence else None for one in made]),
        certified=np.array([would_act(one.reasons) for one in made], bool),
        stage=np.array([one.stage for one in made], np.str_),
        work=np.array([one.run.work if one.run else "" for one in made], np.str_),
        segment=np.array([one.segment for one in made], np.str_),
        sources_seen=np.array([len(one.sources) for one in made], np.int64),
        awaited=np.array([one.run is not None or (one.audit is not None and one.audit.drawn) for one in made], bool),
        loss=_shares([one.loss if one and not one.contradicts else None for one in learnt]),
        person_loss=_shares([one.person_loss if one else None for one in learnt]),
    )


def _shares(values: list[int | None]) -> Floats:
    return np.array([np.nan if value is None else value / MILLION for value in values], np.float64)
