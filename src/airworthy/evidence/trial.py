"""The first look: what a bare log of outputs and truths already says, before any charter."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

from airworthy.base.clock import WEEK
from airworthy.evidence.judged import Floats, Judged, Rate, Rows, rate
from airworthy.evidence.search import Search, search
from airworthy.stats.difference import newcombe
from airworthy.stats.gate import certify_log, coverage_grid
from airworthy.stats.grid import reachable
from airworthy.stats.planner import labels_needed

BUDGETS = (0.01, 0.02, 0.05, 0.10, 0.20)
RISK = 0.05  # for the whole table at once
COVERAGES = (0.04, 0.08, 0.12, 0.16, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.70, 0.75, 0.80, 0.85,
             0.90, 0.95, 1.0)  # fmt: skip
BANDS = 10

Why = Literal["opens", "surest_are_too_wrong", "too_few_labels"]


class BudgetRow(msgspec.Struct, frozen=True):
    """What one error budget buys. Guaranteed together with the other rows."""

    budget: float
    why: Why
    coverage: float  # share of items at or above the threshold; where closed, of the surest group tried
    items: int
    acted: Rate  # wrong among them
    threshold: float | None  # None: closed
    more_labels: int | None = None  # about how many more would open it, None where labels do not help


class CurvePoint(msgspec.Struct, frozen=True):
    """One place on the risk against coverage curve; for looking around, not for promising."""

    coverage: float
    threshold: float
    acted: Rate


class Band(msgspec.Struct, frozen=True):
    """Items whose stated confidence lies in [low, high)."""

    low: float
    high: float
    confidence: float  # mean
    rate: Rate


class Period(msgspec.Struct, frozen=True):
    """One week from `start` (microseconds UTC)."""

    start: int
    rate: Rate
    confidence: float | None


class OverTime(msgspec.Struct, frozen=True):
    """Whether it held: the earlier half of the items against the later half."""

    weeks: tuple[Period, ...]
    earlier: Rate
    later: Rate
    change: tuple[float, float, float]  # later minus earlier, with its 95 % interval (Newcombe)

    @property
    def verdict(self) -> Literal["got worse", "got better", "held"]:
        """Held unless the interval leaves zero out and the change is two points or more."""
        change, low, high = self.change
        if abs(change) < 0.02 or low <= 0 <= high:
            return "held"
        return "got worse" if change > 0 else "got better"


class SegmentRow(msgspec.Struct, frozen=True):
    """One segment with a promise of its own: the risk is shared among the segments."""

    column: str
    word: str
    share: float
    rate: Rate
    budget: float
    coverage: float | None  # None: closed
    acted: Rate | None


class FirstLook(msgspec.Struct, frozen=True):
    """Everything the page and the terminal say."""

    n: int
    overall: Rate
    confidence: float | None  # mean
    calibration_error: float | None
    person: tuple[Rate, tuple[float, float, float]] | None  # their own rate; AI minus people with interval
    rows: tuple[BudgetRow, ...]
    curve: tuple[CurvePoint, ...]
    bands: tuple[Band, ...]
    over_time: OverTime | None
    segments: tuple[SegmentRow, ...]
    search: Search
    span: tuple[int, int] | None
    risk: float = RISK

    @property
    def best(self) -> BudgetRow | None:
        """The strictest budget that opens, None where nothing does."""
        return next((row for row in self.rows if row.threshold is not None), None)


def look(judged: Judged) -> FirstLook:
    """The first look at `judged`; at least one item. Under 10 s for 1e6 items."""
    judged = judged.in_order()
    rows = tuple(_budget_row(judged, budget, RISK / len(BUDGETS)) for budget in BUDGETS)
    main = next((row.budget for row in rows if row.threshold is not None), BUDGETS[-1])
    score, bands = judged.score, _bands(judged)
    return FirstLook(
        n=len(judged),
        overall=rate(judged.loss.sum(), len(judged), level=RISK),
        confidence=None if score is None else float(score.mean()),
        calibration_error=None if score is None else _calibration_error(bands, len(judged)),
        person=_people(judged),
        rows=rows,
        curve=_curve(judged),
        bands=bands,
        over_time=_over_time(judged),
        segments=_segments(judged, main),
        search=search(judged, level=RISK),
        span=None if judged.at is None else (int(judged.at[0]), int(judged.at[-1])),
    )


def _ranked(judged: Judged) -> Floats:
    """A score for every item; where the AI gave none all items rank alike, and it is all or nothing."""
    return np.ones(len(judged)) if judged.score is None else judged.score


def _budget_row(judged: Judged, budget: float, risk: float) -> BudgetRow:
    scores, n = _ranked(judged), len(judged)
    grid = coverage_grid(scores, reachable(COVERAGES, n, budget=budget, risk=risk))
    found = certify_log(scores, judged.loss, grid, budget=budget, risk=risk)
    threshold = found.threshold if found.threshold is not None else float(grid[0])
    acted = scores >= threshold
    wrong = rate(judged.loss[acted].sum(), int(acted.sum()), level=risk)
    if found.threshold is not None:
        return BudgetRow(budget, "opens", wrong.n / n, wrong.n, wrong, threshold)
    too_wrong = wrong.low >= budget or wrong.share >= budget
    more = None if too_wrong else _more(wrong, budget, risk)
    why: Why = "surest_are_too_wrong" if too_wrong else "too_few_labels"
    return BudgetRow(budget, why, wrong.n / n, wrong.n, wrong, None, more)


def _more(seen: Rate, budget: float, risk: float) -> int | None:
    """About how many more labels like these would open the gate in half of all futures."""
    ahead = labels_needed(budget, seen.share, risk, errors=int(np.ceil(seen.wrong)), labels=seen.n)
    return ahead.median


def _curve(judged: Judged) -> tuple[CurvePoint, ...]:
    if judged.score is None:
        return ()
    grid = coverage_grid(judged.score, tuple(np.arange(2, 101, 2) / 100))
    order = np.sort(judged.score)
    by_score = np.argsort(-judged.score, kind="stable")
    wrong = np.cumsum(judged.loss[by_score])
    counts = len(order) - np.searchsorted(order, grid, side="left")
    return tuple(
        CurvePoint(n / len(order), float(threshold), rate(wrong[n - 1], int(n), level=RISK))
        for threshold, n in zip(grid, counts, strict=True)
    )


def _bands(judged: Judged) -> tuple[Band, ...]:
    if judged.score is None:
        return ()
    band = np.minimum((judged.score * BANDS).astype(int), BANDS - 1)
    n = np.bincount(band, minlength=BANDS)
    said = np.bincount(band, judged.score, BANDS)
    wrong = np.bincount(band, judged.loss, BANDS)
    return tuple(
        Band(b / BANDS, (b + 1) / BANDS, float(said[b] / n[b]), rate(wrong[b], int(n[b]), level=RISK / 2))
        for b in np.flatnonzero(n)
    )


def _calibration_error(bands: tuple[Band, ...], n: int) -> float:
    """Mean distance between confidence and share right, weighted by items (Naeini, Cooper, Hauskrecht 2015)."""
    return sum(abs(band.confidence - (1 - band.rate.share)) * band.rate.n for band in bands) / n


def _people(judged: Judged) -> tuple[Rate, tuple[float, float, float]] | None:
    """What people did alone on the same items, and the paired difference with a normal 95 % interval."""
    if judged.person is None:
        return None
    known = ~np.isnan(judged.person)
    n = int(known.sum())
    if n < 2:
        return None
    difference = judged.loss[known] - judged.person[known]
    half = 1.96 * float(difference.std(ddof=1)) / np.sqrt(n)
    mean = float(difference.mean())
    return rate(judged.person[known].sum(), n, level=RISK / 2), (mean, mean - half, mean + half)


def _over_time(judged: Judged) -> OverTime | None:
    if judged.at is None or len(judged) < 4:
        return None
    half = len(judged) // 2
    earlier, later = judged.loss[:half], judged.loss[half:]
    week = (judged.at - judged.at[0]) // WEEK
    weeks = tuple(_period(judged, np.flatnonzero(week == w)) for w in np.unique(week)[:520])
    change = newcombe(float(later.sum()), len(later), float(earlier.sum()), len(earlier), level=0.05)
    return OverTime(
        weeks,
        rate(earlier.sum(), len(earlier), level=RISK / 2),
        rate(later.sum(), len(later), level=RISK / 2),
        change,
    )


def _period(judged: Judged, rows: Rows) -> Period:
    at, score = judged.at, judged.score
    assert at is not None
    mean = None if score is None else float(score[rows].mean())
    start = int(at[0] + (at[rows[0]] - at[0]) // WEEK * WEEK)
    return Period(start, rate(judged.loss[rows].sum(), len(rows), level=RISK / 2), mean)


def _segments(judged: Judged, budget: float) -> tuple[SegmentRow, ...]:
    """Each declared segment, certified on its own at risk / number of segments."""
    parts = [
        (name, word, np.flatnonzero(judged.groups[name].codes == code))
        for name in judged.segments
        for code, word in enumerate(judged.groups[name].words)
    ]
    parts = [part for part in parts if len(part[2])]
    return tuple(_segment(judged, *part, budget, RISK / len(parts)) for part in parts)


def _segment(judged: Judged, column: str, word: str, rows: Rows, budget: float, risk: float) -> SegmentRow:
    part = judged.take(rows)
    row = _budget_row(part, budget, risk)
    opens = row.threshold is not None
    return SegmentRow(
        column,
        word,
        len(rows) / len(judged),
        rate(part.loss.sum(), len(part), level=risk),
        budget,
        row.coverage if opens else None,
        row.acted if opens else None,
    )
