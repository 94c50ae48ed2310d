"""Facts from records: one use case, one policy, one model, one run; sighted answers never count as truth."""

from __future__ import annotations

import msgspec
import numpy as np

from airworthy.base.clock import Micros
from airworthy.evidence.facts import gather
from airworthy.record.codec import leaf
from airworthy.record.decision import GateClosed, GateOpened, Model, Run
from airworthy.record.governance import RunFinished, RunStarted
from airworthy.record.store import Stored
from contract.samples import START, decision, outcome

POLICY = "f" * 64


def gathered(*records, policy=POLICY, use_case="triage", model=None):
    entries = [Stored(seq, leaf(one)) for seq, one in enumerate(records)]
    return gather(entries, use_case=use_case, policy=policy, model=model)


def change(one, **fields):
    return msgspec.structs.replace(one, **fields)


def started(run):
    return RunStarted(
        id=f"{run}.s", ts=Micros(START), at=Micros(START), use_case="triage", run=run, charter="c", policy=POLICY,
        log="l", plan="p", items=3, model=Model("local", "bayes", "1"),
    )  # fmt: skip


def finished(run):
    at = Micros(START)
    return RunFinished(id=f"{run}.f", ts=at, at=at, use_case="triage", run=run, items=3, left_out=())


def opened(run):
    return GateOpened(
        id=f"{run}.o", ts=Micros(START), at=Micros(START), use_case="triage", point="route", segment="all", epoch=1,
        budget=1, risk=1, threshold=1, coverage=1, labels=1, errors=0, run=Run(run, 0, "later_other"),
    )  # fmt: skip


def closed(run):
    return GateClosed(
        id=f"{run}.c", ts=Micros(START), at=Micros(START), use_case="triage", point="route", segment="all", epoch=1,
        why="monitor", labels=1, errors=1, run=Run(run, 0, "later_other"),
    )  # fmt: skip


def test_a_decision_and_its_outcome_are_one_row():
    facts = gathered(started("r1"), decision(1), decision(2), outcome(1))
    assert len(facts.decisions) == 2
    assert facts.decisions.loss.tolist()[0] == 0.0
    assert np.isnan(facts.decisions.loss[1])
    assert facts.decisions.score.tolist() == [0.9, 0.9]
    assert (facts.first_seq, facts.last_seq) == (0, 3)


def test_a_sighted_answer_never_counts_as_truth():
    sighted = change(outcome(1), label="sighted")
    assert np.isnan(gathered(started("r1"), decision(1), sighted).decisions.loss[0])


def test_the_last_word_about_a_decision_counts():
    facts = gathered(started("r1"), decision(1), outcome(1), change(outcome(1), loss=1_000_000))
    assert facts.decisions.loss.tolist() == [1.0]


def test_other_use_cases_policies_and_models_count_for_nothing():
    other = [
        change(decision(2), use_case="else"),
        change(decision(3), policy="e" * 64),
        change(decision(4), model=Model("a", "b", "2")),
    ]
    facts = gathered(started("r1"), decision(1), *other, model=Model("local", "bayes", "1"))
    assert (len(facts.decisions), facts.other_policies) == (1, 2)


def test_a_new_run_replaces_the_old_with_everything_it_left():
    facts = gathered(
        started("r0"), change(decision(1), run=Run("r0", 0, "pilot")), opened("r0"), closed("r0"), finished("r0"),
        started("r1"), decision(2),
    )  # fmt: skip
    assert (len(facts.decisions), facts.opened, facts.closed, facts.finished) == (1, (), (), None)
    assert facts.started.run == "r1"


def test_an_older_run_that_goes_on_does_not_mix_in():
    late = change(decision(3), run=Run("r0", 1, "pilot"))
    facts = gathered(started("r0"), started("r1"), decision(2), late, opened("r0"), finished("r0"))
    assert (len(facts.decisions), facts.opened, facts.finished) == (1, (), None)


def test_what_a_run_of_another_policy_left_behind_counts_for_nothing():
    facts = gathered(change(started("r1"), policy="e" * 64), opened("r1"), finished("r1"))
    assert (facts.opened, facts.finished, facts.started) == ((), None, None)


def test_live_decisions_are_told_from_a_backtest():
    assert not gathered(started("r1"), decision(1)).live
    assert gathered(change(decision(1), run=None)).live


def test_an_empty_log_has_no_facts():
    facts = gathered()
    assert (len(facts.decisions), facts.started, facts.live) == (0, None, False)
