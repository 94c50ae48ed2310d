"""The gap report: the pilot is done again from the log, with all of its filters, with each alone and with none."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput
from airworthy.base.quantity import ppm
from airworthy.charter.model import Charter
from airworthy.charter.work import Filter
from airworthy.data.work import Bools, Work, filters, in_pilot_period
from airworthy.evidence.gap import SliceFigures, averaged, figures
from airworthy.record.data import Ablation, GapSlice, MonthlyAccuracy, SliceName
from airworthy.service.model import Predictor, Rows
from airworthy.stats.gate import certify_log, coverage_grid
from airworthy.stats.grid import reachable

COVERAGES = (0.02, *(i / 20 for i in range(1, 21)))
RISK = 0.1  # of certifying the pilot wrongly
SLICES: tuple[SliceName, ...] = ("P0", "P1", "P2", "P3")

Progress = Callable[[int], None]


class GapFigures(msgspec.Struct, frozen=True):
    """What `record.data.GapMeasured` holds, before it is one."""

    slices: tuple[GapSlice, ...]
    ablations: tuple[Ablation, ...]
    over_time: tuple[MonthlyAccuracy, ...]
    honest_coverage: float | None
    honest_n: int


class Split(msgspec.Struct, frozen=True):
    train: Rows
    calibrate: Rows
    hold_out: Rows


def steps(charter: Charter) -> int:
    """How many models are fitted, for a progress bar."""
    assert charter.pilot is not None
    return len(charter.pilot.seeds) * (len(charter.pilot.curation) + 2) + 1


def measure_gap(charter: Charter, work: Work, model: Predictor, *, progress: Progress = lambda _: None) -> GapFigures:
    """Four slices and the ablation, means over the pilot's seeds; and what an honest pilot would have certified.

    There must be items that the pilot held out, and items after it.
    """
    assert charter.pilot is not None
    seeds, act_at = charter.pilot.seeds, float(charter.pilot.act_at or charter.error_budget.budget)
    period, later, kept = in_pilot_period(charter, work) & work.known, later_work(charter, work), filters(charter, work)
    everything = np.ones(len(work), bool)
    curated = np.logical_and.reduce([everything, *kept.values()])
    person = work.person_wrong(np.arange(len(work)))
    done = 0
    splits: list[dict[str, SliceFigures]] = []
    for seed in seeds:
        splits.append(
            _four_slices(
                work, model, split_pilot(charter, period & curated, seed), period, later, curated, person, act_at
            )
        )
        progress(done := done + 1)
    ablations = []
    for names, mask in [((), everything), *(((name,), mask) for name, mask in kept.items())]:
        pairs = []
        for seed in seeds:
            pairs.append(_pilot_and_later(work, model, split_pilot(charter, period & mask, seed), later))
            progress(done := done + 1)
        ablations.append(_ablation(names, pairs, int(later.sum())))
    if len(kept) > 1:
        ablations.append(_all_filters(tuple(kept), splits))
    coverage, n = _honest(charter, work, model, period, act_at)
    progress(done + 1)
    slices = tuple(averaged(name, [split[name] for split in splits]) for name in SLICES)
    return GapFigures(slices, tuple(ablations), _over_time(work, model, charter, period, later, curated), coverage, n)


def later_work(charter: Charter, work: Work) -> Bools:
    """Items after the pilot whose truth is known: what all of its promises are held against."""
    return ~in_pilot_period(charter, work) & work.known


def require_columns(charter: Charter, work: Work) -> None:
    """Raises BadInput where one of the pilot's filters reads a column the items do not have."""
    named = [
        (("pilot", "curation", i, key), name)
        for i, one in enumerate(charter.pilot.curation if charter.pilot else ())
        for key, names in (("complete", one.complete), ("at_most", one.at_most), ("commonest", _counted(one)))
        for name in names
        if name not in work.items.columns
    ]
    help = "name a column of `features` or `end`, where the log has it"
    if named:
        raise BadInput(
            [
                Diagnostic("L003", f"a filter of the pilot reads `{name}`, which no item has", charter.place(*at), help)
                for at, name in named
            ]
        )


def _counted(one: Filter) -> tuple[str, ...]:
    return () if one.commonest is None or one.commonest.column == "truth" else (one.commonest.column,)


def split_pilot(charter: Charter, pilot: Bools, seed: int) -> Split:
    """The pilot's items cut at random into the declared shares."""
    assert charter.pilot is not None
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(pilot))
    first = int(charter.pilot.split[0] * len(rows))
    second = first + int(charter.pilot.split[1] * len(rows))
    return Split(rows[:first], rows[first:second], rows[second:])


