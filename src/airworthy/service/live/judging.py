"""What turned out to be true: late, corrected, contradicting what was said before, or never to be known."""

from __future__ import annotations

from concurrent.futures import Future

import msgspec

from airworthy.base import canonical
from airworthy.base.clock import Micros, micros
from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput, NotAllowed, NotFound
from airworthy.base.quantity import Ppm, ppm
from airworthy.decision.loss import loss
from airworthy.exchange.ask import Outcome
from airworthy.exchange.channel import Caller
from airworthy.exchange.told import Noted
from airworthy.record.decision import DecisionMade, LabelClass, OutcomeLearnt
from airworthy.record.envelope import Record
from airworthy.record.store import Content, Draft
from airworthy.record.trouble import OutcomeUnmatched
from airworthy.service.live.checked import AHEAD_US, sealed
from airworthy.service.live.core import Core, Entry, content, outcomes, person, require

STRENGTH: dict[LabelClass, int] = {"sighted": 0, "blind": 1, "outcome": 2}
DISPUTED = "it differs from what was said before, so neither counts until one is given with `corrects`"
OUTRANKED = "a stronger label stands; this one is kept and counts for nothing"


class Heard(msgspec.Struct, frozen=True):
    """An outcome ready to be recorded; `learnt` is what it means, None where it belongs to no decision."""

    draft: Draft
    learnt: OutcomeLearnt | None
    point: str
    note: str = ""


