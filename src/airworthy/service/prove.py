"""Proving: the records of a log against a charter."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np

from airworthy.base.errors import StoreDamaged
from airworthy.charter.model import Charter
from airworthy.charter.term import Stage
from airworthy.claim.readiness import Readiness, next_stage, readiness
from airworthy.evidence.facts import Facts, gather
from airworthy.evidence.judged import Judged
from airworthy.evidence.trial import FirstLook, look
from airworthy.ledger.fsck import check_head, check_tree
from airworthy.ledger.note import VerifierKey
from airworthy.page import proof as proof_page
from airworthy.record.store import Reader
from airworthy.service.backtest import plan_of
from airworthy.service.model import model_of


class Proof(msgspec.Struct, frozen=True):
    """What was found, and the facts it rests on."""

    found: Readiness
    facts: Facts
    look: FirstLook | None
    log: proof_page.LogFacts


def prove(charter: Charter, reader: Reader, stage: Stage | None, *, folder: Path) -> Proof:
    """Judges every claim for `stage`, by default the next one after the charter's."""
    facts = gather(
        reader.scan(),
        use_case=charter.use_case,
        policy=charter.policy_digest,
        model=model_of(charter),
        plan=plan_of(charter),
    )
    found = readiness(facts, charter, stage or next_stage(charter.stage))
    log = proof_page.LogFacts(reader.origin, reader.verifier_key, reader.head(), str(folder))
    return Proof(found, facts, _look(facts), log)


class Checkable(Reader, Protocol):
    """A log whose bytes can be recomputed."""

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """A stored tile's hashes."""

    def kept_note(self) -> str | None:
        """The newest signed head as it was written, None before the first."""


def require_sound(log: Checkable) -> None:
    """Raises StoreDamaged where an entry, a tile or the signed head is not what was written; verdicts rest on them.

    Sealed content is not opened here: `airworthy log verify` does that too.
    """
    size, note = log.size(), log.kept_note()
    found = [*check_tree((stored.leaf for stored in log.scan()), size, log.read_tile)]
    if note is not None:
        found += check_head(note, VerifierKey.parse(log.verifier_key), size, log.read_tile)
    elif size:
        raise StoreDamaged("the log has entries and was never signed", help="run: airworthy log verify")
    if found:
        said = f"the log is damaged, so nothing can be proven from it: {found[0]}"
        raise StoreDamaged(said, help="run: airworthy log verify")


def _look(facts: Facts) -> FirstLook | None:
    """The first look at all judged work after the pilot."""
    made = facts.decisions
    rows = np.flatnonzero(made.awaited & ~np.isnan(made.loss) & ~np.isnan(made.score) & made.after_pilot)
    if not len(rows):
        return None
    person = made.person_loss[rows]
    return look(Judged(made.loss[rows], made.score[rows], made.at[rows], None if np.isnan(person).all() else person))


def render(charter: Charter, proof: Proof, *, at: int) -> str:
    """The proof as one HTML file, dated `at`."""
    return proof_page.page(charter, proof.facts, proof.found, proof.look, proof.log, at=at)
