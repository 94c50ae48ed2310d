"""The first look: the table, the curve, bands, weeks, people, segments."""

from __future__ import annotations

import numpy as np
import pytest

from airworthy.base.clock import DAY, WEEK
from airworthy.evidence.judged import Grouping, Judged
from airworthy.evidence.trial import BUDGETS, RISK, budget_rows, certified, look
from airworthy.stats.bounded_gate import BoundedGate
from airworthy.stats.eprocess import certify


def informative(n=4_000, seed=70):
    """A score that is as sure as it is right."""
    rng = np.random.default_rng(seed)
    score = rng.beta(5, 1, n)
    return Judged((rng.random(n) > score).astype(float), score)


def test_a_row_opens_exactly_where_the_evidence_does():
    log = informative()
    for row in budget_rows(log):
        if row.threshold is not None:
            acted = log.score >= row.threshold
            evidence = certify(int(log.loss[acted].sum()), int(acted.sum()), budget=row.budget)
            assert evidence >= len(BUDGETS) / RISK
            assert row.acted.high <= row.budget
            assert row.items == acted.sum()


def test_a_laxer_budget_never_buys_less():
    opened = [row.coverage for row in budget_rows(informative(20_000)) if row.threshold is not None]
    assert len(opened) >= 3
    assert opened == sorted(opened)


def test_any_order_of_the_rows_gives_the_same_table():
    log = informative()
    shuffled = log.take(np.random.default_rng(71).permutation(len(log)))
    by_truth = log.take(np.argsort(log.loss, kind="stable"))
    assert budget_rows(log) == budget_rows(shuffled) == budget_rows(by_truth)


def test_a_chain_stops_at_its_first_failure():
    """The surest tenth is wrong and so is the laxest third: what lies between may not be picked out."""
    score = np.linspace(0, 1, 4_000)
    wrong = (score > 0.9) | (score < 0.33)
    threshold, tried = certified(Judged(wrong.astype(float), score), 0.15, risk=0.01)
    assert threshold is None
    assert len(tried) == 3


def test_a_wrong_top_does_not_hide_a_right_rest():
    """The surest tenth is wrong and everything else is right: all of it together stays within a fifth."""
    score = np.linspace(0, 1, 4_000)
    threshold, _ = certified(Judged((score > 0.9).astype(float), score), 0.2, risk=0.01)
    assert threshold == 0.0


def test_partial_losses_are_certified_no_sooner_than_by_betting_on_each():
    rng = np.random.default_rng(72)
    for mean in (0.01, 0.03):
        loss = rng.binomial(4, mean, 1_500) / 4
        gate = BoundedGate([1.0], budget=0.05, risk=0.01)
        for one in loss:
            gate.learn(1.0, float(one))
        if certified(Judged(loss), 0.05, risk=0.01)[0] is not None:
            assert gate.threshold is not None


def test_partial_losses_count_as_their_mean():
    half = look(Judged(np.full(400, 0.5)))
    assert half.overall.share == 0.5
    assert half.overall.low < 0.5 < half.overall.high
    assert half.best is None


def test_without_a_score_it_is_all_or_nothing():
    opened = [row for row in budget_rows(Judged(np.zeros(2_000))) if row.threshold is not None]
    assert [row.coverage for row in opened] == [1.0] * len(BUDGETS)
    assert look(Judged(np.zeros(2_000))).curve == ()


def test_what_is_closed_says_why():
    rng = np.random.default_rng(73)
    rows = {row.budget: row for row in budget_rows(Judged((rng.random(400) < 0.08).astype(float)))}
    assert rows[0.01].why == "surest_are_too_wrong"
    assert rows[0.10].why == "too_few_labels"
    assert rows[0.10].more_labels > 0
    assert all(row.more_labels is None for row in rows.values() if row.acted.share >= row.budget)


def test_the_curve_ends_with_all_items():
    seen = look(informative())
    assert seen.curve[-1].coverage == 1.0
    assert seen.curve[-1].acted.wrong == seen.overall.wrong
    assert [point.coverage for point in seen.curve] == sorted(point.coverage for point in seen.curve)


def test_bands_hold_every_item_once():
    seen = look(informative())
    assert sum(band.rate.n for band in seen.bands) == seen.n
    assert all(band.low <= band.confidence <= band.high for band in seen.bands)
    assert seen.calibration_error < 0.03


def test_weeks_are_counted_from_the_first_item_and_hold_every_item():
    at = np.array([5 * DAY, 6 * DAY, 11 * DAY, 12 * DAY, 40 * DAY])
    time = look(Judged(np.array([0.0, 1, 0, 1, 1]), np.full(5, 0.5), at)).over_time
    assert [(week.start, week.rate.n) for week in time.weeks] == [
        (5 * DAY, 3), (5 * DAY + WEEK, 1), (5 * DAY + 5 * WEEK, 1)
    ]  # fmt: skip
    assert [week.rate.wrong for week in time.weeks] == [1, 1, 1]


def test_few_items_cannot_tell_whether_it_held():
    assert look(Judged(np.zeros(10), at=np.arange(10) * DAY)).over_time.verdict == "cannot tell"


@pytest.mark.parametrize("n", [2, 3, 5])
def test_a_handful_of_items_is_never_surely_worse_than_people(n):
    _, (difference, low, high) = look(Judged(np.ones(n), person=np.zeros(n))).person
    assert difference == 1
    assert low < difference
    assert n > 4 or low <= 0 <= high


def test_the_difference_to_people_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(74)
    covered = []
    for _ in range(80):
        hard = rng.random(60) < 0.3
        ai, person = (rng.random(60) < np.where(hard, 0.5, share) for share in (0.05, 0.15))
        _, (_, low, high) = look(Judged(ai.astype(float), person=person.astype(float))).person
        covered.append(low <= 0.7 * (0.05 - 0.15) <= high)
    assert np.mean(covered) >= 0.91


def test_segments_share_the_risk():
    rng = np.random.default_rng(75)
    codes = (np.arange(6_000) % 3).astype(np.int32)
    loss = (rng.random(6_000) < np.array([0.005, 0.01, 0.3])[codes]).astype(float)
    log = Judged(loss, groups={"team": Grouping(codes, ["a", "b", "c", "gone"])}, segments=("team",))
    rows = {row.word: row for row in look(log).segments}
    assert set(rows) == {"a", "b", "c"}
    assert rows["c"].coverage is None
    assert rows["a"].rate.level == RISK / 3
