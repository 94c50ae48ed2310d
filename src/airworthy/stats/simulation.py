"""Worlds whose truth is known, to measure what the guarantees promise: how often a gate is wrong, and what it costs.

Shared by the coverage tests, by the table of figures in the reference, and by the self-test on a user's own machine, so
that all three measure the same thing. Every function takes its seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr

from airworthy.stats.betting import corrected, corrected_range, running
from airworthy.stats.boundary import Boundary
from airworthy.stats.domain import Booleans, Floats, Integers, log_needed
from airworthy.stats.eprocess import below
from airworthy.stats.gate import Certification, certify_log, coverage_grid

Progress = Callable[[int, int], None]  # runs done, runs in all
COVERAGES = tuple(share / 100 for share in range(10, 101))  # a chain that starts at 10 % coverage


@dataclass(frozen=True, slots=True)
class World:
    """Scores uniform on (0, 1); a case with score s is wrong with probability worst * (1 - s)^power."""

    worst: float
    power: float = 1.0

    def draw(self, random: np.random.Generator, rows: int) -> tuple[Floats, Integers]:
        """(scores, losses) of independent cases."""
        scores = random.random(rows)
        return scores, (random.random(rows) < self.worst * (1.0 - scores) ** self.power).astype(np.int64)

    def risk(self, threshold: float) -> float:
        """Share wrong among the cases at or above `threshold`: the truth no gate can see."""
        return float(self.worst * (1.0 - threshold) ** self.power / (self.power + 1.0))

    def oracle_coverage(self, budget: float) -> float:
        """Share of cases acted on by one who knows the truth and spends the whole budget."""
        return float(min(1.0, (budget * (self.power + 1.0) / self.worst) ** (1.0 / self.power)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Peeking:
    """Shares of runs that were ever open beyond the budget, and the coverage reached relative to the oracle's."""

    runs: int
    gate: float
    naive: float
    binomial: float
    coverage: dict[int, float]


def peeking(
    world: World,
    *,
    budget: float = 0.05,
    risk: float = 0.10,
    rows: int = 20_000,
    every: int = 20,
    looks: Iterable[int] = (5_000, 20_000),
    runs: int = 400,
    seed: int = 1,
    progress: Progress | None = None,
) -> Peeking:
    """Our gate, the plain observed rate, and a binomial test, all looked at again and again on the same rows."""
    random, wrong, reached = np.random.default_rng(seed), np.zeros(3), dict.fromkeys(looks, 0.0)
    for run in range(runs):
        chain = coverage_grid(random.random(5_000), COVERAGES)
        scores, losses = world.draw(random, rows)
        found = certify_log(scores, losses, chain, budget=budget, risk=risk)
        beyond = next((j for j, threshold in enumerate(chain) if world.risk(threshold) > budget), len(chain))
        wrong += (
            opened_within(found, rows) > beyond,
            *_peeked(scores, losses, chain[: beyond + 1], budget, risk, every),
        )
        for look in reached:
            index = opened_within(found, look)
            reached[look] += (1.0 - chain[index - 1]) / world.oracle_coverage(budget) / runs if index else 0.0
        if progress:
            progress(run + 1, runs)
    gate, naive, binomial = (wrong / runs).tolist()
    return Peeking(runs=runs, gate=gate, naive=naive, binomial=binomial, coverage=reached)


def opened_within(found: Certification, rows: int) -> int:
    """How many thresholds of the chain were certified by then."""
    late = (j for j, row in enumerate(found.reached) if row is None or row >= rows)
    return next(late, len(found.reached))