class Judging:
    """Outcomes."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def outcome(self, outcome: Outcome, caller: Caller) -> Future[Noted]:
        """Records an outcome. Raises BadInput; NotFound for a decision of another log, after it was recorded."""
        require(caller, "application", "reviewer", "owner")
        with self._core.lock:
            now = self._core.now()
            heard = self.hear(outcome, now, self._core.id(now), caller)
            return self._append(heard, now)

    def hear(self, outcome: Outcome, now: Micros, id: str, caller: Caller) -> Heard:
        """What an outcome means, as a draft. Raises BadInput, NotAllowed. The caller holds the lock."""
        _require_said(outcome, now)
        try:
            entries = self._core.about(outcome.decision)
        except NotFound:
            return self._unmatched(outcome, now, id)
        made = entries[0].record
        if not isinstance(made, DecisionMade):
            return self._unmatched(outcome, now, id)
        who = self._who(made, outcome, caller)
        self._core.cases[made.use_case].advance(now)
        learnt = self._learnt(outcome, made, entries, now, id)
        note = OUTRANKED if learnt.outranked else DISPUTED if learnt.contradicts else ""
        said: tuple[Content, ...] = () if outcome.value is msgspec.UNSET else (content("truth", outcome.value),)
        subject = self._core.store.subject(made.item.kref) if made.item else None
        if who:
            learnt = msgspec.structs.replace(learnt, actor=person("judge"))
        draft = Draft(
            record=learnt, subject=subject if said else None, contents=said if subject else (), person=who or None
        )
        return Heard(draft, learnt, f"{made.use_case}.{made.point}", note)

    def _who(self, made: DecisionMade, outcome: Outcome, caller: Caller) -> str:
        """The person who says so, empty for a program. Raises NotAllowed.

        Programs say what systems of record say. A person's word is truth where they hold the seat that judges.
        """
        if "application" in caller.scopes:
            return ""
        case = self._core.cases[made.use_case]
        judges = (str(case.charter.wrong_means.judge), str(case.charter.owners.outcome.seat))
        holds = case.charter.mode == "solo" or case.seat_of(caller.name, iter(judges)) is not None
        if not caller.is_person or not case.may_answer(caller.name):
            raise NotAllowed("you hold no seat of this use case", code="G033", help="seats stand in the charter")
        if outcome.label != "sighted" and not holds:
            help = f"`{judges[0]}` says what is wrong; yours counts as `sighted`"
            raise NotAllowed("your seat does not say what was true", code="G062", help=help)
        return caller.name

    def took(self, heard: Heard) -> None:
        """The store took it."""
        point = self._core.points.get(heard.point)
        if heard.learnt is not None and point is not None:
            point.learnt(heard.learnt)

    def _append(self, heard: Heard, now: Micros) -> Future[Noted]:
        def noted(receipts: tuple[object, ...]) -> Noted:
            if heard.learnt is None:
                help = "it is kept in the log and counts for nothing; check the id, and the environment"
                raise NotFound("there is no such decision in this log", code="G021", help=help)
            return Noted(id=heard.draft.record.id, seq=receipts[0].seq, note=heard.note)  # type: ignore[attr-defined]

        future = self._core.append([heard.draft], noted)
        self.took(heard)
        return future

    def _learnt(
        self, outcome: Outcome, made: DecisionMade, entries: list[Entry], now: Micros, id: str
    ) -> OutcomeLearnt:
        found = self._loss(outcome, made, entries)
        before = [one for one in outcomes(entries) if not one.outranked]
        stronger = any(STRENGTH[one.label] > STRENGTH[outcome.label] for one in before)
        rivals = [one for one in before if one.label == outcome.label]
        # A dispute lasts until somebody corrects: saying one side of it again settles nothing.
        disputed = bool(rivals) and not outcome.corrects and (rivals[-1].contradicts or rivals[-1].loss != found)
        person = None
        if outcome.person_value is not msgspec.UNSET and outcome.value is not msgspec.UNSET:
            person = self._compare(outcome.person_value, outcome.value, made)
        at = now if outcome.observed_at is None else micros(outcome.observed_at)
        return OutcomeLearnt(
            id=id, ts=now, at=at, use_case=made.use_case, simulated=made.simulated, decision=made.id, label=outcome.label,
            loss=found, person_loss=person, corrects=outcome.corrects, outranked=stronger, contradicts=disputed and not stronger,
        )  # fmt: skip

    def _loss(self, outcome: Outcome, made: DecisionMade, entries: list[Entry]) -> Ppm | None:
        if outcome.unknown:
            return None
        if outcome.correct is not None:
            return Ppm(0 if outcome.correct else 1_000_000)
        ask = self._core.ask(entries[0].seq)
        if ask is None:
            raise BadInput(
                [
                    Diagnostic(
                        "G025", "what was decided was erased, so nothing can be compared with it", help="say `correct`"
                    )
                ]
            )
        return self._compare(ask.output, outcome.value, made)

    def _compare(self, said: object, truth: object, made: DecisionMade) -> Ppm:
        try:
            return ppm(loss(said, truth, dict(self._core.cases[made.use_case].charter.wrong_means.loss)))
        except canonical.OutOfProfile as error:
            raise BadInput(
                [Diagnostic("G004", f"the value has no canonical form: {error.diagnostics[0].sentence}")]
            ) from None

    def _unmatched(self, outcome: Outcome, now: Micros, id: str) -> Heard:
        try:
            said = Content("outcome", "work", sealed(outcome))
        except canonical.OutOfProfile as error:
            raise BadInput(
                [Diagnostic("G004", f"the value has no canonical form: {error.diagnostics[0].sentence}")]
            ) from None
        record: Record = OutcomeUnmatched(id=id, ts=now, at=now, use_case="")
        return Heard(Draft(record=record, contents=(said,)), None, "")


def _require_said(outcome: Outcome, now: Micros) -> None:
    said = [outcome.correct is not None, outcome.value is not msgspec.UNSET, outcome.unknown]
    if sum(said) != 1:
        help = "say `correct`, or the true `value`, or `unknown`"
        raise BadInput([Diagnostic("G060", "an outcome says exactly one thing about what was true", help=help)])
    if outcome.observed_at is not None and outcome.observed_at.tzinfo is None:
        raise BadInput(
            [Diagnostic("G007", "`observed_at` has no time zone", help="write such as 2026-11-22T06:00:00Z")]
        )
    if outcome.observed_at is not None and micros(outcome.observed_at) > now + AHEAD_US:
        raise BadInput([Diagnostic("G061", "`observed_at` lies ahead of now", help="check the clock that wrote it")])
