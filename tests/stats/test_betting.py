from __future__ import annotations

import math

import numpy as np
import pytest

from airworthy.base.errors import OutOfRange
from airworthy.stats.betting import (
    SHARES,
    WEIGHTS,
    Wealth,
    bets,
    corrected,
    corrected_range,
    log_evidence_mean_above,
    log_evidence_mean_below,
    running,
)


def plainly(values, limit, side, weights) -> float:
    """The definition: the weighted average of sixteen products, one factor at a time."""
    total = 0.0
    for share, prior in zip(SHARES, WEIGHTS, strict=True):
        wealth = 1.0
        for value, weight in zip(values, weights, strict=True):
            gain = (limit - value) / (1 - limit) if side == "below" else (value - limit) / limit
            wealth *= 1 + share * weight * gain
        total += prior * wealth
    return math.log(total)


@pytest.mark.parametrize("side", ["below", "above"])
def test_online_batch_and_plain_products_agree(side):
    random = np.random.default_rng(2)
    values, weights = random.random(60), random.choice([0.1, 1.0], 60)
    wealth = Wealth(0.4, side=side)
    for value, weight in zip(values, weights, strict=True):
        wealth.learn(value, weight)
    expected = pytest.approx(plainly(values, 0.4, side, weights), abs=1e-10)
    function = log_evidence_mean_below if side == "below" else log_evidence_mean_above
    assert wealth.log_evidence == expected
    assert running(values, limit=0.4, side=side, weights=weights)[-1] == expected
    assert function(values, limit=0.4, weights=weights) == expected


def test_one_value_by_hand():
    # the value 0 against a limit of .5: every bet gains its share of the whole stake
    expected = math.log(1 + float(SHARES @ WEIGHTS))
    assert log_evidence_mean_below([0.0], limit=0.5) == pytest.approx(expected)
    assert log_evidence_mean_above([1.0], limit=0.5) == pytest.approx(expected)


def test_no_values_are_no_evidence():
    assert log_evidence_mean_below([], limit=0.5) == pytest.approx(0.0)
    assert Wealth(0.5, side="above").log_evidence == pytest.approx(0.0)


def test_no_bet_can_lose_everything_on_the_worst_value():
    for side, worst in (("below", 3.0), ("above", -2.0)):
        factors = 1 + bets(0.3, side=side, low=-2.0, high=3.0) * (0.3 - worst)
        assert np.all(factors > 0.01)


def test_runs_side_by_side_are_runs_alone():
    runs = np.random.default_rng(3).random((4, 30))
    together = running(runs, limit=0.3, side="above")
    for run, log in zip(runs, together, strict=True):
        assert log.tolist() == pytest.approx(running(run, limit=0.3, side="above").tolist())


def test_corrected_losses_have_the_mean_of_the_losses():
    """Exactly, by summing over drawn and not drawn."""
    for loss in (0.0, 0.3, 1.0):
        drawn, missed = corrected([0.2, 0.2], [loss, 99.0], [True, False], 0.05)
        assert 0.05 * drawn + 0.95 * missed == pytest.approx(loss)


def test_corrected_losses_stay_in_their_range():
    low, high = corrected_range(0.05)
    predicted, loss = np.meshgrid([0.0, 0.5, 1.0], [0.0, 0.5, 1.0])
    for q in (0.05, 0.3, 1.0):
        values = corrected(predicted, loss, np.ones_like(loss), q)
        assert np.all((values >= low) & (values <= high))
    assert corrected_range(1.0) == (0.0, 1.0)


def test_without_a_predictor_correction_is_the_loss_over_its_probability():
    assert corrected(0.0, 1.0, True, 0.25) == pytest.approx(4.0)


def test_values_weights_and_limits_out_of_range_are_named():
    with pytest.raises(OutOfRange, match="`values`"):
        running([0.5, 1.5], limit=0.5, side="below")
    with pytest.raises(OutOfRange, match="`values`"):
        log_evidence_mean_below([math.nan], limit=0.5)
    with pytest.raises(OutOfRange, match="`limit`"):
        bets(1.0, side="below")
    with pytest.raises(OutOfRange, match="`weight`"):
        Wealth(0.5, side="below").learn(0.5, weight=2.0)
    with pytest.raises(OutOfRange, match="`value`"):
        Wealth(0.5, side="below").learn(math.nan)
