"""The proof on paper: self-contained, safe against what a charter says, and there for every outcome."""

from __future__ import annotations

import re

import numpy as np
import pytest

from airworthy.charter.load import loads
from airworthy.claim.catalogue import BY_ID, CATALOGUE
from airworthy.claim.evaluate import evaluate
from airworthy.claim.readiness import Readiness, readiness
from airworthy.evidence.measurement import Figure
from airworthy.page import proof as proof_page
from airworthy.page import verdicts
from claim.facts import START, facts
from service.worlds import CHARTER, PILOT

EVIL = "</script><script>alert('x')</script><img src=x onerror=alert(1)>"
MUST = 'must_be_true: [{sentence: "%s", owner: owner}]\n'
LOG = proof_page.LogFacts("airworthy.local/log", "key+1+abc", None, ".airworthy")
WHOLE = loads(CHARTER + PILOT, known_claims=BY_ID)
WRONG = facts(500, loss=np.ones(500), person_loss=np.zeros(500), score=np.full(500, 0.9))


def drawn(charter, known, found):
    return proof_page.page(charter, known, found, None, LOG, at=START)


def proven(stage="default"):
    """Everything proven, as if every measure had come out well within its limit."""
    said = []
    for spec in CATALOGUE:
        limit = 0.1 if spec.limit is None else spec.limit
        good = {"at_most": limit - 0.0005, "at_least": limit + 0.0005, "above": limit + 0.1, "within": 0.0}[spec.side]
        said.append(evaluate(spec, Figure(good, good - 1e-4, good + 1e-4, 9_000, "item", START), WHOLE))
    return Readiness(stage, "shadow", "proven", tuple(said), (), None, ())


@pytest.mark.parametrize(
    ("known", "found", "headline"),
    [
        (facts(), readiness(facts(), WHOLE, "assist"), "Not yet ready for assist."),
        (WRONG, readiness(WRONG, WHOLE, "assist"), "Not ready for assist."),
        (facts(), proven(), "Ready for default."),
        (facts(), readiness(facts(), WHOLE, "pilot"), "Not yet ready for pilot."),
    ],
    ids=["nothing known", "refuted", "proven", "pilot"],
)
def test_a_proof_is_drawn_for_every_outcome(known, found, headline):
    html = drawn(WHOLE, known, found)
    assert headline in html
    assert "nan" not in re.sub(r"<style.*?</style>|<script.*?</script>", "", html, flags=re.S).lower().split()


def test_proven_names_no_blocker_and_undecided_says_what_it_takes():
    assert "The one blocker" not in drawn(WHOLE, facts(), proven())
    html = drawn(WHOLE, facts(), readiness(facts(), WHOLE, "assist"))
    assert "The one blocker" in html
    assert "a drill to each seat" in html


@pytest.mark.parametrize(
    "charter",
    [
        CHARTER.replace("title: Sort claims", f'title: "{EVIL}"'),
        CHARTER.replace("decides: who handles the claim", f'decides: "{EVIL}"'),
        CHARTER.replace("name: bayes", f'name: "{EVIL}"'),
        CHARTER.replace("unit: claim", f'unit: "{EVIL}"'),
        CHARTER + MUST % EVIL,
    ],
    ids=["title", "decides", "model", "unit", "must be true"],
)
def test_what_a_charter_says_is_text_and_never_a_script(charter):
    said = loads(charter, known_claims=BY_ID)
    html = drawn(said, facts(3, loss=np.zeros(3), score=np.full(3, 0.5)), readiness(facts(), said, "assist"))
    assert "<script>alert" not in html
    assert "<img src=x" not in html


def test_what_the_records_say_is_text_too():
    known = facts(3, simulated=(EVIL,))
    html = drawn(WHOLE, known, readiness(known, WHOLE, "assist"))
    assert "<script>alert" not in html
    assert "<img src=x" not in html


def test_a_proof_loads_nothing_from_anywhere():
    html = drawn(WHOLE, WRONG, readiness(WRONG, WHOLE, "assist"))
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#)|url\(\s*["']?(?!data:|#)|@import|<link|<iframe""", html)
    assert not re.search(r"https?://(?!www\.w3\.org/)", html)


def test_every_verdict_can_be_drawn_and_said():
    for verdict in proven().needed:
        assert verdicts.drawn(verdict).startswith("<svg")
        assert "nan" not in verdicts.drawn(verdict)
        assert verdicts.number(verdict) != "–"


def test_a_proof_says_what_it_does_not_show():
    html = drawn(WHOLE, facts(), readiness(facts(), WHOLE, "assist"))
    assert "no decision has touched real work" in html
    assert "Whether the labels are true" in html
    assert "compliant" not in html.lower()


def test_readiness_is_never_a_score():
    html = drawn(WHOLE, WRONG, readiness(WRONG, WHOLE, "assist"))
    assert not re.search(r"readiness score|maturity score|\d+ ?/ ?100", html.lower())
