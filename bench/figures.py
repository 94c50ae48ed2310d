"""Measures what the statistics promise and writes docs/reference/statistics-figures.md. Fixed seeds; some minutes.

python bench/figures.py            all runs, written to the page
python bench/figures.py --short    a tenth of the runs, printed only
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from airworthy.stats.boundary import Boundary, Side
from airworthy.stats.planner import chance_of_opening, chance_of_revoking, labels_needed, labels_to_revoke
from airworthy.stats.simulation import (
    Delays,
    World,
    audits_needed,
    ever_decides,
    late_labels,
    once,
    peeking,
    segments,
    unequal_audits,
)
from airworthy.stats.streams import days, life_cycle, weeks_to_notice

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "statistics-figures.md"
SEGMENTS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)


@dataclass(frozen=True)
class Figure:
    what: str
    promised: str  # "" where nothing is promised and the figure is for comparison
    measured: str
    holds: bool | None = None


def at_most(what: str, measured: float, limit: float) -> Figure:
    return Figure(what, f"at most {limit:g}", f"{measured:.4g}", measured <= limit)


def at_least(what: str, measured: float, limit: float) -> Figure:
    return Figure(what, f"at least {limit:g}", f"{measured:.4g}", measured >= limit)


def beside(what: str, measured: str) -> Figure:
    return Figure(what, "", measured)


def about(what: str, measured: float, reference: str, low: float, high: float) -> Figure:
    return Figure(what, f"about {reference}", f"{measured:,.0f}", low <= measured <= high)


def looks(scale: float) -> Iterator[Figure]:
    """Peeking every 20 of 20,000 labelled decisions, budget .05, risk .10, a chain from 10 % coverage in 1 % steps."""
    runs = max(40, int(400 * scale))
    for name, world in (("linear", World(0.2)), ("steep", World(0.3, 2.0))):
        found = peeking(world, runs=runs)
        yield at_most(f"{name} world: ever open beyond the budget", found.gate, 0.10)
        yield beside(f"{name} world: the rate seen so far, peeked at", f"{found.naive:.3f}")
        yield beside(f"{name} world: a binomial test per threshold, peeked at", f"{found.binomial:.3f}")
        yield at_least(f"{name} world: coverage of the oracle's at 5,000", found.coverage[5_000], 0.70)
        yield at_least(f"{name} world: coverage of the oracle's at 20,000", found.coverage[20_000], 0.80)
        wrong, coverage = once(world, runs=int(1_000 * scale))
        yield at_most(f"{name} world: one look at 10,000, binomial test, beyond the budget", wrong, 0.10)
        yield at_least(f"{name} world: one look at 10,000, coverage of the oracle's", coverage, 0.88)


def at_the_budget(scale: float) -> Iterator[Figure]:
    """Risk and budget .05, level .05, looked at after each of 20,000 labels; simulated and summed exactly."""
    runs = int(2_000 * scale)
    cases: tuple[tuple[str, Side, float], ...] = (
        ("certified", "below", chance_of_opening(0.05, 0.05, 0.05, within=20_000)),
        ("revoked", "above", chance_of_revoking(0.05, 0.05, 0.05, within=20_000)),
    )
    for name, side, chance in cases:
        yield at_most(f"ever {name}, exact chance", chance, 0.05)
        yield beside(f"ever {name}, {runs:,} simulated runs", f"{falsely(side, runs):.4f}")
    for labels in (1_000, 5_000):
        chance = chance_of_opening(0.05, 0.05, 0.05, within=labels)
        yield at_most(f"ever certified within {labels:,} labels, exact chance", chance, 0.05)
        chance = chance_of_revoking(0.05, 0.05, 0.05, within=labels)
        yield at_most(f"ever revoked within {labels:,} labels, exact chance", chance, 0.05)


def falsely(side: Side, runs: int) -> float:
    boundary, random = Boundary(budget=0.05, level=0.05, side=side), np.random.default_rng(31)
    return float(
        np.mean([ever_decides(random.random((50, 20_000)) < 0.05, boundary).mean() for _ in range(runs // 50)])
    )


def late(scale: float) -> Iterator[Figure]:
    """True risk .08, budget .05, 5,000 items; right answers show after 20 items in the mean, wrong ones after 1,000."""
    decision_order, arrival_order = late_labels(Delays(), runs=int(10_000 * scale))
    yield beside("level 0.05, decision order after a horizon of 5,000: certified", f"{decision_order:.4f}")
    yield beside("level 0.05, in the order labels arrive: certified", f"{arrival_order:.3f}")
    for level in (0.05, 0.10):
        chance = chance_of_opening(0.05, 0.08, level, within=5_000)
        yield at_most(
            f"level {level:.2f}, exact chance if no label is late; decision order cannot exceed it", chance, 0.001
        )


def eight(scale: float) -> Iterator[Figure]:
    """Eight segments of 4,000 labels each, risk .10 shared equally."""
    yield at_most("any segment ever open beyond its budget", segments(SEGMENTS, runs=max(20, int(400 * scale))), 0.10)


def healthy(scale: float) -> Iterator[Figure]:
    """A system exactly at its budget .05 for 50,000 acted items; monitor at level .05, detector at threshold 200."""
    for q in (0.02, 0.05, 0.10, 0.20):
        found = life_cycle(q, runs=int(1_000 * scale), seed=41)
        yield at_most(f"audit rate {q:g}: ever revoked", found.revoked, 0.05)
        yield at_least(f"audit rate {q:g}: mean labels to an alarm of the detector", found.run_length, 200)


def unequal(scale: float) -> Iterator[Figure]:
    """A quarter of the items is far better and audited more often (q .5 against .05); budget and level .05."""
    bad, good = (
        unequal_audits(true_risk=0.05, runs=int(1_000 * scale)),
        unequal_audits(true_risk=0.025, runs=int(400 * scale)),
    )
    yield at_most("true risk .05, weights: ever certified", bad.weighted, 0.05)
    yield at_most("true risk .05, corrected predictions: ever certified", bad.predicted, 0.05)
    yield at_most("true risk .05, weights: ever revoked", bad.weighted_revoked, 0.05)
    yield at_most("true risk .05, corrected predictions: ever revoked", bad.predicted_revoked, 0.05)
    yield beside("true risk .05, plain counting: ever certified", f"{bad.counted:.3f}")
    yield beside("true risk .025, weights: certified within 20,000 items", f"{good.weighted:.3f}")
    yield beside("true risk .025, corrected predictions: certified within 20,000 items", f"{good.predicted:.3f}")
    for hit in (0.5, 0.7, 0.9, 1.0):
        counted, helped = audits_needed(true_risk=0.025, q=0.05, hit=hit, rows=40_000, runs=int(400 * scale))
        saved = f"{counted:,.0f} counted, {helped:,.0f} corrected: {1 - helped / counted:+.0%} saved"
        if hit == 0.9:
            yield Figure(
                f"median audits at q .05, predictor flags {hit:.0%} of errors",
                "a third saved",
                saved,
                helped <= 0.7 * counted,
            )
        else:
            yield beside(f"median audits at q .05, predictor flags {hit:.0%} of errors", saved)


def needed(_: float) -> Iterator[Figure]:
    """Labels until the decision, exact; level .05. References within a tenth count as reproduced."""
    for budget, risk, median, p90 in (
        (0.05, 0.025, (380, 380), (920, 920)),
        (0.02, 0.010, (1_010, 1_010), (2_310, 2_310)),
        (0.01, 0.005, (1_730, 1_880), (4_500, 4_500)),
    ):
        found = labels_needed(budget, risk, 0.05)
        for name, value, (low, high) in (("median", found.median, median), ("p90", found.p90, p90)):
            reference = f"{low:,}" if low == high else f"{low:,} to {high:,}"
            yield about(
                f"to open, budget {budget:g}, risk {risk:g}: {name}", value or np.inf, reference, 0.9 * low, 1.1 * high
            )
    found = labels_to_revoke(0.05, 0.10, 0.05)
    yield about("to revoke, budget .05, risk .10: median", found.median or np.inf, "180", 0, 198)
    yield about("to revoke, budget .05, risk .10: p90", found.p90 or np.inf, "440", 0, 484)


def alarms(scale: float) -> Iterator[Figure]:
    """Days: 40 items, healthy .90 swinging by .04, limit .85, threshold 365, step to .70. Weeks: spread .03."""
    found = days(runs=max(60, int(600 * scale)))
    yield at_least("days: detector at its limit, mean days to a false alarm", found.detector_run_length, 365)
    yield beside("days: detector, median days to notice the step", f"{found.detector_delay:.0f}")
    yield beside(
        "days: binomial CUSUM, mean days to a false alarm if counts explained the swing",
        f"{found.cusum_run_length_binomial:,.0f} or more",
    )
    yield beside("days: binomial CUSUM, the same on these days", f"{found.cusum_run_length:,.0f}")
    yield beside("days: binomial CUSUM, median days to notice", f"{found.cusum_delay:.0f}")
    yield beside("days: three-sigma chart, healthy two-year runs with an alarm", f"{found.three_sigma_false:.1%}")
    for threshold, teams in ((104, 1), (104 * 80, 1), (104, 8), (104 * 80, 8)):
        weeks = weeks_to_notice(threshold=threshold, teams=teams)
        yield beside(
            f"weeks: threshold {threshold:,}, {teams} team{'s' * (teams > 1)}: median weeks to notice", f"{weeks:.0f}"
        )


SECTIONS: dict[str, Callable[[float], Iterator[Figure]]] = {
    "Looking all the time": looks,
    "A risk of exactly the budget": at_the_budget,
    "Labels that come late": late,
    "Segments": eight,
    "A healthy life": healthy,
    "Unequal audits and predictors": unequal,
    "Labels needed": needed,
    "Alarms": alarms,
}

HEAD = """# Figures of the statistics

