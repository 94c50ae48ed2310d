"""Judging one claim: proven and refuted only by evidence, undecided with a reason and what it would take.

A verdict and the interval beside it are one statement: `proven` exactly when the whole interval lies on the allowed
side of the limit, `refuted` when it lies on the other.
"""

from __future__ import annotations

from typing import assert_never

import numpy as np

from airworthy.base.clock import DAY
from airworthy.charter.model import Charter
from airworthy.charter.promise import Claim
from airworthy.claim.catalogue import Side, Spec
from airworthy.claim.verdict import Interval, Verdict, Word
from airworthy.evidence.measurement import Figure, Mean, Measurement, Share, Times, Unmeasured
from airworthy.stats.planner import labels_needed
from airworthy.stats.sequence import mean_interval, rate_interval, rate_intervals

LOOKS = 64  # places in the past at which `since` is looked for
MEAN_LOOKS = 10


def evaluate(spec: Spec, measurement: Measurement, charter: Charter) -> Verdict:
    """The verdict on `spec` given what was measured, under the limits `charter` sets."""
    limits = _Limits(spec, next((one for one in charter.claims if one.claim == spec.claim), None), charter)
    match measurement:
        case Share() | Mean() if not len(measurement.values):
            return limits.verdict("undecided", None, why=f"not one {measurement.of} was seen", takes=spec.action)
        case Unmeasured():
            return limits.verdict("undecided", None, why=measurement.why, takes=measurement.takes)
        case Share():
            return _share(limits, measurement)
        case Mean():
            return _mean(limits, measurement)
        case Figure():
            seen = Interval(measurement.value, measurement.low, measurement.high, measurement.n, measurement.of, False)
            return _said(limits, seen, since=measurement.at)
        case _:
            assert_never(measurement)


class _Limits:
    """A claim's limit and level, and who set them."""

    def __init__(self, spec: Spec, declared: Claim | None, charter: Charter) -> None:
        self.spec = spec
        budget = float(charter.error_budget.budget)
        stated = None if declared is None else declared.limit
        fallback = budget if spec.limit is None else spec.limit
        self.limit = fallback if stated is None else float(stated)
        self.level = spec.level if declared is None or declared.level is None else float(declared.level)
        self.set_by = "catalogue"
        if stated is not None or spec.limit is None:
            self.set_by = (declared.set_by if declared else None) or charter.owners.trust.seat

    def verdict(self, word: Word, measured: Interval | None, **more: object) -> Verdict:
        spec = self.spec
        return Verdict(
            claim=spec.claim, pillar=spec.pillar, title=spec.title, side=spec.side, limit=self.limit, unit=spec.unit,
            level=self.level, set_by=self.set_by, usual_limit=spec.limit, usual_level=spec.level, word=word,
            measured=measured, action=spec.action, who=spec.who,
            **more,  # type: ignore[arg-type]
        )  # fmt: skip


def judge(side: Side, limit: float, low: float, high: float) -> Word:
    """What an interval says of a limit. Touching the limit decides nothing."""
    if side == "within":
        if -limit < low and high < limit:
            return "proven"
        return "refuted" if low > limit or high < -limit else "undecided"
    if side == "at_most":
        return "proven" if high < limit else "refuted" if low > limit else "undecided"
    return "proven" if low > limit else "refuted" if high < limit else "undecided"


def _share(limits: _Limits, share: Share) -> Verdict:
    n, yes = len(share.values), float(share.values.sum())
    low, high = rate_interval(round(yes), n, level=limits.level)
    seen = Interval(yes / n, low, high, n, share.of, True)
    return _said(limits, seen, since=_since(limits, share), more=_more(limits, seen), rate=_per_day(share.at))


def _since(limits: _Limits, share: Share) -> int | None:
    """The earliest of LOOKS past looks from which on the verdict has been what it is now."""
    looks = np.unique(np.linspace(1, len(share.values), LOOKS).astype(int))
    yes = np.cumsum(share.values)[looks - 1].round()
    lows, highs = rate_intervals(yes, looks, level=limits.level)
    words = [judge(limits.spec.side, limits.limit, low, high) for low, high in zip(lows, highs, strict=True)]
    held = len(words) - 1
    while held and words[held - 1] == words[-1]:
        held -= 1
    return int(share.at[looks[held] - 1])


def _mean(limits: _Limits, mean: Mean) -> Verdict:
    low, high = mean_interval(mean.values, level=limits.level, low=-1.0, high=1.0)
    seen = Interval(float(mean.values.mean()), low, high, len(mean.values), mean.of, True)
    return _said(limits, seen, since=_mean_since(limits, mean))


def _mean_since(limits: _Limits, mean: Mean) -> int:
    """As `_since`, at fewer looks: each costs a whole interval."""
    looks = np.unique(np.linspace(max(1, len(mean.values) // MEAN_LOOKS), len(mean.values), MEAN_LOOKS).astype(int))
    words = []
    for look in looks.tolist():
        low, high = mean_interval(mean.values[:look], level=limits.level, low=-1.0, high=1.0)
        words.append(judge(limits.spec.side, limits.limit, low, high))
    held = len(words) - 1
    while held and words[held - 1] == words[-1]:
        held -= 1
    return int(mean.at[looks[held] - 1])


def _more(limits: _Limits, seen: Interval) -> int | None:
    """About how many more observations would prove a share, in half of all futures; None where none would."""
    wrong = seen.value if limits.spec.side == "at_most" else 1 - seen.value
    budget = limits.limit if limits.spec.side == "at_most" else 1 - limits.limit
    if not 0 < budget < 1 or wrong >= budget:
        return None
    return labels_needed(budget, wrong, limits.level, errors=round(wrong * seen.n), labels=seen.n).median


def _per_day(at: Times) -> float | None:
    days = (int(at[-1]) - int(at[0])) / DAY if len(at) else 0.0
    return len(at) / days if days > 0 else None


def _said(
    limits: _Limits, seen: Interval, *, since: int | None, more: int | None = None, rate: float | None = None
) -> Verdict:
    word = judge(limits.spec.side, limits.limit, seen.low, seen.high)
    if word != "undecided":
        why = (
            "the whole interval lies on the allowed side"
            if word == "proven"
            else "the whole interval lies beyond the limit"
        )
        return limits.verdict(word, seen, since=since, why=why, takes=limits.spec.action if word == "refuted" else "")
    takes = (
        f"about {more:,} more observations, each one {seen.of}"
        if more
        else "more observations do not help where the rate is"
    )
    days = more / rate if more and rate else None
    return limits.verdict(word, seen, why="the interval crosses the limit", takes=takes, more=more, days=days)
