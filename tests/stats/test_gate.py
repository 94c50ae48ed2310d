from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airworthy.base.errors import OutOfRange
from airworthy.stats.eprocess import log_evidence_below
from airworthy.stats.gate import Gate, certify_log, coverage_grid, spend

CHAIN = (0.9, 0.6, 0.3, 0.0)


def log_of(rows: int, seed: int, slope: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    scores = random.random(rows)
    return scores, (random.random(rows) < slope * (1 - scores)).astype(int)


def slowly(scores, losses, thresholds, budget, risk) -> tuple[list[int | None], int | None]:
    """The definition: after every row the evidence of every threshold, its running maximum, then the chain."""
    best, reached = [0.0] * len(thresholds), [None] * len(thresholds)
    for row in range(len(scores)):
        for j, threshold in enumerate(thresholds):
            acted = scores[: row + 1] >= threshold
            evidence = log_evidence_below(int(losses[: row + 1][acted].sum()), int(acted.sum()), budget=budget)
            best[j] = max(best[j], evidence)
            if best[j] >= math.log(1 / risk) and reached[j] is None:
                reached[j] = row
    certified = next((j for j, row in enumerate(reached) if row is None), len(thresholds))
    return reached, certified - 1 if certified else None


def test_the_gate_says_what_looking_at_everything_after_every_label_says():
    scores, losses = log_of(400, seed=3, slope=0.1)
    result = certify_log(scores, losses, CHAIN, budget=0.1, risk=0.2)
    reached, index = slowly(scores, losses, CHAIN, 0.1, 0.2)
    assert list(result.reached) == reached
    assert result.index == index


@given(
    rows=st.lists(st.tuples(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), st.integers(0, 1)), max_size=150),
    thresholds=st.lists(st.sampled_from([0.1, 0.25, 0.5, 0.6, 1.0]), min_size=1, unique=True),
    budget=st.sampled_from([0.1, 0.4, 0.8]),
)
@settings(deadline=None, max_examples=60)
def test_learning_row_by_row_and_all_at_once_agree(rows, thresholds, budget):
    chain = sorted(thresholds, reverse=True)
    gate, opened_at = Gate(chain, budget, 0.3), None
    for row, (score, loss) in enumerate(rows):
        before = gate.index
        gate.learn(score, loss)
        opened_at = row if gate.index > before else opened_at
    scores, losses = [score for score, _ in rows], [loss for _, loss in rows]
    result = certify_log(scores, losses, chain, budget=budget, risk=0.3)
    assert (gate.threshold, gate.labels, gate.errors) == (result.threshold, result.labels, result.errors)
    assert opened_at == result.opened_at
    assert gate.log_evidence == result.log_evidence


def test_a_long_log_agrees_with_a_patient_gate():
    scores, losses = log_of(20_000, seed=1)
    chain = coverage_grid(scores[:1_000], [share / 20 for share in range(1, 21)])
    gate = Gate(chain, 0.05, 0.1)
    for score, loss in zip(scores.tolist(), losses.tolist(), strict=True):
        gate.learn(score, loss)
    result = certify_log(scores, losses, chain, budget=0.05, risk=0.1)
    assert (gate.index, gate.labels, gate.errors) == (result.index, result.labels, result.errors)


@pytest.mark.parametrize("cut", [0, 37, 2_000])
def test_a_gate_taken_up_from_a_log_goes_on_as_if_it_had_learnt_it(cut):
    scores, losses = log_of(4_000, seed=8, slope=0.1)
    gate = Gate.after(certify_log(scores[:cut], losses[:cut], CHAIN, budget=0.1, risk=0.2), 0.1, 0.2)
    for score, loss in zip(scores[cut:].tolist(), losses[cut:].tolist(), strict=True):
        gate.learn(score, loss)
    whole = certify_log(scores, losses, CHAIN, budget=0.1, risk=0.2)
    assert (gate.threshold, gate.labels, gate.errors) == (whole.threshold, whole.labels, whole.errors)
    assert gate.threshold is not None


def test_a_gate_opens_at_the_first_label_that_proves_it():
    gate = Gate([0.5], budget=0.05, risk=0.05)
    for _ in range(87):
        gate.learn(0.9, 0)
    assert gate.threshold is None
    gate.learn(0.5, 0)
    assert gate.threshold == 0.5


def test_an_open_gate_stays_open_whatever_comes():
    gate = Gate([0.5], budget=0.05, risk=0.05)
    for loss in [0] * 88 + [1] * 200:
        gate.learn(0.9, loss)
    assert gate.threshold == 0.5
    assert gate.log_evidence[0] < 0


def test_a_lax_threshold_waits_for_every_stricter_one():
    gate = Gate([0.9, 0.1], budget=0.05, risk=0.05)
    for _ in range(300):
        gate.learn(0.5, 0)
    assert gate.threshold is None
    for _ in range(88):
        gate.learn(0.95, 0)
    assert gate.threshold == 0.1


def test_labels_below_every_threshold_count_for_none():
    gate = Gate([0.9, 0.5], budget=0.05, risk=0.05)
    gate.learn(0.1, 1)
    assert (gate.labels, gate.errors) == ((0, 0), (0, 0))


def test_an_empty_log_certifies_nothing():
    result = certify_log([], [], CHAIN, budget=0.05, risk=0.1)
    assert (result.threshold, result.index, result.opened_at) == (None, None, None)
    assert result.labels == (0, 0, 0, 0)


@pytest.mark.parametrize("score", [math.nan])
def test_a_score_that_is_not_a_number_is_refused(score):
    with pytest.raises(OutOfRange, match="`score`"):
        Gate([0.5], 0.05, 0.1).learn(score, 0)
    with pytest.raises(OutOfRange, match="`scores`"):
        certify_log([score], [0], [0.5], budget=0.05, risk=0.1)


def test_a_loss_that_is_neither_right_nor_wrong_is_refused_and_not_counted():
    gate = Gate([0.5], 0.05, 0.1)
    with pytest.raises(OutOfRange, match="`loss`"):
        gate.learn(0.9, 2)
    assert gate.labels == (0,)
    with pytest.raises(OutOfRange, match="`losses`"):
        certify_log([0.9], [0.5], [0.5], budget=0.05, risk=0.1)


@pytest.mark.parametrize("thresholds", [[], [0.5, 0.5], [0.1, 0.9], [math.nan]])
def test_a_chain_that_does_not_fall_is_refused(thresholds):
    with pytest.raises(OutOfRange, match="`thresholds`"):
        Gate(thresholds, 0.05, 0.1)


def test_the_grid_runs_from_strict_to_lax_and_covers_at_least_its_shares():
    scores = np.arange(100) / 100
    assert coverage_grid(scores, [0.5, 0.1, 1.0]) == (0.9, 0.5, 0.0)


def test_scores_that_tie_stay_together_and_thresholds_that_coincide_are_one():
    scores = [0.9] * 50 + [0.2] * 50
    assert coverage_grid(scores, [0.1, 0.3, 0.5, 0.6, 1.0]) == (0.9, 0.2)


def test_all_epochs_together_spend_the_risk():
    assert sum(spend(0.1, k) for k in range(1, 100_000)) == pytest.approx(0.1, rel=1e-4)
    assert spend(0.1, 1) == pytest.approx(0.1 * 6 / math.pi**2)
    assert spend(0.1, 1) == pytest.approx(100 * spend(0.1, 10))


def test_there_is_no_epoch_zero():
    with pytest.raises(OutOfRange, match="`epoch`"):
        spend(0.1, 0)
