"""Trying again on the same past costs evidence."""

from __future__ import annotations

import pytest

from airworthy.base.clock import FixedClock, Micros
from airworthy.record.codec import record
from airworthy.record.decision import GateOpened
from airworthy.service.backtest import Backtest
from airworthy.stats.gate import spend
from airworthy.storage.memory import MemoryStore
from service.worlds import CHARTER, loaded, rows, world

NOW = Micros(1_790_000_000_000_000)


def tried(folder, store, *changes):
    """One backtest after another in one log; returns their reports."""
    reports = []
    for number, (old, new) in enumerate(changes):
        here = folder / str(number)
        charter = loaded(world(here, rows(2_000, wrong_clean=0.02, wrong_bad=0.02), charter=CHARTER.replace(old, new)))
        reports.append(Backtest(charter, here, FixedClock(NOW)).run(store))
    return reports


def opened(store, run):
    found = [record(one.leaf) for one in store.scan(kinds={"gate.opened"})]
    return [one for one in found if isinstance(one, GateOpened) and one.run.run == run]


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    store = MemoryStore()
    budget = ("budget: 10 %", "budget: 11 %")
    model = ('version: "1"', 'version: "2"')
    wording = ("title: Sort claims", "title: Sort the claims")
    nothing = ("title", "title")
    return store, tried(tmp_path_factory.mktemp("life"), store, nothing, budget, model, wording, nothing)


def test_another_policy_and_another_model_are_each_another_epoch(life):
    assert [report.epoch for report in life[1][:3]] == [1, 2, 3]


def test_every_opening_carries_the_risk_its_epoch_may_spend(life):
    store, reports = life
    for report in reports[:3]:
        gates = opened(store, report.run)
        assert gates
        assert {one.epoch for one in gates} == {report.epoch}
        assert {one.risk for one in gates} == {round(1e6 * spend(0.05, report.epoch))}


def test_a_change_of_wording_does_not_reset_the_count_and_is_no_chance_of_its_own(life):
    assert life[1][3].epoch == 3  # two others were tried before: the other budget and the other model


def test_a_run_that_is_there_keeps_its_epoch(life):
    assert life[1][4].epoch == 1
    assert life[1][4].recorded == 0
