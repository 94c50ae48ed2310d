"""A log read again, so that a gateway stands where the one before it stood."""

from __future__ import annotations

from airworthy.record import codec
from airworthy.record.control import GrantGiven, GrantRevoked, ReleaseAsked, StopPulled, StopReleased
from airworthy.record.decision import DecisionMade, GateClosed, GateOpened, OutcomeLearnt
from airworthy.record.epoch import CalibratorFitted, EpochStarted
from airworthy.record.governance import CharterAdopted
from airworthy.record.permit import PermitIssued, PermitRedeemed, PermitVoided
from airworthy.record.review import AnswerGiven, DecisionSettled
from airworthy.record.store import Erased
from airworthy.service.live.core import Core
from airworthy.service.live.pending import Pending, Vote
from airworthy.service.live.usecase import UseCase

EVERY = 10_000  # entries between two reports of progress


class Recovery:
    """Reads a log once, from its first entry to its last."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.adopted: dict[str, CharterAdopted] = {}  # the last of each use case
        self._waiting: dict[str, tuple[int, DecisionMade]] = {}
        self._answers: dict[str, list[tuple[int, AnswerGiven]]] = {}

    def run(self) -> None:
        """Brings every point, permit, grant and pending decision up to the end of the log."""
        for stored in self._core.store.scan():
            found = codec.record(stored.leaf)
            if getattr(found, "run", None) is None:
                self._core.not_before(found.ts)
                case = self._core.cases.get(found.use_case)
                if case is not None:
                    case.advance(found.ts)
                    self._take(stored.seq, found, case)
        for decision, (seq, made) in self._waiting.items():
            self._wait(decision, seq, made)
        self._core.permits.expire(self._core.now())
        for point in self._core.points.values():
            point.recalled(self._core.now())

    def _take(self, seq: int, found: codec.AnyRecord, case: UseCase) -> None:
        match found:
            case DecisionMade():
                self._decided(seq, found, case)
            case OutcomeLearnt():
                for point in case.points.values():
                    point.learnt(found)
            case GateOpened() | GateClosed() | EpochStarted() | CalibratorFitted():
                if found.point in case.points:
                    case.points[found.point].met(found)
            case PermitIssued():
                self._core.permits.add(found)
            case PermitRedeemed() | PermitVoided():
                self._core.permits.remove(found.permit)
            case AnswerGiven():
                self._answers.setdefault(found.decision, []).append((seq, found))
            case DecisionSettled():
                self._waiting.pop(found.decision, None)
                self._answers.pop(found.decision, None)
            case _:
                self._govern(seq, found, case)

    def _govern(self, seq: int, found: codec.AnyRecord, case: UseCase) -> None:
        match found:
            case GrantGiven() | GrantRevoked():
                case.control.apply(found)
                case.changed()
            case StopPulled() | StopReleased():
                case.control.apply(found)
                case.changed()
                case.release_asked_by = None
            case ReleaseAsked():
                kref = found.actor.kref if found.actor else None
                case.release_asked_by = case.release_asked_by or (self._core.store.subject(kref) if kref else None)
            case CharterAdopted():
                self.adopted[case.name] = found
                for point in case.points.values():
                    if (found.policy, found.model_version or point.model.version) != (
                        point.policy_digest,
                        point.model.version,
                    ):
                        point.interrupt()

    def _decided(self, seq: int, made: DecisionMade, case: UseCase) -> None:
        if made.point in case.points:
            case.points[made.point].decided(made)
            if made.told in ("review", "escalate"):
                self._waiting[made.id] = (seq, made)

    def _wait(self, decision: str, seq: int, made: DecisionMade) -> None:
        """A decision still pending, with the answers given so far; what was erased waits for nobody."""
        ask = self._core.ask(seq)
        if ask is None:
            return
        waits = Pending(made, ask.subject, ask.output, ask.requested_by, self._core.salt, ask.output, owner=made.owner)
        for at, given in self._answers.get(decision, []):
            self._vote(waits, at, given)
        self._core.pending[decision] = waits

    def _vote(self, waits: Pending, seq: int, given: AnswerGiven) -> None:
        kref = given.actor.kref if given.actor else None
        name = self._core.store.subject(kref) if kref else None
        said = self._core.store.content(seq, "answer")
        if given.verb in ("accept", "correct") and name is not None and not isinstance(said, Erased):
            value = self._core.sealed(seq, "answer")["value"]
            if self._core.shown(waits.made.id, value) != waits.digest:
                waits.value = value
            waits.votes = (*waits.votes, Vote(name, waits.digest))
