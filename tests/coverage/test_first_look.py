"""The first look on simulated logs: how often it promises or finds what is not there, and that it finds what is."""

from __future__ import annotations

import numpy as np
import pytest

from airworthy.base.clock import DAY
from airworthy.evidence.judged import Grouping, Judged
from airworthy.evidence.search import search
from airworthy.evidence.trial import BUDGETS, RISK, budget_rows, certified, look

SIZES = (300, 1_000, 3_000)


def alike(rng, n):
    """No score: all items rank alike."""
    return


def blind(rng, n):
    """A score that knows nothing of the truth."""
    return rng.random(n)


def tied(rng, n):
    """Four values only."""
    return rng.integers(1, 5, n) / 4


def part_losses(rng, n, share):
    """Losses of 0, 1/4, 1/2, 3/4 and 1 with mean `share`."""
    return rng.binomial(4, share, n) / 4


def whole_losses(rng, n, share):
    return (rng.random(n) < share).astype(float)


def promises_too_much(rng, share, score, losses):
    """Whether any row of the table opens although `share` of every group of items is wrong."""
    n = int(rng.choice(SIZES))
    log = Judged(losses(rng, n, share), score(rng, n))
    opened = [budget for budget in BUDGETS if certified(log, budget, risk=RISK / len(BUDGETS))[0] is not None]
    return any(budget < share for budget in opened)


@pytest.mark.parametrize("losses", [whole_losses, part_losses])
@pytest.mark.parametrize("score", [alike, blind, tied])
def test_a_table_seldom_opens_where_the_share_wrong_is_above_the_budget(score, losses):
    rng = np.random.default_rng(20)
    broken = sum(promises_too_much(rng, share, score, losses) for share in (0.0101, 0.101) for _ in range(20))
    assert broken <= 5  # of 40; above 5 has a chance under 1 in 70 at the promised .05


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("score", [alike, blind, tied])
@pytest.mark.parametrize("budget", BUDGETS)
def test_among_500_logs_without_signal_at_most_one_in_twenty_tables_opens_falsely(score, budget):
    rng = np.random.default_rng(21)
    broken = [promises_too_much(rng, budget * (1 + 1e-9), score, whole_losses) for _ in range(500)]
    assert np.mean(broken) <= RISK


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("score", [alike, blind, tied])
def test_among_500_logs_of_partial_losses_at_most_one_in_twenty_tables_opens_falsely(score):
    rng = np.random.default_rng(22)
    broken = [promises_too_much(rng, 0.05 + 1e-9, score, part_losses) for _ in range(500)]
    assert np.mean(broken) <= RISK


def grouped(rng, n, columns=6, size=8):
    return {
        f"column {i}": Grouping(rng.integers(0, size, n).astype(np.int32), [str(k) for k in range(size)])
        for i in range(columns)
    }


def finds_something(rng, calibrated):
    n = int(rng.choice((1_000, 3_000)))
    doubt = rng.beta(1, 6, n)
    loss = (rng.random(n) < (doubt if calibrated else 0.15)).astype(float)
    return bool(search(Judged(loss, 1 - doubt if calibrated else None, groups=grouped(rng, n)), level=RISK).groups)


@pytest.mark.parametrize("calibrated", [True, False])
def test_a_log_with_nothing_to_find_seldom_shows_a_group(calibrated):
    rng = np.random.default_rng(23)
    assert np.mean([finds_something(rng, calibrated) for _ in range(60)]) <= RISK


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("calibrated", [True, False])
def test_among_500_logs_with_nothing_to_find_at_most_one_in_twenty_shows_a_group(calibrated):
    rng = np.random.default_rng(24)
    assert np.mean([finds_something(rng, calibrated) for _ in range(500)]) <= RISK


def test_a_planted_bad_group_is_found_first():
    rng = np.random.default_rng(25)
    groups = grouped(rng, 4_000)
    bad = groups["column 3"].codes == 5
    loss = (rng.random(4_000) < np.where(bad, 0.35, 0.10)).astype(float)
    found = search(Judged(loss, groups=groups), level=RISK).groups
    assert (found[0].column, found[0].word) == ("column 3", "5")
    assert found[0].excess > 50


def drifting(rng, after, n=4_000):
    share = np.where(np.arange(n) < n // 2, 0.08, after)
    loss = (rng.random(n) < share).astype(float)
    return Judged(loss, at=np.arange(n) * DAY // 40)


@pytest.mark.parametrize(("after", "verdict"), [(0.16, "got worse"), (0.03, "got better"), (0.08, "held")])
def test_a_planted_change_is_told_as_what_it_is(after, verdict):
    assert look(drifting(np.random.default_rng(26), after)).over_time.verdict == verdict


def test_a_log_without_change_seldom_seems_to_change():
    rng = np.random.default_rng(27)
    verdicts = [look(drifting(rng, 0.08, n=1_000)).over_time.verdict for _ in range(40)]
    assert sum(verdict != "held" for verdict in verdicts) <= 6  # .05 are promised; 7 of 40 has a chance under 1 in 300


def test_planted_overconfidence_is_measured():
    rng = np.random.default_rng(28)
    score = rng.beta(6, 1, 5_000)
    loss = (rng.random(5_000) > score**3).astype(float)
    found = look(Judged(loss, score))
    truly = float(np.mean(score - score**3))
    assert found.calibration_error == pytest.approx(truly, abs=0.02)
    assert found.confidence - (1 - found.overall.share) == pytest.approx(truly, abs=0.02)


def test_the_order_of_the_rows_opens_nothing():
    """Sorted by truth the first rows are all right: a maximum on the way would open the gate on them."""
    loss = np.sort((np.random.default_rng(29).random(2_000) < 0.3).astype(float))
    assert all(row.threshold is None for row in budget_rows(Judged(loss)))
