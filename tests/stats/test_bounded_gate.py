from __future__ import annotations

import numpy as np
import pytest

from airworthy.base.errors import OutOfRange
from airworthy.stats.betting import running
from airworthy.stats.bounded_gate import BoundedGate


def test_each_threshold_holds_the_evidence_of_what_it_acts_on():
    random = np.random.default_rng(6)
    scores, losses, weights = random.random(200), random.random(200) * 0.1, random.choice([0.2, 1.0], 200)
    gate = BoundedGate([0.7, 0.2], budget=0.2, risk=0.05)
    for row in zip(scores, losses, weights, strict=True):
        gate.learn(*row)
    for threshold, log in zip(gate.thresholds, gate.log_evidence, strict=True):
        acted = scores >= threshold
        slow = running(losses[acted], limit=0.2, side="below", weights=weights[acted])
        assert log == pytest.approx(slow[-1])


def test_it_opens_in_sequence_and_stays_open():
    gate = BoundedGate([0.9, 0.1], budget=0.2, risk=0.05)
    for _ in range(100):
        gate.learn(0.5, 0.0)
    assert gate.threshold is None
    for _ in range(100):
        gate.learn(0.95, 0.0)
    assert gate.threshold == 0.1
    for _ in range(100):
        gate.learn(0.95, 1.0)
    assert gate.threshold == 0.1
    assert gate.log_evidence[0] < 0


def test_an_item_below_every_threshold_changes_nothing():
    gate = BoundedGate([0.9], budget=0.2, risk=0.05)
    gate.learn(0.1, 1.0)
    assert gate.log_evidence[0] == pytest.approx(0.0)


def test_impossible_arguments_are_named():
    gate = BoundedGate([0.9], budget=0.2, risk=0.05)
    for argument, row in (("score", (float("nan"), 0.0)), ("loss", (0.9, 1.5)), ("weight", (0.9, 0.0, 2.0))):
        with pytest.raises(OutOfRange, match=f"`{argument}`"):
            gate.learn(*row)
