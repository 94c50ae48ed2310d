"""Streams whose truth is known, to measure alarms: how long until a false one, how late a true one.

Beside the detector stand the usual charts, on the same streams. Every function takes its seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from airworthy.stats.boundary import Boundary, Side
from airworthy.stats.domain import Booleans, Floats, Integers, bounded
from airworthy.stats.shift import NO_ALARM, alarm_times, cusum_times, mean_run_length, three_sigma_times
from airworthy.stats.simulation import ever_decides

TWO_YEARS = 730  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeCycle:
    """A system that stays exactly at its budget, audited at rate `q`."""

    q: float
    revoked: float  # share of runs in which the monitor ever revoked
    run_length: float  # mean labels to an alarm of the detector, runs cut off at twenty thresholds counted as that


def life_cycle(
    q: float,
    *,
    budget: float = 0.05,
    level: float = 0.05,
    items: int = 50_000,
    threshold: float = 200.0,
    runs: int,
    seed: int,
) -> LifeCycle:
    """No drift at all: what the monitor and the detector do to a system that deserves neither."""
    random, boundary = np.random.default_rng(seed), Boundary(budget=budget, level=level, side="above")
    labels = random.binomial(items, q, runs)
    revoked = [bool(ever_decides(wrong_of(random, 1, int(n), budget), boundary)[0]) for n in labels]
    watched = int(20 * threshold)
    times = alarm_times(wrong_of(random, runs, watched, budget), limit=budget, threshold=threshold, side="above")
    return LifeCycle(q=q, revoked=float(np.mean(revoked)), run_length=mean_run_length(times, watched))


def wrong_of(random: np.random.Generator, runs: int, labels: int, risk: float) -> Booleans:
    """Independent labels at one risk, (runs, labels)."""
    return random.random((runs, labels)) < risk


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """Days of a share that swings more than its counts explain; a figure each for the detector and the usual charts."""

    detector_run_length: float
    cusum_run_length: float
    cusum_run_length_binomial: float  # of the same chart where the counts do explain the swing
    three_sigma_false: float  # share of healthy two-year runs with an alarm
    detector_delay: float  # median days to notice the step
    cusum_delay: float


def days(
    *,
    healthy: float = 0.90,
    limit: float = 0.85,
    shifted: float = 0.70,
    volume: int = 40,
    threshold: float = 365.0,
    runs: int = 300,
    seed: int = 8,
) -> Charts:
    """Daily shares of `volume` items, beta-binomial with a spread of .04; a step from `healthy` to `shifted`.

    The false alarms of the detector are measured at its limit, its worst case; those of the charts where they were set.
    """
    random, length = np.random.default_rng(seed), 5 * TWO_YEARS
    worst = shares(random, limit, volume, (runs, length), spread=0.04)
    well = shares(random, healthy, volume, (runs, length), spread=0.04)
    plain = shares(random, healthy, volume, (runs, length), spread=0.0)
    ill = np.concatenate((well[:, :100], shares(random, shifted, volume, (runs, 200), spread=0.04)), axis=1)

    def detector(values: Floats) -> Integers:
        return alarm_times(values, limit=limit, threshold=threshold)

    def cusum(values: Floats) -> Integers:
        return cusum_times(volume * (1 - values), volume, healthy=1 - healthy, shifted=1 - limit, height=6.0)

    deviation = float(np.sqrt(healthy * (1 - healthy) / volume))
    charted = three_sigma_times(well[:, :TWO_YEARS], mean=healthy, deviation=deviation)
    return Charts(
        detector_run_length=mean_run_length(detector(worst), length),
        cusum_run_length=mean_run_length(cusum(well), length),
        cusum_run_length_binomial=mean_run_length(cusum(plain), length),
        three_sigma_false=float((charted != NO_ALARM).mean()),
        detector_delay=_delay(detector(ill), 100),
        cusum_delay=_delay(cusum(ill), 100),
    )


def expected_delay(
    healthy: ArrayLike,
    *,
    shift: float,
    limit: float,
    threshold: float,
    side: Side = "below",
    history: int = 52,
    watched: int = 200,
    runs: int = 200,
    seed: int = 10,
) -> float:
    """Observations, in the median, until a Detector notices that values like `healthy` have moved by `shift`.

    healthy   past values in [0, 1], drawn from again and again; after `history` of them `shift` is added, within [0, 1]
    Infinite where half of the runs do not notice within `watched`. What to print beside an alarm. Raises OutOfRange.
    """
    random = np.random.default_rng(seed)
    values = random.choice(bounded("healthy", healthy), (runs, history + watched))
    values[:, history:] = np.clip(values[:, history:] + shift, 0.0, 1.0)
    return _delay(alarm_times(values, limit=limit, threshold=threshold, side=side), history)


def weeks_to_notice(
    *,
    threshold: float,
    teams: int = 1,
    healthy: float = 0.90,
    limit: float = 0.85,
    shifted: float = 0.70,
    spread: float = 0.03,
    runs: int = 300,
    seed: int = 9,
) -> float:
    """Median whole weeks to notice a step after a healthy year; teams are fed one after the other.

    With teams the threshold is multiplied by their number, so that the mean time to a false alarm stays in weeks.
    """
    random, weeks = np.random.default_rng(seed), 104
    mean = np.repeat(np.where(np.arange(weeks) < 52, healthy, shifted), teams)
    values = np.clip(random.normal(mean, spread, (runs, len(mean))), 0.0, 1.0)
    times = alarm_times(values, limit=limit, threshold=threshold * teams)
    return _delay(np.where(times == NO_ALARM, NO_ALARM, -(-times // teams)), 52)


def shares(random: np.random.Generator, mean: float, volume: int, shape: tuple[int, int], *, spread: float) -> Floats:
    """Shares of `volume` items whose rate itself swings around `mean` with standard deviation `spread`."""
    rate: float | Floats = mean
    if spread:
        size = mean * (1 - mean) / spread**2 - 1
        rate = random.beta(mean * size, (1 - mean) * size, shape)
    return random.binomial(volume, rate, shape) / volume


def _delay(times: Integers, start: int) -> float:
    """Median observations from `start` to the alarm, among the runs without a false alarm before it."""
    later = times[(times == NO_ALARM) | (times > start)]
    return float(np.median(np.where(later == NO_ALARM, np.inf, later - start)))
