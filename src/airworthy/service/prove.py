"""Proving: the records of a log against a charter."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from airworthy.charter.model import Charter
from airworthy.charter.term import Stage
from airworthy.claim.readiness import Readiness, next_stage, readiness
from airworthy.evidence.facts import Facts, gather
from airworthy.evidence.judged import Judged
from airworthy.evidence.trial import FirstLook, look
from airworthy.page import proof as proof_page
from airworthy.record.store import Reader
from airworthy.service.model import model_of


class Proof(msgspec.Struct, frozen=True):
    """What was found, and the facts it rests on."""

    found: Readiness
    facts: Facts
    look: FirstLook | None
    log: proof_page.LogFacts


def prove(charter: Charter, reader: Reader, stage: Stage | None, *, folder: Path) -> Proof:
    """Judges every claim for `stage`, by default the next one after the charter's."""
    facts = gather(reader.scan(), use_case=charter.use_case, policy=charter.policy_digest, model=model_of(charter))
    found = readiness(facts, charter, stage or next_stage(charter.stage))
    log = proof_page.LogFacts(reader.origin, reader.verifier_key, reader.head(), folder.name)
    return Proof(found, facts, _look(facts), log)


def _look(facts: Facts) -> FirstLook | None:
    """The first look at all judged work after the pilot."""
    made = facts.decisions
    rows = np.flatnonzero(~np.isnan(made.loss) & ~np.isnan(made.score) & made.after_pilot)
    if not len(rows):
        return None
    person = made.person_loss[rows]
    return look(Judged(made.loss[rows], made.score[rows], made.at[rows], None if np.isnan(person).all() else person))


def render(charter: Charter, proof: Proof, *, at: int) -> str:
    """The proof as one HTML file, dated `at`."""
    return proof_page.page(charter, proof.facts, proof.found, proof.look, proof.log, at=at)
