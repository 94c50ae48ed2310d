"""Ready for a stage or not, and the one blocker: never a score."""

from __future__ import annotations

from math import inf

import msgspec

from airworthy.charter.model import Charter
from airworthy.charter.term import STAGES, Stage
from airworthy.claim.catalogue import CATALOGUE, PILLARS, Pillar
from airworthy.claim.evaluate import evaluate
from airworthy.claim.verdict import Verdict, Word
from airworthy.evidence import data, governance, judgement, ownership, workflow
from airworthy.evidence.facts import Facts
from airworthy.evidence.measurement import Measures

MEASURES: Measures = {
    **ownership.MEASURES, **workflow.MEASURES, **data.MEASURES, **judgement.MEASURES, **governance.MEASURES,
}  # fmt: skip


class Sentence(msgspec.Struct, frozen=True):
    """One thing the charter says must be true, and what its claim came to."""

    sentence: str
    owner: str
    claim: str | None
    word: Word | None  # None: bound to no claim, not measured yet


class Readiness(msgspec.Struct, frozen=True):
    """Every verdict, which of them the stage needs, and what stands in the way."""

    stage: Stage  # asked about
    present: Stage
    word: Word
    needed: tuple[Verdict, ...]
    others: tuple[Verdict, ...]
    blocker: Verdict | None
    sentences: tuple[Sentence, ...]

    @property
    def pillar(self) -> Pillar | None:
        """The pillar that now holds the use case back."""
        return self.blocker.pillar if self.blocker else None


def readiness(facts: Facts, charter: Charter, stage: Stage) -> Readiness:
    """Whether the use case is ready for `stage`: every claim it needs is proven. Missing evidence is never a pass."""
    verdicts = {spec.claim: evaluate(spec, MEASURES[spec.claim](facts, charter), charter) for spec in CATALOGUE}
    wanted = {spec.claim for spec in CATALOGUE if stage in _stages(charter, spec.claim, spec.stages)}
    needed = tuple(verdict for claim, verdict in verdicts.items() if claim in wanted)
    others = tuple(verdict for claim, verdict in verdicts.items() if claim not in wanted)
    open_ = [verdict for verdict in needed if verdict.word != "proven"]
    blocker = min(open_, key=_hardness) if open_ else None
    sentences = tuple(
        Sentence(one.sentence, one.owner, one.claim, verdicts[one.claim].word if one.claim in verdicts else None)
        for one in charter.must_be_true
    )
    word = _word(open_)
    if charter.mode == "solo" and word == "proven":
        word = "undecided"  # a sandbox for one person can grant nothing real
    return Readiness(stage, charter.stage, word, needed, others, blocker, sentences)


def next_stage(stage: Stage) -> Stage:
    """The stage a use case would ask for next; `default` stays."""
    return STAGES[min(STAGES.index(stage) + 1, len(STAGES) - 1)]


def _stages(charter: Charter, claim: str, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """Stages that need a claim: the catalogue's, and those the charter adds. A charter cannot take one away."""
    added = next((one.stages for one in charter.claims if one.claim == claim), ())
    return (*stages, *added)


def _word(unproven: list[Verdict]) -> Word:
    if any(verdict.word == "refuted" for verdict in unproven):
        return "refuted"
    return "undecided" if unproven else "proven"


def _hardness(verdict: Verdict) -> tuple[bool, float, int]:
    """Refuted before undecided, then the longest forecast, then the order in which the article names the pillars."""
    return (
        verdict.word != "refuted",
        -(verdict.days if verdict.days is not None else inf),
        PILLARS.index(verdict.pillar),
    )
