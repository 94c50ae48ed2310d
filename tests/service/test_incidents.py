"""The spine on a real log: 24,918 IT incidents, a pilot on the easy ones, and what the work was really like.

One run serves every test here. The figures are what an independent study of the same log found.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from airworthy.base.clock import FixedClock, Micros
from airworthy.charter.load import load
from airworthy.claim.catalogue import BY_ID
from airworthy.data.work import read_work
from airworthy.evidence.gap import read_gap
from airworthy.page import gap as gap_page
from airworthy.record.codec import record
from airworthy.service.backtest import Backtest
from airworthy.service.prove import prove, render
from airworthy.storage.memory import MemoryStore
from charter.golden import ROOT

FOLDER = ROOT / "examples/incident-triage"
NOW = Micros(1_790_000_000_000_000)


class Lived:
    """The charter, the store after the run, the run's report and the proof."""

    def __init__(self, log):
        self.log = log
        self.charter = load(FOLDER / "charter.yaml", BY_ID)
        self.store = MemoryStore()
        self.report = self.run()
        self.proof = prove(self.charter, self.store, None, folder=FOLDER)
        self.gap = self.proof.facts.gap
        self.slices = {one.name: one for one in self.gap.slices}

    def run(self):
        return Backtest(self.charter, FOLDER, FixedClock(NOW), log_file=self.log).run(self.store)

    def claim(self, name):
        return next(one for one in (*self.proof.found.needed, *self.proof.found.others) if one.claim == name)


@pytest.fixture(scope="module")
def lived(shared_data):
    return Lived(shared_data / "incident_event_log" / "incident_event_log.csv.gz")


def test_the_pilot_was_right_seven_times_in_ten_and_the_work_half_the_time(lived):
    assert lived.slices["P0"].accuracy == pytest.approx(717_000, abs=30_000)
    assert lived.slices["P3"].accuracy == pytest.approx(528_000, abs=20_000)


def test_confidence_hardly_moved_while_accuracy_fell(lived):
    assert abs(lived.slices["P3"].confidence - lived.slices["P0"].confidence) < 70_000


def test_acting_at_the_pilots_threshold_would_have_been_wrong_beyond_the_budget(lived):
    assert lived.slices["P0"].acted_error <= 200_000
    assert lived.slices["P3"].acted_error > 200_000


def test_the_cause_is_named_and_it_is_neither_the_data_nor_time(lived):
    reading = read_gap(lived.gap)
    assert set(reading.named) == {"top-15-groups", "happy-path"}
    assert not reading.drifted
    assert reading.verdict == "the pilot saw easier work"


def test_complete_fields_alone_move_accuracy_hardly_at_all(lived):
    of = {one.filters: one for one in lived.gap.ablations}
    only, everything = of[("complete-fields",)], of[()]
    assert abs(only.pilot - everything.pilot) <= 20_000


def test_people_alone_are_right_two_times_in_three(lived):
    work = read_work(lived.charter, FOLDER, log_file=lived.log)
    wrong = work.person_wrong(np.arange(len(work)))
    assert 1 - float(np.nanmean(wrong)) == pytest.approx(0.661, abs=0.005)


def test_an_honest_pilot_would_have_seen_it_on_day_one(lived):
    assert lived.gap.honest_coverage is None or lived.gap.honest_coverage < 50_000
    said = gap_page.honest(lived.gap)
    assert "An honest pilot" in said
    assert "“not ready” could be seen before anything was scaled" in said
    assert said in render(lived.charter, lived.proof, at=NOW)


def test_the_verdict_is_not_ready_and_the_blocker_is_a_refuted_claim(lived):
    assert lived.proof.found.stage == "assist"
    assert lived.proof.found.word == "refuted"
    assert lived.proof.found.blocker.word == "refuted"
    assert lived.claim("production-like-pilot").word == "refuted"
    assert lived.claim("no-worse-than-today").word == "refuted"


def test_nothing_acted_and_nobody_was_told_to_act(lived):
    told = Counter(found.told for found in made(lived))
    assert set(told) == {"review", "fallback"}
    assert not any(found.route == "act" for found in made(lived))


def made(lived):
    return [record(one.leaf) for one in lived.store.scan(kinds=["decision.made"])]


def test_every_item_has_one_decision_and_one_outcome(lived):
    decisions = made(lived)
    outcomes = [record(one.leaf) for one in lived.store.scan(kinds=["outcome.learnt"])]
    unknown = int(np.isnan(lived.proof.facts.decisions.loss).sum())
    assert len(decisions) == len(outcomes) + unknown == lived.report.items
    assert 0 < unknown < 400  # incidents whose last group nobody recorded
    assert {one.decision for one in outcomes} < {one.id for one in decisions}
    assert [one.at for one in decisions] == sorted(one.at for one in decisions)


def test_what_the_gate_would_act_on_is_only_what_it_had_certified(lived):
    moves = [record(one.leaf) for one in lived.store.scan(kinds=["decision.made", "gate.opened", "gate.closed"])]
    threshold = None
    for found in moves:
        kind = type(found).__name__
        if kind == "DecisionMade":
            assert found.threshold == threshold
        else:
            threshold = found.threshold if kind == "GateOpened" else None


def test_a_finished_run_adds_nothing(lived):
    before = lived.store.size()
    again = lived.run()
    assert (again.recorded, lived.store.size()) == (0, before)


def test_what_is_simulated_is_said_on_every_decision(lived):
    assert all(one.simulated == lived.charter.log.simulated for one in made(lived))
    loss = lived.proof.facts.decisions.loss
    assert np.all(loss[~np.isnan(loss)] <= 1)