def _peeked(
    scores: Floats, losses: Integers, chain: tuple[float, ...], budget: float, risk: float, every: int
) -> tuple[bool, bool]:
    """Whether (the observed rate, the binomial test) ever opens the last threshold of `chain`, the others first."""
    naive = binomial = True
    for threshold in reversed(chain):  # the last is the least likely to open, so the rest is seldom looked at
        acted = scores >= threshold
        labels: Integers = np.cumsum(acted, dtype=np.int64)[every - 1 :: every]
        errors: Integers = np.cumsum(acted * losses)[every - 1 :: every]
        enough = labels >= every
        naive = naive and bool(np.any(enough & (errors <= budget * labels)))
        binomial = binomial and bool(np.any(bdtr(errors, np.maximum(labels, errors), budget) <= risk))
        if not (naive or binomial):
            break
    return naive, binomial


def once(
    world: World, *, budget: float = 0.05, risk: float = 0.10, rows: int = 10_000, runs: int = 400, seed: int = 2
) -> tuple[float, float]:
    """(share of runs beyond the budget, coverage relative to the oracle's) of a single look with a binomial test."""
    random, wrong, reached = np.random.default_rng(seed), 0, 0.0
    for _ in range(runs):
        chain = coverage_grid(random.random(5_000), COVERAGES)
        scores, losses = world.draw(random, rows)
        passed = [_binomial_passes(losses[scores >= threshold], budget, risk) for threshold in chain]
        index = passed.index(False) if False in passed else len(passed)
        if index:
            wrong += world.risk(chain[index - 1]) > budget
            reached += (1.0 - chain[index - 1]) / world.oracle_coverage(budget)
    return wrong / runs, reached / runs


def _binomial_passes(losses: Integers, budget: float, risk: float) -> bool:
    return bool(bdtr(losses.sum(), len(losses), budget) <= risk)


def segments(
    slopes: tuple[float, ...],
    *,
    budget: float = 0.05,
    risk: float = 0.10,
    rows: int = 4_000,
    runs: int = 400,
    seed: int = 3,
) -> float:
    """Share of runs in which any segment is ever open beyond the budget, each segment given an equal part of `risk`."""
    random, wrong = np.random.default_rng(seed), 0
    for _ in range(runs):
        worlds = [World(slope) for slope in slopes]
        wrong += any(_goes_beyond(world, random, rows, budget, risk / len(slopes)) for world in worlds)
    return wrong / runs


def _goes_beyond(world: World, random: np.random.Generator, rows: int, budget: float, risk: float) -> bool:
    chain = coverage_grid(random.random(2_000), COVERAGES)
    index = opened_within(certify_log(*world.draw(random, rows), chain, budget=budget, risk=risk), rows)
    return bool(index) and world.risk(chain[index - 1]) > budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """Right answers show after a mean of `right` items, wrong ones after a mean of `wrong`; judged after `horizon`."""

    right: float = 20.0
    wrong: float = 1_000.0
    horizon: float = 5_000.0


def late_labels(
    delays: Delays,
    *,
    true_risk: float = 0.08,
    budget: float = 0.05,
    level: float = 0.05,
    rows: int = 5_000,
    runs: int = 2_000,
    seed: int = 4,
) -> tuple[float, float]:
    """Share of runs certified (in decision order after the horizon, in the order labels arrive)."""
    random, boundary, certified = np.random.default_rng(seed), Boundary(budget=budget, level=level), np.zeros(2)
    for _ in range(runs):
        wrong = random.random(rows) < true_risk
        delay = random.exponential(np.where(wrong, delays.wrong, delays.right))
        arrival = np.argsort(np.arange(rows) + delay)
        orders = (wrong | (delay > delays.horizon), wrong[arrival])
        certified += [boundary.first(np.flatnonzero(order) + 1, rows) is not None for order in orders]
    decision_order, arrival_order = (certified / runs).tolist()
    return decision_order, arrival_order