Written by `python bench/figures.py` with fixed seeds; the tests in `tests/coverage/` hold the same promises. What the
figures mean is told in [the explanation](../explanation/statistics.md). Where a promise of the design was not met, the
row says **falls short**: then the promise is wrong, not the figure.

"linear world": scores uniform, a case with score s is wrong with chance .2 (1 - s), the oracle acts on 50 %.
"steep world": .3 (1 - s)^2, the oracle acts on 71 %. In both, one in ten of all cases is wrong.
"""


def page(scale: float) -> str:
    parts = [HEAD]
    for title, section in SECTIONS.items():
        print(title, file=sys.stderr, flush=True)
        parts.append(f"\n## {title}\n\n{section.__doc__}\n\n| what | promised | measured | |\n|---|---|---|---|\n")
        parts += [line(figure) for figure in section(scale)]
    return "".join(parts)


def line(figure: Figure) -> str:
    verdict = {True: "holds", False: "**falls short**", None: ""}[figure.holds]
    return f"| {figure.what} | {figure.promised} | {figure.measured} | {verdict} |\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a tenth of the runs, printed only")
    if parser.parse_args().short:
        print(page(0.1))
    else:
        PAGE.write_text(page(1.0), encoding="utf-8")


if __name__ == "__main__":
    main()
