"""Claims: missing evidence is never a pass, and a verdict is its interval against its limit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airworthy.charter.load import loads
from airworthy.charter.term import STAGES
from airworthy.claim.catalogue import BY_ID, CATALOGUE, PILLARS
from airworthy.claim.evaluate import evaluate, judge
from airworthy.claim.readiness import MEASURES, next_stage, readiness
from airworthy.evidence.measurement import Figure, Mean, Share, Unmeasured
from airworthy.stats.sequence import rate_intervals
from charter.golden import ROOT
from claim.facts import START, facts
from service.worlds import CHARTER, PILOT

SOLO = loads((ROOT / "tests/charter/valid/solo.yaml").read_bytes(), known_claims=BY_ID)
CHARTERS = {"a world": loads(CHARTER + PILOT, known_claims=BY_ID), "solo": SOLO, "no pilot": loads(CHARTER)}
TEAM = CHARTERS["a world"]
thorough = settings(max_examples=150, deadline=None, derandomize=True)


def with_claim(line):
    return loads(CHARTER + f"claims: [{line}]\n", known_claims=BY_ID)


@pytest.mark.parametrize("spec", CATALOGUE, ids=lambda spec: spec.claim)
@pytest.mark.parametrize("charter", CHARTERS)
def test_without_evidence_every_claim_is_undecided_and_says_why_and_what_it_takes(spec, charter):
    found = evaluate(spec, MEASURES[spec.claim](facts(), CHARTERS[charter]), CHARTERS[charter])
    assert (found.word, found.measured) == ("undecided", None)
    assert found.why
    assert found.takes
    assert found.who in ("outcome", "trust", "accountable", "data")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("charter", CHARTERS)
def test_without_evidence_no_stage_is_ready(stage, charter):
    found = readiness(facts(), CHARTERS[charter], stage)
    assert found.word == "undecided"
    assert found.blocker is not None
    assert found.pillar in PILLARS


def test_every_measure_has_a_claim_and_every_claim_a_measure():
    assert set(MEASURES) == set(BY_ID)
    assert len(BY_ID) == len(CATALOGUE)


@pytest.mark.parametrize("kind", [Share, Mean])
def test_no_observation_is_no_evidence(kind):
    nothing = kind(np.empty(0), np.empty(0, np.int64), "decision")
    found = evaluate(BY_ID["calibrated"] if kind is Mean else BY_ID["log-complete"], nothing, TEAM)
    assert (found.word, found.why) == ("undecided", "not one decision was seen")


def measurements():
    n = st.integers(1, 400)
    share = st.builds(lambda n, p, seed: _share(n, p, seed), n, st.floats(0, 1), st.integers(0, 99))
    mean = st.builds(lambda n, m, seed: _mean(n, m, seed), n, st.floats(-0.8, 0.8), st.integers(0, 99))
    figure = st.lists(st.floats(-1, 1), min_size=3, max_size=3).map(
        lambda xs: Figure(sorted(xs)[1], min(xs), max(xs), 9, "item", START)
    )
    return share | mean | figure | st.just(Unmeasured("nothing yet", "something"))


def _share(n, p, seed):
    return Share((np.random.default_rng(seed).random(n) < p).astype(float), START + np.arange(n), "decision")


def _mean(n, middle, seed):
    values = np.clip(middle + np.random.default_rng(seed).uniform(-0.2, 0.2, n), -1, 1)
    return Mean(values, START + np.arange(n), "item")


@thorough
@given(st.sampled_from(CATALOGUE), measurements())
def test_a_verdict_is_its_interval_against_its_limit(spec, measured):
    found = evaluate(spec, measured, TEAM)
    if found.measured is None:
        assert found.word == "undecided"
        return
    seen = found.measured
    assert seen.low <= seen.value <= seen.high
    assert found.word == judge(found.side, found.limit, seen.low, seen.high)
    assert (found.word == "undecided") <= bool(found.takes)


@pytest.mark.parametrize(
    ("side", "limit", "low", "high", "word"),
    [
        ("at_most", 0.05, 0.01, 0.04, "proven"),
        ("at_most", 0.05, 0.01, 0.05, "undecided"),
        ("at_most", 0.05, 0.06, 0.10, "refuted"),
        ("at_least", 0.8, 0.81, 0.90, "proven"),
        ("at_least", 0.8, 0.80, 0.90, "undecided"),
        ("at_least", 0.8, 0.10, 0.79, "refuted"),
        ("above", 0.0, 0.01, 0.20, "proven"),
        ("above", 0.0, 0.00, 0.20, "undecided"),
        ("above", 0.0, -0.20, -0.01, "refuted"),
        ("within", 0.05, -0.04, 0.04, "proven"),
        ("within", 0.05, -0.06, 0.00, "undecided"),
        ("within", 0.05, 0.06, 0.10, "refuted"),
        ("within", 0.05, -0.20, -0.06, "refuted"),
    ],
)
def test_touching_a_limit_decides_nothing(side, limit, low, high, word):
    assert judge(side, limit, low, high) == word


@pytest.mark.parametrize("stage", ["shadow", "assist", "default"])
def test_a_charter_can_add_a_claim_to_a_stage_and_take_none_away(stage):
    needs = {one.claim for one in readiness(facts(), TEAM, stage).needed}
    more = with_claim(f"{{claim: friction-free, stages: [{stage}], set_by: owner}}")
    fewer = with_claim("{claim: rules-in-force, stages: [default], set_by: owner}")
    assert {one.claim for one in readiness(facts(), more, stage).needed} == needs | {"friction-free"}
    assert {one.claim for one in readiness(facts(), fewer, stage).needed} >= needs


def test_a_limit_that_is_trivially_true_is_shown_with_who_set_it():
    charter = with_claim("{claim: no-rubber-stamp, limit: 100 %, set_by: clerks}")
    spec = BY_ID["no-rubber-stamp"]
    found = evaluate(spec, _share(200, 0.4, 1), charter)
    assert (found.limit, found.set_by) == (1.0, "clerks")
    assert found.is_laxer
    assert evaluate(spec, Unmeasured("nobody checks", "labels"), charter).word == "undecided"


def test_a_limit_nobody_signed_is_the_trust_owners():
    found = evaluate(
        BY_ID["acted-error-within-budget"],
        _share(9, 0, 1),
        with_claim("{claim: acted-error-within-budget, limit: 9 %}"),
    )
    assert found.set_by == TEAM.owners.trust.seat
    assert evaluate(BY_ID["friction-free"], _share(9, 0, 1), TEAM).set_by == "catalogue"


def test_the_next_stage_after_default_is_default():
    assert [next_stage(stage) for stage in STAGES] == ["shadow", "assist", "default", "default"]


def test_refuted_comes_before_undecided_and_the_blocker_is_one_of_the_needed():
    gone = facts(500, loss=np.ones(500), person_loss=np.zeros(500), score=np.full(500, 0.9))
    found = readiness(gone, TEAM, "assist")
    assert found.word == "refuted"
    assert found.blocker in found.needed
    assert found.blocker.word == "refuted"


def test_since_is_when_the_verdict_became_what_it_is():
    found = evaluate(BY_ID["log-complete"], _share(5_000, 0.0, 1), TEAM)
    assert found.word == "proven"
    assert START < found.since < START + 2_500


def certified(random, n, risk, stop):
    """A use case whose gate acts on everything while `risk` of it is wrong, looked at until `stop` decisions."""
    loss = (random.random(n) < risk).astype(float)[:stop]
    return facts(stop, loss=loss, score=np.full(stop, 0.9), certified=np.ones(stop, bool))


def ever_proven(random, n=2_000, looks=48):
    """Whether someone who looks again and again would ever see a use case at its very limit proven.

    A verdict is its interval against its limit (tested above); the planning in `evaluate` is left out here for speed.
    """
    spec, budget = BY_ID["acted-error-within-budget"], float(TEAM.error_budget.budget)
    share = MEASURES[spec.claim](certified(random, n, budget, n), TEAM)
    stops = np.unique(np.linspace(20, n, looks).astype(int))
    lows, highs = rate_intervals(np.cumsum(share.values)[stops - 1], stops, level=spec.level)
    return any(judge("at_most", budget, low, high) == "proven" for low, high in zip(lows, highs, strict=True))


def test_of_five_hundred_use_cases_that_should_not_pass_no_more_do_than_the_level_allows():
    random = np.random.default_rng(6)
    assert sum(ever_proven(random) for _ in range(500)) / 500 <= 0.05


def test_readiness_of_use_cases_that_should_not_pass_is_never_proven():
    random = np.random.default_rng(7)
    for _ in range(100):
        risk = 0.10 + 0.3 * random.random()
        assert readiness(certified(random, 400, risk, 400), TEAM, "default").word != "proven"
