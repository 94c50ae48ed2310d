"""Backtests of small synthetic logs: what is recorded, what resumes, and what comes of unusual logs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pytest

from airworthy.base.clock import FixedClock, Micros, SystemClock
from airworthy.record.codec import record
from airworthy.record.envelope import kind
from airworthy.service.backtest import Backtest
from airworthy.service.prove import prove, render
from airworthy.storage.memory import MemoryStore
from airworthy.storage.sqlite import open_reader, open_store
from service.worlds import CHARTER, PILOT, loaded, rows, world

NOW = Micros(1_790_000_000_000_000)


class Lived:
    """A backtest of one small world in a store in memory, and what is proved from it."""

    def __init__(self, folder, made=None, store=None, **how):
        self.charter = loaded(world(folder, made, **how))
        self.store = store or MemoryStore()
        self.report = Backtest(self.charter, folder, FixedClock(NOW)).run(self.store)
        self.proof = prove(self.charter, self.store, None, folder=folder)
        self.facts = self.proof.facts

    def records(self, *kinds):
        return [record(one.leaf) for one in self.store.scan(kinds=kinds or None)]

    def claim(self, name):
        found = self.proof.found
        return next(one for one in (*found.needed, *found.others) if one.claim == name)


def essence(reader):
    """Every record without what differs between two runs: when it was written, and what is sealed."""
    return [
        {
            key: value
            for key, value in msgspec.to_builtins(record(one.leaf)).items()
            if key not in ("ts", "item", "payloads")
        }
        for one in reader.scan()
    ]


def test_recorded_outputs_need_no_model_object(tmp_path):
    lived = Lived(tmp_path)
    kinds = Counter(kind(one) for one in lived.records())
    assert kinds["decision.made"] == kinds["outcome.learnt"] == lived.report.items
    assert (kinds["charter.adopted"], kinds["run.started"], kinds["run.finished"], kinds["gap.measured"]) == (
        1,
        1,
        1,
        1,
    )
    assert lived.claim("production-like-pilot").word == "refuted"


def test_a_model_learns_from_the_pilot_and_is_judged_on_the_rest(tmp_path):
    lived = Lived(tmp_path, estimator=True)
    assert lived.facts.decisions.loss.mean() == 0
    assert lived.facts.opened
    (finished,) = lived.records("run.finished")
    used = next(one.items for one in finished.left_out if one.why == "used to train and calibrate")
    assert used + lived.report.items == 1_200


def test_a_log_without_a_pilot_is_all_work_and_says_what_is_missing(tmp_path):
    lived = Lived(tmp_path, charter=CHARTER)
    assert set(lived.facts.decisions.stage.tolist()) == {"shadow"}
    assert lived.facts.gap is None
    claim = lived.claim("production-like-pilot")
    assert (claim.word, claim.why) == ("undecided", "the charter names no pilot to compare with")


def test_a_log_that_ends_with_the_pilot_has_nothing_to_compare_it_with(tmp_path):
    lived = Lived(tmp_path, charter=CHARTER + PILOT.replace("2026-01-19", "2026-12-31"))
    assert lived.facts.gap is None
    claim = lived.claim("production-like-pilot")
    assert (claim.word, claim.why) == ("undecided", "the log ends with the pilot")


def test_outputs_without_a_score_are_never_acted_on_and_no_confidence_is_invented(tmp_path):
    lived = Lived(tmp_path, charter=(CHARTER + PILOT).replace("  score: score\n", ""))
    assert np.isnan(lived.facts.decisions.score).all()
    assert not lived.facts.decisions.certified.any()
    assert {one.confidence for one in lived.facts.gap.slices} == {None}
    assert "the AI gives no confidence" in render(lived.charter, lived.proof, at=NOW)


@pytest.mark.parametrize("items", [1, 2, 30])
def test_a_tiny_log_proves_nothing_and_breaks_nothing(tmp_path, items):
    lived = Lived(tmp_path, list(rows(items)), charter=CHARTER)
    assert lived.proof.found.word == "undecided"
    assert "Not yet ready" in render(lived.charter, lived.proof, at=NOW)


def test_a_truth_known_exactly_at_the_horizon_counts(tmp_path):
    text = CHARTER.replace("  outcome_at: closed_at\n", "").replace("known_after: 1d", "known_after: 2d")
    assert Lived(tmp_path, list(rows(900, wrong_clean=0.0, wrong_bad=0.0)), charter=text).facts.opened


def test_a_second_backtest_replaces_the_first_and_an_interrupted_older_one_cannot_mix_in(tmp_path):
    first = Lived(tmp_path / "a", charter=CHARTER)
    second = Lived(tmp_path / "b", list(rows(300, seed=2)), store=first.store, charter=CHARTER)
    assert len(second.facts.decisions) == 300
    assert second.facts.started.items == second.facts.finished.items == 300


def test_another_model_version_starts_without_evidence(tmp_path):
    lived = Lived(tmp_path)
    changed = loaded(world(tmp_path, charter=(CHARTER + PILOT).replace('version: "1"', 'version: "2"')))
    proof = prove(changed, lived.store, None, folder=tmp_path)
    assert (len(proof.facts.decisions), proof.facts.other_policies) == (0, lived.report.items)
    assert proof.facts.gap is None
    assert all(one.measured is None for one in proof.found.needed)


def test_a_changed_policy_starts_without_evidence_and_says_what_was_left_out(tmp_path):
    lived = Lived(tmp_path)
    changed = loaded(world(tmp_path, charter=(CHARTER + PILOT).replace("budget: 10 %", "budget: 8 %")))
    proof = prove(changed, lived.store, None, folder=tmp_path)
    assert (len(proof.facts.decisions), proof.facts.other_policies) == (0, lived.report.items)
    assert (proof.facts.gap, proof.facts.opened, proof.found.word) == (None, (), "undecided")
    assert "under other policies count for nothing" in render(changed, proof, at=NOW)


def test_two_runs_of_the_same_world_record_the_same(tmp_path):
    assert essence(Lived(tmp_path / "a").store) == essence(Lived(tmp_path / "b").store)


@pytest.mark.parametrize("decided", [100, 900])
def test_a_killed_run_goes_on_where_it_stopped_and_doubles_nothing(tmp_path, decided):
    charter, data = world(tmp_path / "world", list(rows(1_500))), tmp_path / "data"
    kill_after(decided, charter, data)
    there = open_reader(data)
    assert 0 < there.size() < 2_500
    there.close()
    report = resumed(charter, data)
    assert report.resumed_at > 0
    whole, again = tmp_path / "whole", open_reader(data)
    resumed(charter, whole)
    uninterrupted = open_reader(whole)
    assert essence(again) == essence(uninterrupted)
    again.close()
    uninterrupted.close()
    assert resumed(charter, data).recorded == 0


def kill_after(entries, charter, data):
    """Starts a backtest and kills it, unannounced, once more than `entries` are durable."""
    script = Path(__file__).parent / "backtest_once.py"
    env = os.environ | {"PYTHONPATH": str(script.parents[1])}
    with subprocess.Popen([sys.executable, script, charter, data], stdout=subprocess.PIPE, text=True, env=env) as run:
        for line in run.stdout:
            doing, _, size = line.rsplit(" ", 2)
            if doing == "deciding" and int(size) > entries:
                run.send_signal(signal.SIGKILL)
                break


def resumed(charter, data):
    store = open_store(data)
    try:
        return Backtest(loaded(charter), charter.parent, SystemClock()).run(store)
    finally:
        store.close()


def drifting(items=20_000):
    """A long life: half of it good, then errors everywhere, whatever the score says."""
    good = list(rows(items // 2, wrong_clean=0.02, wrong_bad=0.05, hours=0.3))
    bad = list(rows(items, wrong_clean=0.35, wrong_bad=0.4, seed=3, hours=0.3))[items // 2 :]
    return good + bad


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    return Lived(tmp_path_factory.mktemp("life"), drifting(), charter=CHARTER)


def test_drift_closes_the_gate(life):
    assert life.facts.opened
    assert life.facts.closed
    assert life.facts.opened[0].at < life.facts.closed[0].at
    assert life.facts.decisions.certified[-2_000:].sum() == 0


def test_nothing_was_certified_outside_a_certified_region_as_the_records_alone_show(life):
    threshold, epoch = None, 1
    for found in life.records("decision.made", "gate.opened", "gate.closed"):
        match kind(found):
            case "gate.opened":
                threshold, epoch = found.threshold, found.epoch
            case "gate.closed":
                threshold, epoch = None, found.epoch + 1
            case _:
                assert (found.threshold, found.epoch) == (threshold, epoch)
                if any(one.code == "gate.certified" for one in found.reasons):
                    assert threshold is not None
                    assert found.score >= threshold


def test_until_the_drift_what_it_would_act_on_stayed_within_the_budget(life):
    made = life.facts.decisions
    before = made.certified & (np.arange(len(made)) < 10_000)
    assert before.sum() > 5_000
    assert made.loss[before].mean() < 0.10


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hundred_thousand_items_take_minutes(tmp_path):
    lived = Lived(tmp_path, list(rows(100_000, hours=0.05)), charter=CHARTER)
    assert lived.report.recorded >= 200_000
    assert lived.proof.found.word in ("undecided", "refuted")


def test_what_the_pilots_curation_left_over_is_no_sample_of_the_work(tmp_path):
    lived = Lived(tmp_path, charter=CHARTER + PILOT.replace("2026-01-19", "2026-12-31"))
    assert set(lived.facts.decisions.work.tolist()) == {"pilot", "pilot_other"}
    assert not lived.facts.decisions.after_pilot.any()
    assert lived.proof.look is None
    assert {lived.claim(name).measured for name in ("calibrated", "no-worse-than-today")} == {None}
    assert not lived.facts.opened
