"""Small synthetic logs with a charter beside them: what really happened is known, because it was made here."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta

import numpy as np

from airworthy.charter.load import loads
from airworthy.claim.catalogue import BY_ID

STARTS = datetime(2026, 1, 5, 8, tzinfo=UTC)
KINDS = ("car", "home", "travel")

CHARTER = """
airworthy: 1
use_case: claim-sorting
title: Sort claims
stage: shadow
workflow: {name: Claims, system_of_record: the claims system, unit: claim, today: a clerk sorts, eligible: every claim}
decision_points:
  - point: sorting
    decides: who handles the claim
    input: {type: object, properties: {kind: {type: string}, size: {type: string}}}
    output: {type: object, properties: {team: {type: string}}}
    fallback: a clerk sorts it
    undo: sort it again
seats: {owner: [Ana], deputy: [Ben], trust: [Cleo], director: [Dan], clerks: [Eve, Finn]}
owners:
  outcome: {seat: owner, deputy: deputy}
  trust: {seat: trust, deputy: deputy}
  accountable: {seat: director, deputy: trust}
duties:
  performance: {product: owner, operations: clerks, risk: trust, business: director}
  escalation: {product: owner, operations: clerks, risk: trust, business: director}
  improvement: {product: owner, operations: clerks, risk: trust, business: director}
escalation: {hard_deadline: 4h, steps: [{to: rotation/clerks, wait: 30m}, {to: owner, wait: 30m}], nobody: fallback}
wrong_means: {sentence: another team handles it, judge: clerks, known_after: 1d, loss: {team: 1}}
error_budget: {budget: 10 %, horizon: 2d, risk: 0.05, monitoring_risk: 0.05, coverages: [0.2, 0.5, 0.8, 1]}
sources: [{source: claims, owner: clerks, fresh: 1h, definition: the manual, basis: the contract}]
rules:
  - rule: huge-needs-a-person
    when: item.size == "huge"
    route: review
    why: much money
    tests: [{given: {item: {size: huge}}, route: review}, {given: {item: {size: small}}, route: act}]
retention: {records: 52w, payloads: 30d}
model: {name: bayes, version: "1", provider: us, recorded: true}
log:
  path: log.csv
  item: claim
  eligible_at: opened_at
  truth: {column: truth}
  human: {column: clerk}
  outcome_at: closed_at
  output: team
  score: score
  features: [kind, size]
  end: [bad]
"""
PILOT = """
pilot:
  until: 2026-01-19
  split: [0.0, 0.5, 0.5]
  seeds: [0, 1]
  act_at: 10 %
  curation: [{filter: clean, at_most: {bad: 0}}]
"""
ESTIMATOR = """
import numpy as np


class Bayes:
    def fit(self, x, y):
        self.classes_ = np.unique(y)
        self.counts = {(v, c): 1 for v in np.unique(x[:, 0]) for c in self.classes_}
        for value, truth in zip(x[:, 0], y):
            self.counts[value, truth] += 1
        return self

    def predict_proba(self, x):
        rows = np.array([[self.counts.get((v, c), 1) for c in self.classes_] for v in x[:, 0]], float)
        return rows / rows.sum(axis=1, keepdims=True)
"""


def rows(items=1_200, *, wrong_clean=0.04, wrong_bad=0.4, seed=1, hours=0.7):
    """Claims in time order; a claim is bad (badly written) one time in three, and then often sorted wrongly."""
    random = np.random.default_rng(seed)
    for number in range(items):
        at = STARTS + timedelta(hours=hours * number)
        kind, bad = str(random.choice(KINDS)), int(random.random() < 1 / 3)
        truth = f"team-{kind}"
        wrong = random.random() < (wrong_bad if bad else wrong_clean)
        score = float(np.clip(random.beta(9, 1) - (0.3 * bad) * random.random(), 0, 1))
        clerk = truth if random.random() < 0.9 else "team-other"
        yield {
            "claim": f"C{number:06d}", "opened_at": at.isoformat(), "kind": kind,
            "size": str(random.choice(["small", "huge"], p=[0.95, 0.05])), "bad": bad,
            "team": "team-other" if wrong else truth, "score": f"{score:.4f}", "truth": truth, "clerk": clerk,
            "closed_at": (at + timedelta(hours=float(random.exponential(12)))).isoformat(),
        }  # fmt: skip


def write_log(folder, made, name="log.csv"):
    """The claims as CSV in `folder`."""
    made = list(made)
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, made[0].keys())
        sheet.writeheader()
        sheet.writerows(made)
    return folder / name


def world(folder, made=None, *, charter=CHARTER + PILOT, estimator=False):
    """A folder with log and charter; returns the charter as a file. With `estimator` a model learns from the pilot."""
    folder.mkdir(exist_ok=True, parents=True)
    write_log(folder, made if made is not None else rows())
    if estimator:
        (folder / "sorter.py").write_text(ESTIMATOR, encoding="utf-8")
        charter = charter.replace("recorded: true", "object: sorter:Bayes").replace(
            "[0.0, 0.5, 0.5]", "[0.5, 0.25, 0.25]"
        )
        charter = charter.replace("  output: team\n  score: score\n", "")
    file = folder / "charter.yaml"
    file.write_text(charter, encoding="utf-8")
    return file


def loaded(file):
    """The charter in `file`, checked against the catalogue."""
    return loads(file.read_bytes(), str(file), BY_ID)
