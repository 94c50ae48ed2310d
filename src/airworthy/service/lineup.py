"""Which items a backtest streams, what the model says of them, and what was measured before the first one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from airworthy.base import canonical
from airworthy.base.clock import Micros
from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.base.errors import BadInput
from airworthy.charter.model import Charter
from airworthy.data.work import Work, filters, in_pilot_period
from airworthy.decision.policy import Measured
from airworthy.record.decision import Work as Kind
from airworthy.service.gap import require_columns, split_pilot
from airworthy.service.model import Answers, Predictor, Rows, model_of
from airworthy.stats.calibration import NotYetMeasured, fit

EARLY = 1_000  # first scores a grid is made of where no pilot calibrated one


class Lineup:
    """The items in time order, without those the model learnt from or was calibrated on."""

    def __init__(self, charter: Charter, work: Work, model: Predictor) -> None:
        self.work = work
        self.simulated = charter.log.simulated if charter.log else ()
        named = model_of(charter)
        assert named is not None  # `predictor` refuses a charter without one
        self.model = named
        require_columns(charter, work)
        period = in_pilot_period(charter, work) if charter.pilot else np.zeros(len(work), bool)
        curated = np.logical_and.reduce([np.ones(len(work), bool), *filters(charter, work).values()])
        train, calibrate = _used(charter, work, model, period & curated & work.known)
        used = np.zeros(len(work), bool)
        used[train] = used[calibrate] = True
        self.used = int(used.sum())
        self.rows: Rows = np.flatnonzero(~used)
        _require_items(charter, model, int((period & curated & work.known).sum()), len(train))
        ask = np.concatenate([calibrate, self.rows])
        answers = model.answers(train, ask)
        cut = len(calibrate)
        self.answers = Answers(answers.output[cut:], answers.score[cut:])
        self.wrong = work.wrong(self.answers.output, self.rows)
        self.person_wrong = work.person_wrong(self.rows)
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
    sure = ~np.isnan(answers.score)
    if not sure.any():
        return None
    try:
        calibrator = fit(answers.score[sure], 1 - work.wrong(answers.output, rows)[sure])
    except NotYetMeasured:
        return None
    digest = canonical.digest(repr(sorted(calibrator.to_plain().items())).encode())
    return Measured(calibrator, digest, int(sure.sum()))


def _kind(pilot: bool, curated: bool) -> Kind:
    if pilot:
        return "pilot" if curated else "pilot_other"
    return "later_curated" if curated else "later_other"
