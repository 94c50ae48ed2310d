"""The items of a backtest in time order: decided, then judged when their truth becomes known."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from math import isnan

import numpy as np

from airworthy.base import canonical
from airworthy.base.clock import Clock, Micros
from airworthy.base.quantity import ppm
from airworthy.charter.model import Charter
from airworthy.charter.rules import rules_at
from airworthy.data.column import NO_MOMENT
from airworthy.decision.policy import ALL, Policy
from airworthy.decision.request import Request
from airworthy.decision.route import Decision, decide
from airworthy.record.decision import DecisionMade, OutcomeLearnt, Run, Stage, allowed_by_rules, would_act
from airworthy.record.store import Content, Draft
from airworthy.service.learning import Learning, Promise
from airworthy.service.lineup import Lineup
from airworthy.service.model import Answers
from airworthy.stats.gate import coverage_grid, spend
from airworthy.stats.grid import reachable

LAST_MOMENT = Micros(2**63 - 1)


class Stream:
    """Everything that happens, as records in the order it happened."""

    def __init__(self, charter: Charter, lineup: Lineup, run: str, clock: Clock, *, epoch: int = 1) -> None:
        self.charter, self.lineup, self.run, self.clock = charter, lineup, run, clock
        self.point = charter.decision_points[0]
        self.output_name = next(iter(self.point.output.get("properties", {"output": {}})))
        segments = charter.error_budget.segments
        self.segment_by = segments.by if segments else None
        self.names = segments.values if segments else (ALL,)
        self.seed = bytes.fromhex(canonical.digest(f"{run} draws".encode()))
        self.learning = Learning(self._promise(epoch), self.names, epoch=epoch)
        self.policies: dict[Stage, Policy] = {}
        self.coming: list[tuple[int, int]] = []  # (known at, ordinal) of truths on their way
        self._refresh()

    def drafts(self) -> Iterator[Draft]:
        """Decisions, outcomes and gates, in the order they happened."""
        for ordinal, row in enumerate(self.lineup.rows.tolist()):
            now = Micros(int(self.lineup.work.at[row]))
            yield from self._until(now)
            yield self._decided(ordinal, row, now)
        yield from self._until(LAST_MOMENT)

    def _promise(self, epoch: int) -> Promise:
        budget = self.charter.error_budget
        per_segment = len(self.lineup.rows) // len(self.names)
        risk = spend(float(budget.risk) / len(self.names), epoch)
        levels = reachable(tuple(map(float, budget.coverages)), per_segment, budget=float(budget.budget), risk=risk)
        early = self.lineup.early_scores if len(self.lineup.early_scores) else np.ones(1)  # no score: nothing can open
        thresholds = coverage_grid(early, levels)
        sorted_scores = np.sort(early)
        above = 1 - np.searchsorted(sorted_scores, np.array(thresholds), side="left") / max(1, len(sorted_scores))
        return Promise(
            use_case=self.charter.use_case, point=self.point.point, budget=float(budget.budget), risk=float(budget.risk),
            monitoring_risk=float(budget.monitoring_risk), horizon_us=int(budget.horizon), thresholds=thresholds,
            coverages=tuple(above.tolist()),
        )  # fmt: skip

    def _refresh(self) -> None:
        """The policies in force, anew after a gate moved."""
        stages: tuple[Stage, ...] = ("pilot", "shadow")
        self.policies = {stage: self._policy(stage) for stage in stages}

    def _policy(self, stage: Stage) -> Policy:
        budget = self.charter.error_budget
        return Policy(
            use_case=self.charter.use_case, point=self.point.point, charter=self.charter.digest, digest=self.charter.policy_digest,
            stage=stage, model=self.lineup.model, rules=rules_at(self.charter.rules, self.point), gates=self.learning.gates(),
            segment_by=self.segment_by, measured=self.lineup.measured, irreversible=self.point.irreversible,
            required_sources=frozenset(one.source for one in self.charter.sources if one.required),
            audit_rate=float(budget.audit_rate), seed=self.seed,
        )  # fmt: skip

    def _until(self, now: Micros) -> Iterator[Draft]:
        """Truths that became known by `now`, and the gates they move. One known exactly at the horizon still counts."""
        while self.coming and self.coming[0][0] <= now:
            known_at, ordinal = heapq.heappop(self.coming)
            yield from self._advance(Micros(known_at - 1))
            yield self._judged(ordinal, Micros(known_at))
        matured = self.lineup.ends + int(self.charter.error_budget.horizon)  # of the last decision
        yield from self._advance(Micros(min(now, matured)))

    def _advance(self, now: Micros) -> Iterator[Draft]:
        place = Run(self.run, 0, "later_other")
        events = self.learning.advance(now, id_of=f"{self.run}.{now}", run=place, simulated=self.lineup.simulated)
        if events:
            self._refresh()
        yield from (Draft(record=event) for event in events)

    def _decided(self, ordinal: int, row: int, now: Micros) -> Draft:
        work, kind = self.lineup.work, self.lineup.kind[ordinal]
        policy = self.policies["pilot" if kind == "pilot" else "shadow"]
        item, output = work.item(row), {self.output_name: self.lineup.answers.output[ordinal]}
        score, subject = _score(self.lineup.answers, ordinal), work.subject.text(row)
        found = decide(
            Request(point=policy.point, subject=subject, item=item, output=output, score=score, now=now), policy
        )
        name = self._id(ordinal)
        if kind.startswith("later") and allowed_by_rules(found.reasons):
            # What a pilot left over is the hard part of its weeks, and no fair sample; what a rule sends to a person
            # is never acted on, so a certificate must not be earned with it.
            acted = would_act(found.reasons)
            self.learning.decided(name, at=now, segment=found.segment, score=score, acted=acted)
        if not isnan(self.lineup.wrong[ordinal]):  # else it is never learnt, and counts as an error at its horizon
            heapq.heappush(self.coming, (self._known_at(row, now), ordinal))
        record = self._made(name, found, policy, score, now, Run(self.run, ordinal, kind))
        contents = (
            Content("input", "work", canonical.encode_trusted({"fields": list(item.items())})),
            Content("output", "work", canonical.encode_trusted({"fields": list(output.items())})),
        )
        return Draft(record=record, subject=subject, contents=contents)

    def _made(
        self, name: str, found: Decision, policy: Policy, score: float | None, now: Micros, place: Run
    ) -> DecisionMade:
        return DecisionMade(
            id=name, ts=self.clock.now(), at=now, use_case=policy.use_case, simulated=self.lineup.simulated, point=policy.point,
            attempt=1, stage=policy.stage, charter=policy.charter, policy=policy.digest, epoch=found.epoch,
            segment=found.segment, model=policy.model, score=None if score is None else ppm(score), confidence=found.confidence,
            threshold=found.threshold, route=found.route, told=found.told, reasons=found.reasons, rules=found.rules,
            audit=found.audit, blind_first=found.blind_first, run=place,
        )  # fmt: skip

    def _judged(self, ordinal: int, known_at: Micros) -> Draft:
        work, row = self.lineup.work, int(self.lineup.rows[ordinal])
        wrong, person = float(self.lineup.wrong[ordinal]), float(self.lineup.person_wrong[ordinal])
        self.learning.learnt(self._id(ordinal), wrong)
        learnt = OutcomeLearnt(
            id=f"{self._id(ordinal)}.outcome", ts=self.clock.now(), at=known_at, use_case=self.charter.use_case,
            simulated=self.lineup.simulated, decision=self._id(ordinal), label="outcome", loss=ppm(wrong),
            person_loss=None if isnan(person) else ppm(person), run=Run(self.run, ordinal, self.lineup.kind[ordinal]),
        )  # fmt: skip
        truth = canonical.encode_trusted({"fields": [[self.output_name, work.truth.text(row)]]})
        return Draft(record=learnt, subject=work.subject.text(row), contents=(Content("truth", "work", truth),))

    def _known_at(self, row: int, decided_at: int) -> int:
        """When the truth was known: as written in the log, else after the span the charter names."""
        known = self.lineup.work.known_at
        if known is None or known[row] == NO_MOMENT:
            return decided_at + int(self.charter.wrong_means.known_after)
        return max(decided_at, int(known[row]))

    def _id(self, ordinal: int) -> str:
        return f"{self.run}.{ordinal:07d}"


def _score(answers: Answers, ordinal: int) -> float | None:
    score = float(answers.score[ordinal])
    return None if isnan(score) else score
