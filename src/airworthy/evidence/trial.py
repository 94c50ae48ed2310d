"""The first look: what a bare log of outputs and truths already says, before any charter."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

from airworthy.base.clock import WEEK
from airworthy.evidence.judged import Floats, Judged, Rate, Rows, rate, rates, whole_up
from airworthy.evidence.search import Search, search
from airworthy.stats.difference import newcombe
from airworthy.stats.domain import log_needed
from airworthy.stats.eprocess import log_evidence_below
from airworthy.stats.gate import coverage_grid
from airworthy.stats.grid import reachable
from airworthy.stats.planner import labels_needed

BUDGETS = (0.01, 0.02, 0.05, 0.10, 0.20)
RISK = 0.05  # for the whole table at once
COVERAGES = (0.04, 0.08, 0.12, 0.16, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.70, 0.75, 0.80, 0.85,
             0.90, 0.95, 1.0)  # fmt: skip
STARTS = 3  # chains of thresholds that share a budget's risk
BANDS = 10
MOST_WEEKS = 520
WIDEST_HELD = 0.10  # an interval of the change wider than this does not show that anything held

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
    def verdict(self) -> Literal["got worse", "got better", "held", "cannot tell"]:
        """Held unless the interval leaves zero out and the change is two points or more; a wide one tells nothing."""
        change, low, high = self.change
        if low <= 0 <= high and high - low > WIDEST_HELD:
            return "cannot tell"
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
    rows = budget_rows(judged)
    main = next((row.budget for row in rows if row.threshold is not None), BUDGETS[-1])
    score, bands = judged.score, _bands(judged)
    return FirstLook(
        n=len(judged),
        overall=rate(judged.loss.sum(), len(judged), level=RISK / 2),
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


def budget_rows(judged: Judged) -> tuple[BudgetRow, ...]:
    """The table: what each of BUDGETS buys, with one promise for all of them together at RISK."""
    return tuple(_budget_row(judged, budget, RISK / len(BUDGETS)) for budget in BUDGETS)


def _budget_row(judged: Judged, budget: float, risk: float) -> BudgetRow:
    threshold, tried = certified(judged, budget, risk=risk)
    n, scores = len(judged), _ranked(judged)

    def acting_from(at: float) -> Rate:
        acted = scores >= at
        return rate(judged.loss[acted].sum(), int(acted.sum()), level=risk / STARTS)

    if threshold is not None:
        wrong = acting_from(threshold)
        return BudgetRow(budget, "opens", wrong.n / n, wrong.n, wrong, threshold)
    wrong = min((acting_from(at) for at in tried), key=lambda one: one.share)
    why: Why = "surest_are_too_wrong" if wrong.low >= budget else "too_few_labels"
    more = _more(wrong, budget, risk / STARTS) if wrong.share < budget else None
    return BudgetRow(budget, why, wrong.n / n, wrong.n, wrong, None, more)


def certified(judged: Judged, budget: float, *, risk: float) -> tuple[float | None, tuple[float, ...]]:
    """The laxest threshold that all items together certify, None where nothing is; and the thresholds tried first.

    Three chains start at the strictest level, at half of the items and at all of them, each with its third of the
    risk: one chain that begins with the very surest would stop there where exactly those are wrong.
    Takes the evidence as it stands after the last item, never its maximum on the way: a bare log may be sorted by
    anything, its truths too, and the same rows in another order must open the same gate. A loss between 0 and 1 is
    counted up to a whole one: by convexity the evidence of the sum is below that of betting on each loss.
    """
    scores, n = _ranked(judged), len(judged)
    levels = reachable(COVERAGES, n, budget=budget, risk=risk / STARTS)
    grid = coverage_grid(scores, levels)
    acted = [scores >= threshold for threshold in grid]
    labels = np.array([rows.sum() for rows in acted])
    wrong = np.array([whole_up(judged.loss[rows].sum()) for rows in acted])
    enough = log_evidence_below(wrong, labels, budget=budget) >= log_needed(risk / STARTS)
    starts = sorted({0, int(np.searchsorted(labels, n / 2)) if len(grid) > 1 else 0, len(grid) - 1})
    ends = [start + int(np.argmin([*enough[start:], False])) - 1 for start in starts]
    opened = [end for start, end in zip(starts, ends, strict=True) if end >= start]
    return (grid[max(opened)] if opened else None), tuple(grid[start] for start in starts)


def _more(seen: Rate, budget: float, risk: float) -> int | None:
    """About how many more labels like these would open the gate in half of all futures."""
    ahead = labels_needed(budget, seen.share, risk, errors=whole_up(seen.wrong), labels=seen.n)
    return ahead.median


def _curve(judged: Judged) -> tuple[CurvePoint, ...]:
    if judged.score is None:
        return ()
    grid = coverage_grid(judged.score, tuple(np.arange(2, 101, 2) / 100))
    order = np.sort(judged.score)
    by_score = np.argsort(-judged.score, kind="stable")
    wrong = np.cumsum(judged.loss[by_score])
    counts = len(order) - np.searchsorted(order, grid, side="left")
    found = rates(wrong[counts - 1], counts, level=RISK)
    return tuple(
        CurvePoint(acted.n / len(order), threshold, acted) for threshold, acted in zip(grid, found, strict=True)
    )


def _bands(judged: Judged) -> tuple[Band, ...]:
    if judged.score is None:
        return ()
    band = np.minimum((judged.score * BANDS).astype(int), BANDS - 1)
    n = np.bincount(band, minlength=BANDS)
    said = np.bincount(band, judged.score, BANDS)
    wrong = np.bincount(band, judged.loss, BANDS)
    filled = np.flatnonzero(n)
    found = rates(wrong[filled], n[filled], level=RISK / 2)
    return tuple(
        Band(b / BANDS, (b + 1) / BANDS, float(said[b] / n[b]), measured)
        for b, measured in zip(filled.tolist(), found, strict=True)
    )


def _calibration_error(bands: tuple[Band, ...], n: int) -> float:
    """Mean distance between confidence and share right, weighted by items (Naeini, Cooper, Hauskrecht 2015)."""
    return sum(abs(band.confidence - (1 - band.rate.share)) * band.rate.n for band in bands) / n


def _people(judged: Judged) -> tuple[Rate, tuple[float, float, float]] | None:
    """What people did alone on the same items, and the paired difference with its 95 % interval.

    Source: Bonett and Price, Journal of Educational and Behavioral Statistics 37 (2012): one item is added each way.
    """
    if judged.person is None:
        return None
    known = ~np.isnan(judged.person)
    n = int(known.sum())
    if n < 2:
        return None
    difference = judged.loss[known] - judged.person[known]
    worse, better = (float(np.maximum(side, 0).sum() + 1) / (n + 2) for side in (difference, -difference))
    half = 1.96 * float(np.sqrt((worse + better - (worse - better) ** 2) / (n + 2)))
    interval = (float(difference.mean()), worse - better - half, worse - better + half)
    return rate(judged.person[known].sum(), n, level=RISK / 2), interval


def _over_time(judged: Judged) -> OverTime | None:
    if judged.at is None or len(judged) < 4:
        return None
    half = len(judged) // 2
    earlier, later = judged.loss[:half], judged.loss[half:]
    change = newcombe(float(later.sum()), len(later), float(earlier.sum()), len(earlier), level=0.05)
    first, second = rates([earlier.sum(), later.sum()], [len(earlier), len(later)], level=RISK / 2)
    return OverTime(_weeks(judged.at, judged), first, second, change)


def _weeks(at: Rows, judged: Judged) -> tuple[Period, ...]:
    """The weeks that hold items, counted from the first item; of a longer log the first ten years."""
    number, week = np.unique((at - at[0]) // WEEK, return_inverse=True)
    number, n = number[:MOST_WEEKS], np.bincount(week)[:MOST_WEEKS]
    found = rates(np.bincount(week, judged.loss)[:MOST_WEEKS], n, level=RISK / 2)
    said = np.bincount(week, judged.score)[:MOST_WEEKS] / n if judged.score is not None else [None] * len(n)
    return tuple(
        Period(int(at[0] + w * WEEK), measured, None if mean is None else float(mean))
        for w, measured, mean in zip(number.tolist(), found, said, strict=True)
    )


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
