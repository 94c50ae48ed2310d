from __future__ import annotations

import numpy as np
import pytest

from airworthy.stats.boundary import Boundary
from airworthy.stats.gate import certify_log
from airworthy.stats.simulation import World, ever_decides, opened_within, posterior


@pytest.mark.parametrize("world", [World(0.2), World(0.3, 2.0)])
def test_the_risk_of_a_world_is_the_share_wrong_in_a_large_draw(world):
    scores, losses = world.draw(np.random.default_rng(1), 400_000)
    for threshold in (0.0, 0.5, 0.8):
        assert losses[scores >= threshold].mean() == pytest.approx(world.risk(threshold), abs=0.002)


@pytest.mark.parametrize("world", [World(0.2), World(0.3, 2.0), World(0.05)])
def test_the_oracle_spends_the_whole_budget_or_acts_on_everything(world):
    coverage = world.oracle_coverage(0.05)
    assert world.risk(1 - coverage) == pytest.approx(0.05) or coverage == 1.0


def test_decisions_of_many_runs_are_those_of_each():
    wrong = np.random.default_rng(2).random((30, 400)) < 0.05
    boundary = Boundary(budget=0.05, level=0.3)
    alone = [boundary.first(np.flatnonzero(run) + 1, 400) is not None for run in wrong]
    assert ever_decides(wrong, boundary).tolist() == alone


def test_the_chain_opened_within_some_rows_is_the_gate_after_those_rows():
    scores, losses = World(0.1).draw(np.random.default_rng(3), 4_000)
    chain = (0.8, 0.5, 0.2)
    whole = certify_log(scores, losses, chain, budget=0.1, risk=0.1)
    for rows in (0, 150, 400, 4_000):
        early = certify_log(scores[:rows], losses[:rows], chain, budget=0.1, risk=0.1)
        assert opened_within(whole, rows) == (0 if early.index is None else early.index + 1)


def test_the_posterior_by_hand():
    # of 1,000 items 20 are wrong, 18 of them flagged, and 98 of the right ones: 18 of 116, and 2 of 884
    assert posterior(0.02, hit=0.9, false_alarm=0.1) == pytest.approx((18 / 116, 2 / 884))
