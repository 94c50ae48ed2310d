"""An auditor who has nothing but the log: whatever ran must have been allowed by what stands before it.

Written from the promises, not from the code: it recounts every label itself and imports nothing of `service`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

from airworthy.record import codec
from airworthy.record.control import GrantGiven, GrantRevoked, StopPulled, StopReleased
from airworthy.record.decision import DecisionMade, GateClosed, GateOpened, OutcomeLearnt
from airworthy.record.epoch import EpochStarted
from airworthy.record.permit import EffectFinished, PermitIssued, PermitRedeemed, PermitVoided
from airworthy.record.review import AnswerGiven, DecisionSettled
from airworthy.record.trouble import ModelFailed
from airworthy.stats.eprocess import log_evidence_below


class Auditor:
    """Reads a log once and writes down everything that should not have happened."""

    def __init__(self, horizon_us: int) -> None:
        self.horizon = horizon_us
        self.found: list[str] = []
        self.acted = 0
        self.grants: dict[str, GrantGiven] = {}
        self.stopped: set[str] = set()
        self.epochs: dict[tuple[str, str], EpochStarted] = {}
        self.open: dict[tuple[str, str], GateOpened] = {}
        self.made: dict[str, DecisionMade] = {}
        self.asked: set[tuple[str, str]] = set()
        self.labels: dict[str, OutcomeLearnt] = {}
        self.issued: dict[str, PermitIssued] = {}
        self.used: set[str] = set()
        self.voided: set[str] = set()
        self.settled: set[str] = set()
        self.answers: dict[str, int] = defaultdict(int)
        self.ended: set[tuple[str, str]] = set()
        self.ids: set[str] = set()
        self.last = 0

    def read(self, leaves: Iterable[bytes]) -> list[str]:
        """What should not have happened; nothing when all is well."""
        for seq, leaf in enumerate(leaves):
            record = codec.record(leaf)
            if record.id in self.ids:
                self.found.append(f"{seq}: two entries have the id {record.id}")
            if record.ts < self.last:
                self.found.append(f"{seq}: time went back")
            self.ids.add(record.id)
            self.last = record.ts
            self._take(seq, record)
        return self.found

    def say(self, seq: int, what: str) -> None:
        self.found.append(f"{seq}: {what}")

    def _take(self, seq, record) -> None:
        match record:
            case DecisionMade():
                self._made(seq, record)
            case OutcomeLearnt() if record.label != "sighted" and not record.outranked:
                self.labels.setdefault(record.decision, record)
                self.labels[record.decision] = record
            case EpochStarted():
                self._epoch(seq, record)
            case GateOpened():
                self._opened(seq, record)
            case GateClosed():
                self.open.pop((record.point, record.segment), None)
            case GrantGiven():
                self.grants[record.use_case] = record
            case GrantRevoked():
                if record.use_case in self.grants and self.grants[record.use_case].grant == record.grant:
                    del self.grants[record.use_case]
            case StopPulled():
                self.stopped.add(record.use_case)
            case StopReleased():
                self.stopped.discard(record.use_case)
            case _:
                self._permit(seq, record)

    def _made(self, seq: int, made: DecisionMade) -> None:
        self.made[made.id] = made
        if made.told == "act":
            self.acted += 1
            gate = self.open.get((made.point, made.segment))
            grant = self.grants.get(made.use_case)
            codes = {reason.code for reason in made.reasons}
            for wrong, what in (
                (gate is None, "acted while its gate was closed"),
                (
                    gate is not None and (made.epoch, made.threshold) != (gate.epoch, gate.threshold),
                    "acted on another gate",
                ),
                (gate is not None and (made.score is None or made.score < gate.threshold), "acted below the threshold"),
                (made.use_case in self.stopped, "acted while stopped"),
                (grant is None or grant.stage != "default" or made.ts >= grant.until, "acted without a grant"),
                (made.route != "act" or made.stage != "default", "acted at another stage or route"),
                (codes & {"rule", "rule.not_evaluated", "model.other"} != set(), "acted against a rule"),
                ("gate.certified" not in codes, "acted without certificate"),
            ):
                if wrong:
                    self.say(seq, what)

    def _epoch(self, seq: int, started: EpochStarted) -> None:
        before = self.epochs.get((started.point, started.segment))
        if before is not None and started.epoch != before.epoch + 1:
            self.say(seq, "an epoch was skipped or repeated")
        if (started.point, started.segment) in self.open:
            self.say(seq, "a new epoch began while the gate was open")
        self.epochs[started.point, started.segment] = started

    def _opened(self, seq: int, opened: GateOpened) -> None:
        started = self.epochs.get((opened.point, opened.segment))
        self.open[opened.point, opened.segment] = opened
        if started is None or started.epoch != opened.epoch:
            return self.say(seq, "a gate opened outside its epoch")
        if opened.threshold not in started.thresholds or opened.risk != started.risk:
            return self.say(seq, "a gate opened on a threshold nobody fixed before")
        if opened.ts < self.last:
            self.say(seq, "a gate opened in the past")
        chain = started.thresholds[: started.thresholds.index(opened.threshold) + 1]
        for threshold in chain:
            if not self._ever_reached(opened, threshold / 1e6, started):
                self.say(seq, f"the labels do not support the gate of epoch {opened.epoch} at {threshold}")
        return None

    def _ever_reached(self, opened: GateOpened, threshold: float, started: EpochStarted) -> bool:
        """Whether the labels matured by then, in decision order, ever gave evidence enough at `threshold`."""
        errors = labels = 0
        needed = -math.log(started.risk / 1e6) - 1e-3  # the risk is recorded in parts per million
        for made in self.made.values():
            drawn = made.audit is not None and made.audit.drawn
            ours = (made.point, made.segment, made.epoch) == (opened.point, opened.segment, opened.epoch)
            if not (ours and drawn and made.ts >= started.ts and made.ts + self.horizon <= opened.ts):
                continue
            if made.score is None or made.score / 1e6 < threshold:
                continue
            label = self.labels.get(made.id)
            known = label is not None and label.ts < made.ts + self.horizon and not label.contradicts
            labels += 1
            errors += not known or label.loss is None or label.loss > 0
            if log_evidence_below(errors, labels, budget=started.budget / 1e6) >= needed:
                return True
        return False

    def _permit(self, seq: int, record) -> None:
        match record:
            case PermitIssued():
                self.issued[record.permit] = record
                if record.use_case in self.stopped:
                    self.say(seq, "a permit was given while stopped")
                if record.decider == "policy" and self.made[record.decision].told != "act":
                    self.say(seq, "a permit was given for what was not to be acted on")
            case PermitVoided():
                self.voided.add(record.permit)
            case PermitRedeemed():
                issued = self.issued.get(record.permit)
                for wrong, what in (
                    (issued is None, "a permit was used that nobody gave"),
                    (record.permit in self.used, "a permit was used twice"),
                    (record.permit in self.voided, "a permit was used after it was taken back"),
                    (issued is not None and record.ts >= issued.expires, "a permit was used after it had expired"),
                    (record.use_case in self.stopped, "a permit was used while stopped"),
                    (issued is not None and record.effect != issued.effect, "a permit was used for another effect"),
                ):
                    if wrong:
                        self.say(seq, what)
                self.used.add(record.permit)
            case EffectFinished():
                if record.permit not in self.used:
                    self.say(seq, "an effect ended that was never permitted")
            case AnswerGiven():
                if record.verb in ("accept", "correct"):
                    self.answers[record.decision] += 1
            case DecisionSettled():
                self._settled(seq, record)
            case ModelFailed():
                pass

    def _settled(self, seq: int, settled: DecisionSettled) -> None:
        made = self.made[settled.decision]
        for wrong, what in (
            (settled.decision in self.settled, "a decision was settled twice"),
            (made.told not in ("review", "escalate"), "a decision was settled that waited for nobody"),
            (settled.told == "act" and settled.people < made.quorum, "people settled it without a quorum"),
            (
                settled.told == "act" and self.answers[made.id] < made.quorum,
                "it was settled with fewer answers than people",
            ),
            (settled.told == "act" and made.use_case in self.stopped, "it was settled to act while stopped"),
            (settled.told not in ("act", "fallback"), "it was settled to something that is no end"),
        ):
            if wrong:
                self.say(seq, what)
        self.settled.add(settled.decision)