def _four_slices(
    work: Work,
    model: Predictor,
    split: Split,
    period: Bools,
    later: Bools,
    curated: Bools,
    person: NDArray[np.float64],
    act_at: float,
) -> dict[str, SliceFigures]:
    used = np.zeros(len(work), bool)
    used[split.train] = used[split.calibrate] = True
    rows = {
        "P0": split.hold_out,
        "P1": np.flatnonzero(period & ~used),
        "P2": np.flatnonzero(later & curated),
        "P3": np.flatnonzero(later),
    }
    ask = np.unique(np.concatenate([split.calibrate, *rows.values()]))
    answers = model.answers(split.train, ask)
    loss, score = np.full(len(work), np.nan), np.full(len(work), np.nan)
    loss[ask], score[ask] = work.wrong(answers.output, ask), answers.score
    threshold = _certified(score[split.calibrate], loss[split.calibrate], act_at)
    stands_for = np.ones(len(work))  # the held-out items stand for the pilot's used ones too
    stands_for[split.hold_out] = (int(used.sum()) + len(split.hold_out)) / max(1, len(split.hold_out))
    weight = {name: stands_for[at] if name == "P1" else None for name, at in rows.items()}
    return {name: figures(loss[at], score[at], person[at], threshold, weight[name]) for name, at in rows.items()}


def _certified(score: NDArray[np.float64], loss: NDArray[np.float64], budget: float) -> float | None:
    """The threshold a pilot would have opened at, on its own calibration items."""
    sure = ~np.isnan(score)
    score, loss = score[sure], loss[sure]
    if not len(score):
        return None
    levels = reachable(COVERAGES, len(score), budget=budget, risk=RISK)
    return certify_log(score, loss, coverage_grid(score, levels), budget=budget, risk=RISK).threshold


def _pilot_and_later(work: Work, model: Predictor, split: Split, later: Bools) -> tuple[float, float, int]:
    """Share right on the hold-out and on all later work, of a pilot done with this split."""
    ask = np.concatenate([split.hold_out, np.flatnonzero(later)])
    right = 1 - work.wrong(model.answers(split.train, ask).output, ask)
    cut = len(split.hold_out)
    return float(right[:cut].mean()), float(right[cut:].mean()), cut


def _ablation(names: tuple[str, ...], pairs: list[tuple[float, float, int]], later: int) -> Ablation:
    pilot, production, n = (float(np.mean(column)) for column in zip(*pairs, strict=True))
    return Ablation(names, ppm(pilot), ppm(production), round(n), later)


def _all_filters(names: tuple[str, ...], splits: list[dict[str, SliceFigures]]) -> Ablation:
    pilot = float(np.mean([split["P0"].accuracy for split in splits]))
    production = float(np.mean([split["P3"].accuracy for split in splits]))
    return Ablation(names, ppm(pilot), ppm(production), splits[0]["P0"].n, splits[0]["P3"].n)


def _honest(charter: Charter, work: Work, model: Predictor, period: Bools, act_at: float) -> tuple[float | None, int]:
    """What a pilot with every item, in time order, could have acted on: trained on its first part, certified after."""
    assert charter.pilot is not None
    rows = np.flatnonzero(period)  # already in time order
    cut = int(charter.pilot.split[0] * len(rows))
    train, ask = rows[:cut], rows[cut:]
    answers = model.answers(train, ask)
    threshold = _certified(answers.score, work.wrong(answers.output, ask), act_at)
    return (None if threshold is None else float((answers.score >= threshold).mean())), len(ask)


def _over_time(
    work: Work, model: Predictor, charter: Charter, period: Bools, later: Bools, curated: Bools
) -> tuple[MonthlyAccuracy, ...]:
    """Share right in each whole or part month after the pilot, everything, with the first seed's model."""
    assert charter.pilot is not None
    rows = np.flatnonzero(later)
    split = split_pilot(charter, period & curated, charter.pilot.seeds[0])
    right = 1 - work.wrong(model.answers(split.train, rows).output, rows)
    month = work.at[rows].astype("datetime64[us]").astype("datetime64[M]")
    return tuple(
        MonthlyAccuracy(int(one.astype("datetime64[us]").astype(np.int64)), int(at.sum()), int(right[at].sum()))
        for one in np.unique(month)
        for at in [month == one]
    )
