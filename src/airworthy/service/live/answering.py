"""Answers of people: enough of them settle a decision, and a deadline without one lets the work fall back."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import msgspec

from airworthy.base import canonical
from airworthy.base.clock import SECOND, Micros
from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput, Conflict, NotAllowed
from airworthy.base.quantity import ppm
from airworthy.decision.loss import loss
from airworthy.exchange.ask import Answer
from airworthy.exchange.channel import Caller
from airworthy.exchange.told import Told
from airworthy.record.decision import OutcomeLearnt
from airworthy.record.review import AnswerGiven, DecisionSettled
from airworthy.record.store import Draft
from airworthy.service.live.checked import malformed
from airworthy.service.live.core import Core, Waiter, content, person, require
from airworthy.service.live.deciding import permitted
from airworthy.service.live.pending import How, Pending, closing
from airworthy.service.live.point import Point

LONGEST_WAIT_S = 30.0
APPLICATION = Caller(scopes=frozenset({"application"}))


class Answering:
    """What is pending, and how it ends."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def told(self, decision: str, caller: Caller, *, wait_s: float = 0.0) -> Future[Told]:
        """What there is to tell; while it is pending, waits up to `wait_s` for it to be settled."""
        require(caller, "application", "reviewer", "owner", "auditor")
        future: Future[Told] = Future()
        with self._core.lock:
            if wait_s > 0 and decision in self._core.pending:
                until = Micros(self._core.now() + int(min(wait_s, LONGEST_WAIT_S) * SECOND))
                self._core.waiters.setdefault(decision, []).append(Waiter(future, until, caller))
                return future
            future.set_result(self._for(caller, self._present(decision)))
        return future

    def answer(self, decision: str, answer: Answer, caller: Caller) -> Future[Told]:
        """One person's answer. Raises Conflict where they saw something else, NotAllowed where they may not."""
        require(caller, "reviewer", "owner")
        with self._core.lock:
            now = self._core.now()
            self.overdue(now)
            waits = msgspec.structs.replace(self._pending(decision, answer, caller))  # counts once the store took it
            self._core.cases[waits.made.use_case].advance(now)
            blind = answer.blind and waits.drawn_blind and not _sees(caller)
            value = self._value(waits, answer, blind)
            enough = waits.vote(caller.name, value) if answer.verb in ("accept", "correct") else False
            if answer.verb in ("challenge", "escalate"):
                waits.owner = str(self._core.cases[waits.made.use_case].charter.owners.outcome.seat)
            label = self._label(waits, answer, value, blind, now)
            drafts = [self._given(waits, answer, value, blind, caller, now)]
            if label is not None:
                truth = (content("truth", value),)
                drafts.append(Draft(record=label, subject=waits.subject, person=caller.name, contents=truth))
            future = self._end(waits, drafts, value, now) if enough else self._go_on(waits, drafts, caller)
            if label is not None:
                self._core.points[f"{label.use_case}.{waits.made.point}"].learnt(label)
        return future

    def overdue(self, now: Micros) -> None:
        """Lets everything past its deadline fall back, and ends waits that are over. The caller holds the lock."""
        late = [one for one in self._core.pending.values() if one.due(now)]
        for waits in late:
            self.close(waits, "deadline", now)
        for decision, waiters in list(self._core.waiters.items()):
            over = [one for one in waiters if now >= one.until]
            self._core.waiters[decision] = [one for one in waiters if now < one.until]
            for waiter in over:
                waiter.future.set_result(self._for(waiter.caller, self._present(decision)))

    def close(self, waits: Pending, how: How, now: Micros, drafts: Sequence[Draft] = ()) -> Future[Told]:
        """Settles a decision without an answer: its work falls back. The caller holds the lock."""
        made = waits.made
        future = self._core.append(
            [*drafts, closing(waits, how, now, self._core.id(now))], lambda _: self._present(made.id)
        )
        self._settled(made.id, future)
        return future

    def _settled(self, decision: str, future: Future[Told]) -> None:
        """The store took what settles a decision; whoever waits for it hears it with `future`."""
        self._core.pending.pop(decision, None)
        for waiter in self._core.waiters.pop(decision, []):
            _follow(future, waiter.future)

    def _pending(self, decision: str, answer: Answer, caller: Caller) -> Pending:
        """What may be answered now by this caller, as they saw it."""
        if not caller.is_person or not caller.name:
            raise NotAllowed("only a person can answer", code="G030", help="sign in, or use a key made with --person")
        waits = self._core.pending.get(decision)
        if waits is None:
            self._core.about(decision)  # raises NotFound
            raise Conflict(
                "this decision waits for nobody", code="G022", help="it was settled meanwhile; look at it again"
            )
        if not self._core.cases[waits.made.use_case].may_answer(caller.name):
            raise NotAllowed("you hold no seat of this use case", code="G033", help="seats stand in the charter")
        if answer.seen != waits.digest:
            raise Conflict(
                "what you saw is not what is to be decided now", code="G023", help="look at it again, then answer"
            )
        waits.refuse(caller.name)
        return waits

    def _value(self, waits: Pending, answer: Answer, blind: bool) -> Any:
        """What the person stands behind: what was to be agreed on, or what they say themselves."""
        if blind and answer.value is None and answer.verb in ("accept", "correct"):
            help = "whoever has not seen the output says what it should be, as `value`"
            raise BadInput([Diagnostic("G026", "a blind answer agrees with nothing it has seen", help=help)])
        if answer.verb != "correct" and not blind:
            return waits.value
        point = self._core.points[f"{waits.made.use_case}.{waits.made.point}"]
        try:
            canonical.profiled(answer.value)
        except canonical.OutOfProfile as error:
            raise BadInput(
                [Diagnostic("G004", f"the correction has no canonical form: {error.diagnostics[0].sentence}")]
            ) from None
        if wrong := malformed(point, answer.value):
            help = "send the whole corrected output"
            raise BadInput(
                [Diagnostic("G024", f"the correction is not what the output's schema allows: {wrong}", help=help)]
            )
        return answer.value

    def _given(self, waits: Pending, answer: Answer, value: Any, blind: bool, caller: Caller, now: Micros) -> Draft:
        made, says = waits.made, answer.verb in ("accept", "correct")
        given = AnswerGiven(
            id=self._core.id(now), ts=now, at=now, use_case=made.use_case, simulated=made.simulated, actor=person("reviewer"),
            decision=made.id, verb=answer.verb, blind=blind,
            agrees=canonical.same(value, waits.output) if says else None,
        )  # fmt: skip
        said = content("answer", {"value": value if says else None, "reason": answer.reason, "seen": answer.seen})
        return Draft(record=given, subject=waits.subject, person=caller.name, contents=(said,))

    def _label(self, waits: Pending, answer: Answer, value: Any, blind: bool, now: Micros) -> OutcomeLearnt | None:
        """What an answer says about the truth: a blind one may certify, one given beside the output may not."""
        if answer.verb not in ("accept", "correct"):
            return None
        made = waits.made
        weights = self._core.cases[made.use_case].charter.wrong_means.loss
        return OutcomeLearnt(
            id=self._core.id(now), ts=now, at=now, use_case=made.use_case, simulated=made.simulated, actor=person("reviewer"),
            decision=made.id, label="blind" if blind else "sighted",
            loss=ppm(loss(waits.output, value, dict(weights))),
        )  # fmt: skip

    def _go_on(self, waits: Pending, drafts: list[Draft], caller: Caller) -> Future[Told]:
        """Not enough people yet."""
        future = self._core.append(drafts, lambda _: self._for(caller, self._present(waits.made.id)))
        self._core.pending[waits.made.id] = waits
        return future

    def _end(self, waits: Pending, drafts: list[Draft], value: Any, now: Micros) -> Future[Told]:
        """Enough people stand behind a value: it may be carried out, unless everything was stopped meanwhile."""
        made = waits.made
        case = self._core.cases[made.use_case]
        if case.standing(now).stopped:
            return self.close(waits, "stopped", now, drafts)
        point = self._core.points[f"{made.use_case}.{made.point}"]
        if waits.people < point.declared.quorum:
            return self._go_on(waits, drafts, APPLICATION)  # more people are asked for now than when it was decided
        if self._withdrawn(waits, value, point, now):
            return self.close(waits, "withdrawn", now, drafts)
        _, permit_draft, issued = permitted(self._core, case, point, made.id, waits.subject, value, "person", now)
        changed = not canonical.same(value, waits.output)
        settled = DecisionSettled(
            id=self._core.id(now), ts=now, at=now, use_case=made.use_case, simulated=made.simulated, decision=made.id,
            how="corrected" if changed else "accepted", told="act", people=waits.people,
        )  # fmt: skip
        drafts += [Draft(record=settled, subject=waits.subject, contents=(content("value", value),)), permit_draft]
        future = self._core.append(drafts, lambda _: self._present(made.id))
        self._core.permits.add(issued)
        self._settled(made.id, future)
        return future

    def _withdrawn(self, waits: Pending, value: Any, point: Point, now: Micros) -> bool:
        """Whether what people agreed on is not allowed now, though it was when they were asked: never laxer, only
        stricter. The use case lost its grant, the value its schema, or a rule wants the fallback."""
        if self._core.cases[waits.made.use_case].standing(now).stage == "shadow" or malformed(point, value):
            return True
        [entry, *_] = self._core.about(waits.made.id)
        ask = self._core.ask(entry.seq)
        return ask is None or point.forbids(ask.item, value, now)

    def _present(self, decision: str) -> Told:
        """What there is to tell now. Raises NotFound."""
        return self._core.told(self._core.about(decision))

    def _for(self, caller: Caller, told: Told) -> Told:
        """What this caller may see: whoever answers blind is not shown the output."""
        waits = self._core.pending.get(told.id)
        if waits is None or not waits.drawn_blind or _sees(caller):
            return told
        return msgspec.structs.replace(told, proposed=None, doubts=(), confidence=None)


def _sees(caller: Caller) -> bool:
    """Whether a caller may have seen the output: a program, or whoever reads the log. Their answer is never blind."""
    return bool(caller.scopes & {"application", "auditor"})


def _follow(done: Future[Told], future: Future[Told]) -> None:
    """`future` ends as `done` does."""

    def pass_on(ended: Future[Told]) -> None:
        error = ended.exception()
        if error is None:
            future.set_result(ended.result())
        else:
            future.set_exception(error)

    done.add_done_callback(pass_on)
