"""A certificate speaks of what would be acted on, and of nothing else."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from airworthy.base.clock import FixedClock, Micros
from airworthy.claim.readiness import readiness
from airworthy.data.work import read_work
from airworthy.page import verdicts
from airworthy.record.decision import Reason, allowed_by_rules, would_act
from airworthy.service.backtest import Backtest
from airworthy.service.prove import prove
from airworthy.storage.memory import MemoryStore
from service.worlds import CHARTER, PILOT, loaded, rows, world

NOW = Micros(1_790_000_000_000_000)


def lived(folder, made, charter=CHARTER):
    found = loaded(world(folder, made, charter=charter))
    store = MemoryStore()
    Backtest(found, folder, FixedClock(NOW)).run(store)
    return prove(found, store, None, folder=folder).facts


def wrong_where_huge():
    """Every huge claim is sorted wrongly, and the rule sends it to a person; of the others one in fifty is wrong."""
    for row in rows(3_000, wrong_clean=0.02, wrong_bad=0.02):
        yield row | ({"team": "team-other"} if row["size"] == "huge" else {})


def test_what_a_rule_sends_to_a_person_neither_earns_nor_spoils_a_certificate(tmp_path):
    facts = lived(tmp_path, wrong_where_huge())
    assert facts.opened
    acted = facts.decisions.certified
    assert acted.any()
    assert float(np.nanmean(facts.decisions.loss[acted])) < 0.04
    opened = facts.opened[-1]
    assert opened.errors / opened.labels < 0.05


@pytest.mark.parametrize(
    ("codes", "allowed", "acts"),
    [
        (("gate.certified",), True, True),
        (("gate.certified", "source.not_read"), True, True),
        (("gate.certified", "rule.agrees"), True, True),
        (("gate.certified", "rule"), False, False),
        (("gate.certified", "rule.not_evaluated"), False, False),
        (("gate.below",), True, False),
    ],
)
def test_gate_and_rules_decide_what_a_certificate_covers(codes, allowed, acts):
    reasons = tuple(Reason(code) for code in codes)
    assert allowed_by_rules(reasons) == allowed
    assert would_act(reasons) == acts


def test_one_and_one_point_nought_are_the_same_answer_where_truths_are_numbers(tmp_path):
    made = [row | {"team": "1.0", "truth": "1", "clerk": "2"} for row in rows(50)]
    charter = loaded(world(tmp_path, made))
    work = read_work(charter, tmp_path)
    everyone = np.arange(len(work))
    assert not work.wrong(np.array(["1.0"] * len(work), object), everyone).any()
    assert work.wrong(np.array(["one"] * len(work), object), everyone).all()
    assert work.person_wrong(everyone).all()


def test_a_limit_laxer_than_the_catalogue_is_said_beside_the_verdict(tmp_path):
    lax = CHARTER + PILOT + "claims: [{claim: production-like-pilot, limit: 90 %, set_by: owner}]\n"
    charter = loaded(world(tmp_path, rows(600), charter=lax))
    store = MemoryStore()
    Backtest(charter, tmp_path, FixedClock(NOW)).run(store)
    facts = prove(charter, store, None, folder=tmp_path).facts
    by_claim = {one.claim: one for one in readiness(facts, charter, "assist").needed}
    assert verdicts.laxer(by_claim["production-like-pilot"]) == "laxer than the catalogue: at most 5 points"
    assert verdicts.laxer(by_claim["calibrated"]) == ""


def test_a_level_laxer_than_the_catalogue_is_said_too(tmp_path):
    charter = loaded(world(tmp_path, rows(300)))
    facts = lived(tmp_path, rows(300))
    one = next(v for v in readiness(facts, charter, "assist").needed if v.claim == "calibrated")
    assert "at level 0.05" in verdicts.laxer(msgspec.structs.replace(one, level=0.3))


def test_forgetting_the_unwelcome_truths_proves_nothing(tmp_path):
    """Of 3,000 claims a fifth is wrong; nine in ten of the errors are blanked out before the log is shown."""
    made = list(rows(3_000, wrong_clean=0.2, wrong_bad=0.2))
    wrong = [i for i, row in enumerate(made) if row["team"] != row["truth"]]
    for i in wrong[: int(0.9 * len(wrong))]:
        made[i] = made[i] | {"truth": ""}
    charter = loaded(world(tmp_path, made))
    store = MemoryStore()
    report = Backtest(charter, tmp_path, FixedClock(NOW)).run(store)
    facts = prove(charter, store, None, folder=tmp_path).facts
    assert report.items == len(facts.decisions)
    assert np.isnan(facts.decisions.loss).mean() > 0.1
    assert not facts.opened
    found = {one.claim: one for one in readiness(facts, charter, "default").needed}
    assert found["acted-error-within-budget"].word == "undecided"
    assert found["calibrated"].word == "undecided"
    assert "no known truth" in found["calibrated"].why