def ever_decides(wrong: Booleans, boundary: Boundary) -> Booleans:
    """For each row of `wrong` (runs, labels): whether the evidence ever decides, looking after every label."""
    errors, labels = np.cumsum(wrong, axis=1), np.arange(1, wrong.shape[1] + 1)
    table = boundary.upto(int(errors.max()))
    met = labels >= table[errors] if boundary.side == "below" else labels <= table[errors]
    return np.asarray(met.any(axis=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unequal:
    """Items audited with unequal probability: share of runs ever decided, by how the labels are weighed."""

    weighted: float  # certified, w = least q / q
    predicted: float  # certified, corrected predictions
    counted: float  # certified, every label alike, as if q were equal
    weighted_revoked: float
    predicted_revoked: float


def unequal_audits(
    *, true_risk: float, budget: float = 0.05, level: float = 0.05, rows: int = 20_000, runs: int = 400, seed: int = 5
) -> Unequal:
    """A quarter of the items is looked at ten times as often (q .5 against .05) and is ten times as good.

    So plain counting sees a risk far below the truth. The predictor knows the kind of item and half of the errors.
    """
    random, decided = np.random.default_rng(seed), np.zeros(5)
    low, high = corrected_range(0.05)
    for _ in range(runs):
        easy = random.random(rows) < 0.25
        chance, q = np.where(easy, 0.1, 1.3) * true_risk, np.where(easy, 0.5, 0.05)
        loss, drawn = (random.random(rows) < chance), random.random(rows) < q
        seen, values = np.flatnonzero(drawn), corrected(_guess(random, loss, chance), loss, drawn, q)
        weights = 0.05 / q[seen]
        logs = (
            running(loss[seen], limit=budget, side="below", weights=weights),
            running(values, limit=budget, side="below", low=low, high=high),
            below(np.cumsum(loss[seen]), np.arange(1, len(seen) + 1), budget),
            running(loss[seen], limit=budget, side="above", weights=weights),
            running(values, limit=budget, side="above", low=low, high=high),
        )
        decided += [float(log.max()) >= log_needed(level) for log in logs]
    weighted, predicted, counted, weighted_revoked, predicted_revoked = (decided / runs).tolist()
    return Unequal(
        weighted=weighted,
        predicted=predicted,
        counted=counted,
        weighted_revoked=weighted_revoked,
        predicted_revoked=predicted_revoked,
    )


def _guess(random: np.random.Generator, loss: Booleans, chance: Floats) -> Floats:
    """A fallible second look that flags half of the errors and few others."""
    flagged = random.random(len(loss)) < np.where(loss, 0.5, 0.01)
    return np.where(flagged, 0.6, np.minimum(1.0, 0.5 * chance))


def audits_needed(
    *,
    true_risk: float,
    q: float,
    hit: float,
    budget: float = 0.05,
    level: float = 0.05,
    rows: int,
    runs: int,
    seed: int = 6,
) -> tuple[float, float]:
    """(median audits to open by counting them, median audits with a predictor) at one audit rate q.

    The predictor, a sighted look at every item, flags this share `hit` of the errors and 1 % of the others.
    """
    random, boundary, audits = np.random.default_rng(seed), Boundary(budget=budget, level=level), []
    flagged_risk, other_risk = posterior(true_risk, hit=hit, false_alarm=0.01)
    for _ in range(runs):
        loss, drawn = random.random(rows) < true_risk, random.random(rows) < q
        flagged = random.random(rows) < np.where(loss, hit, 0.01)
        values = corrected(np.where(flagged, flagged_risk, other_risk), loss, drawn, q)
        low, high = corrected_range(q)
        log = running(values, limit=budget, side="below", low=low, high=high)
        decided = np.flatnonzero(log >= log_needed(level))
        helped = drawn[: decided[0] + 1].sum() if len(decided) else np.inf
        audits.append((boundary.first(np.flatnonzero(loss[drawn]) + 1, int(drawn.sum())) or np.inf, helped))
    counted, predicted = np.median(np.array(audits, float), axis=0).tolist()
    return counted, predicted


def posterior(risk: float, *, hit: float, false_alarm: float) -> tuple[float, float]:
    """(risk of a flagged item, risk of any other), by Bayes, where errors are flagged with chance `hit`."""
    flagged = risk * hit + (1.0 - risk) * false_alarm
    return risk * hit / flagged, risk * (1.0 - hit) / (1.0 - flagged)
