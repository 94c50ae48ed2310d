"""Judgement: what it is sure of, how wrong it is where it would act, and whether people judge it rightly."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from airworthy.charter.model import Charter
from airworthy.evidence.facts import Facts
from airworthy.evidence.measurement import Mean, Measurement, Measures, Share, Unmeasured, selective
from airworthy.stats.sequence import rate_intervals

_NO_ANSWERS = "no person has answered a case yet"
_NO_DECISIONS = Unmeasured("no decision under this policy is recorded", "`airworthy backtest`, or live decisions")


def acted_error_within_budget(facts: Facts, charter: Charter) -> Measurement:
    """Share wrong among decisions the gate would let act, by labels that may count as truth.

    A decision older than the horizon whose truth is still missing counts as wrong; where more are missing than the
    charter allows nothing is measured, for then the figure would speak of labels and not of the work.
    """
    made = facts.decisions
    if not len(made):
        return _NO_DECISIONS
    if not made.certified.any():
        return Unmeasured(
            _gate_never_opened(facts, charter), "evidence that some share of the work stays within the budget"
        )
    rows = made.certified & _matured(facts, charter)
    if not rows.any():
        return Unmeasured(
            "no decision the gate would act on is old enough to be judged", "decisions older than the horizon"
        )
    if np.isnan(made.loss[rows]).all():
        return Unmeasured(
            "nobody is checking: no outcome of what would be acted on is known", "outcomes or an audit sample"
        )
    missing, limit = float(np.isnan(made.loss[rows]).mean()), float(charter.error_budget.missing_limit)
    if missing > limit:
        said = f"{100 * missing:.0f} % of what it would act on has no known truth, and {100 * limit:g} % may lack it"
        return Unmeasured(said, "the missing outcomes")
    return Share(np.nan_to_num(made.loss[rows], nan=1.0), made.at[rows], "decision the gate would act on")


def _matured(facts: Facts, charter: Charter) -> NDArray[np.bool_]:
    """Decisions whose truth was awaited and is known, or that are older than the horizon at the end of the log.

    What was not drawn counts neither way: its truth comes to light when something goes wrong, which is no fair sample.
    """
    made = facts.decisions
    old = made.at + int(charter.error_budget.horizon) <= made.at[-1]
    return np.asarray(made.awaited & (~np.isnan(made.loss) | old))


def _gate_never_opened(facts: Facts, charter: Charter) -> str:
    """Why nothing was certified, from the surest tenth of the judged items."""
    made, budget = facts.decisions, float(charter.error_budget.budget)
    judged = made.awaited & ~np.isnan(made.loss) & ~np.isnan(made.score) & made.after_pilot
    said = f"the gate never opened at {100 * budget:g} %"
    if judged.sum() < 10:
        return said
    surest = judged & (made.score >= np.quantile(made.score[judged], 0.9))
    wrong = float(made.loss[surest].mean())
    return f"{said}: of the surest tenth of items {100 * wrong:.1f} % were wrong (n = {int(surest.sum()):,})"


class Look(msgspec.Struct, frozen=True):
    """Share wrong so far at one time, with its any-time interval."""

    at: int
    share: float
    low: float
    high: float


class SoFar(msgspec.Struct, frozen=True):
    """How the error budget was spent. `certified`: of what the gate would act on; else of the surest tenth."""

    looks: tuple[Look, ...]
    certified: bool


def budget_over_time(facts: Facts, charter: Charter, *, looks: int = 48) -> SoFar:
    """Share wrong so far among what would be acted on, at up to `looks` times."""
    made = facts.decisions
    judged = made.awaited & ~np.isnan(made.loss) & ~np.isnan(made.score) & made.after_pilot
    rows = judged & made.certified
    certified = bool(rows.any())
    if not certified and judged.any():
        rows = judged & (made.score >= np.quantile(made.score[judged], 0.9))
    n = int(rows.sum())
    if n < 2:
        return SoFar((), certified)
    stops = np.unique(np.linspace(min(20, n), n, looks).astype(int))
    wrong = np.cumsum(made.loss[rows])[stops - 1].round()
    lows, highs = rate_intervals(wrong, stops, level=float(charter.error_budget.risk))
    at = made.at[rows][stops - 1]
    columns = zip(at.tolist(), (wrong / stops).tolist(), lows.tolist(), highs.tolist(), strict=True)
    return SoFar(tuple(Look(*column) for column in columns), certified)


def calibrated(facts: Facts, charter: Charter) -> Measurement:
    """Stated confidence minus share right, over all judged work after the pilot, in points of a share."""
    if missing := selective(facts, charter):
        return missing
    made = facts.decisions
    stated = np.where(np.isnan(made.confidence), made.score, made.confidence)
    rows = made.awaited & ~np.isnan(made.loss) & ~np.isnan(stated) & made.after_pilot
    if not rows.any():
        return (
            _NO_DECISIONS
            if not len(made)
            else Unmeasured("no output with a confidence was judged", "scores and outcomes")
        )
    return Mean(stated[rows] - (1 - made.loss[rows]), made.at[rows], "judged item")


def no_worse_than_today(facts: Facts, charter: Charter) -> Measurement:
    """Share right by the AI minus share right by people without it, on the same items after the pilot."""
    if missing := selective(facts, charter):
        return missing
    made = facts.decisions
    rows = made.awaited & ~np.isnan(made.loss) & ~np.isnan(made.person_loss) & made.after_pilot
    if not rows.any():
        return Unmeasured(
            "nobody recorded what people decide without the AI", "`human` in the charter's log, or a hold-back"
        )
    return Mean(made.person_loss[rows] - made.loss[rows], made.at[rows], "item both judged")


def discerning_reviewers(facts: Facts, charter: Charter) -> Measurement:
    """How much more often people accept what is right than what is wrong."""
    return Unmeasured(_NO_ANSWERS, "answers on cases whose truth is known")


def no_rubber_stamp(facts: Facts, charter: Charter) -> Measurement:
    """Share of seeded known-wrong items that people let pass."""
    return Unmeasured(_NO_ANSWERS, "seeded items on the desk")


def challenges_answered(facts: Facts, charter: Charter) -> Measurement:
    """Share of challenges answered in time, the challenger told."""
    return Unmeasured("nobody has challenged an output yet", "the desk, or the public challenge page")


def better_than_either_alone(facts: Facts, charter: Charter) -> Measurement:
    """Share right by people with the AI minus the better of people alone and the AI alone."""
    return Unmeasured("no person has decided with the output in front of them", "blind-first cases at stage assist")


def same_input_same_answer(facts: Facts, charter: Charter) -> Measurement:
    """Share of repeated items with equal output."""
    return Unmeasured("no item was asked about twice", "repeated or near-duplicate items")


MEASURES: Measures = {
    "acted-error-within-budget": acted_error_within_budget,
    "calibrated": calibrated,
    "no-worse-than-today": no_worse_than_today,
    "discerning-reviewers": discerning_reviewers,
    "no-rubber-stamp": no_rubber_stamp,
    "challenges-answered": challenges_answered,
    "better-than-either-alone": better_than_either_alone,
    "same-input-same-answer": same_input_same_answer,
}
