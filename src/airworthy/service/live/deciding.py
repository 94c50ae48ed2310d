"""Deciding: an ask becomes a route, recorded and then told; the same ask again is told the same again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from threading import Lock
from typing import Any

import msgspec

from airworthy.base.clock import Micros
from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import AirworthyError, BadInput, Conflict
from airworthy.base.quantity import MILLION, ppm
from airworthy.decision.policy import Policy
from airworthy.decision.request import Request
from airworthy.decision.route import Decision, decide
from airworthy.exchange.ask import MOST_AT_ONCE, Ask, Failure, Missed
from airworthy.exchange.channel import Caller
from airworthy.exchange.permit import Permit
from airworthy.exchange.told import Told
from airworthy.record import codec
from airworthy.record.decision import DecisionMade, Reason, SourceState
from airworthy.record.permit import PermitIssued
from airworthy.record.store import Content, Draft, Erased, Stored
from airworthy.record.trouble import ModelFailed
from airworthy.service.live.checked import Checked, check, check_failure, differs_in, read_sources, sealed
from airworthy.service.live.core import Core, require
from airworthy.service.live.pending import Pending
from airworthy.service.live.point import Point
from airworthy.service.live.tell import Later, tell, tell_failed
from airworthy.service.live.usecase import UseCase

FAILED = Reason("model.failed")
REMEMBERED = 10_000  # ids given by clients: more than can be on their way; those before them are in the log


class Fresh(msgspec.Struct, frozen=True):
    """A decision just computed, not yet recorded."""

    drafts: tuple[Draft, ...]
    told: Told
    record: DecisionMade | ModelFailed
    permit: PermitIssued | None = None
    requested_by: str = ""


class InFlight(msgspec.Struct, frozen=True):
    """A decision that is being made durable."""

    body: bytes
    future: Future[Told]


class Deciding:
    """Asks and failures."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._in_flight: dict[tuple[str, str, int], InFlight] = {}
        self._given: OrderedDict[str, None] = OrderedDict()  # ids of clients, also of what is not in the log yet

    def submit(self, asks: Sequence[Ask], caller: Caller) -> Future[tuple[Told, ...]]:
        """Decides all `asks` together; told in their order."""
        require(caller, "application")
        checked = self._checked(asks)
        with self._core.lock:
            now = self._advance({one.point.charter.use_case for one in checked})
            answers = [self._again(one) or self._decided(one, now) for one in checked]
            fresh = [(one, answer) for one, answer in zip(checked, answers, strict=True) if isinstance(answer, Fresh)]
            futures = self._append(fresh, now)
        return _all([_future(answer, futures) for answer in answers])

    def failure(self, failure: Failure, caller: Caller) -> Future[Told]:
        """Records that the model gave nothing usable."""
        require(caller, "application")
        point = check_failure(failure, self._core.points)
        body = sealed(failure)
        with self._core.lock:
            now = self._advance({point.charter.use_case})
            key = (failure.point, failure.subject, failure.attempt)
            before = self._known(key)
            if isinstance(before, Future):
                before = before.result()  # an answer was under way, and its caller gives it up
            if before is not None:
                return self._given_up(before, now)
            fresh = self._failed(point, failure.subject, failure.attempt, "error", FAILED, body, now)
            return self._record(fresh, key, body)

    def _given_up(self, told: Told, now: Micros) -> Future[Told]:
        """What was decided before is given up: its caller says that the model failed, and works as before."""
        drafts, took = self._core.take_back(told.id, now)
        if not drafts:
            return _ready(told if told.route == "fallback" else as_fallback(told))
        future = self._core.append(drafts, lambda _: self._core.told(self._core.about(told.id), again=True))
        took()
        return future

    def late(self, ask: Ask, at: Micros, why: Missed, now: Micros) -> Fresh | DecisionMade | ModelFailed:
        """An ask a client could not hand over: decided for the record, told `fallback` as the caller was.

        Returns the decision that was there before, where there was one. The caller holds the lock.
        """
        checked = check(ask, self._core.points)
        self._core.cases[checked.point.charter.use_case].advance(now)
        self._landing(checked.once)
        stored = self._core.store.decided(*checked.once)
        if stored is not None:
            found = codec.record(stored.leaf)
            assert isinstance(found, DecisionMade | ModelFailed)
            return found
        return self._decided(checked, now, missed=why, at=at)

    def record_late(self, fresh: Fresh, now: Micros) -> None:
        """A late decision was taken by the store."""
        self._took(fresh, now)

    def late_failure(self, failure: Failure, now: Micros) -> Fresh | None:
        """As `late`, for a failure; None where it is known."""
        point = check_failure(failure, self._core.points)
        self._landing((failure.point, failure.subject, failure.attempt))
        if self._core.store.decided(failure.point, failure.subject, failure.attempt) is not None:
            return None
        return self._failed(point, failure.subject, failure.attempt, "error", FAILED, sealed(failure), now)

    def _landing(self, once: tuple[str, str, int]) -> None:
        """Waits until what is on its way into the log is there, or never will be."""
        if (flying := self._in_flight.get(once)) is not None:
            flying.future.exception()

    def _checked(self, asks: Sequence[Ask]) -> list[Checked]:
        if not 1 <= len(asks) <= MOST_AT_ONCE:
            raise BadInput(
                [Diagnostic("G008", f"{len(asks)} asks at once; between 1 and {MOST_AT_ONCE} can be decided")]
            )
        checked = [check(ask, self._core.points) for ask in asks]
        if len({one.once for one in checked}) < len(checked):
            help = "an item that is asked about twice is another attempt"
            raise BadInput([Diagnostic("G008", "the same point, subject and attempt is asked about twice", help=help)])
        return checked

    def _advance(self, use_cases: set[Any]) -> Micros:
        now = self._core.now()
        for name in use_cases:
            self._core.cases[name].advance(now)
        return now

    def _again(self, checked: Checked) -> Told | Future[Told] | None:
        """What was told before, None for what was never asked. Raises Conflict where another body was asked."""
        flying = self._in_flight.get(checked.once)
        if flying is not None:
            _require_same(checked.body, flying.body)
            return flying.future
        return self._known(checked.once, checked.body)

    def _known(self, once: tuple[str, str, int], body: bytes | None = None) -> Told | Future[Told] | None:
        if (flying := self._in_flight.get(once)) is not None:
            return flying.future
        stored = self._core.store.decided(*once)
        return None if stored is None else self._tell_again(stored, body)

    def _tell_again(self, stored: Stored, body: bytes | None) -> Told:
        record = codec.record(stored.leaf)
        assert isinstance(record, DecisionMade | ModelFailed)
        before = self._core.store.content(stored.seq, "ask")
        was_asked = isinstance(record, DecisionMade) or record.why == "malformed"
        if body is not None and was_asked and not isinstance(before, Erased):
            _require_same(body, before)
        return self._core.told(self._core.about(record.id), again=True)

    def _decided(
        self, checked: Checked, now: Micros, *, missed: Missed | None = None, at: Micros | None = None
    ) -> Fresh:
        point, ask = checked.point, checked.ask
        if checked.malformed and missed is None:
            reason = Reason("output.malformed", checked.malformed)
            return self._failed(point, ask.subject, ask.attempt, "malformed", reason, checked.body, now, ask.output)
        case = self._core.cases[point.charter.use_case]
        policy = point.policy(case.standing(now))
        request = self._request(checked, now)
        found = decide(request, policy)
        if missed is not None:
            found = msgspec.structs.replace(
                found,
                told="fallback",
                audit=None,
                blind_first=None,
                reasons=(*found.reasons, Reason(f"client.{missed}")),
            )
        made = self._made(checked, found, policy, request, case, now, at)
        drafts = [Draft(record=made, subject=ask.subject, contents=(Content("ask", "work", checked.body),))]
        waits = made.told in ("review", "escalate")
        later, issued = Later(digest=self._core.shown(made.id, ask.output) if waits else ""), None
        if made.told == "act":
            permit, draft, issued = permitted(self._core, case, point, made.id, ask.subject, ask.output, "policy", now)
            later = Later(permit=permit)
            drafts.append(draft)
        told = tell(made, ask, point, later, url=self._core.url)
        return Fresh(tuple(drafts), told, made, issued, ask.requested_by)

    def _request(self, checked: Checked, now: Micros) -> Request:
        ask = checked.ask
        score = checked.stated.score
        rounded = None if score is None else ppm(score) / MILLION  # as the log holds it, so that it can be replayed
        return Request(
            point=checked.point.declared.point, subject=ask.subject, attempt=ask.attempt, item=ask.item, output=ask.output,
            score=rounded, sources=read_sources(ask.sources, checked.point, now), model_version=ask.model_version, now=now,
        )  # fmt: skip

    def _made(
        self,
        checked: Checked,
        found: Decision,
        policy: Policy,
        request: Request,
        case: UseCase,
        now: Micros,
        at: Micros | None,
    ) -> DecisionMade:
        ask, waits = checked.ask, found.told in ("review", "escalate")
        model = policy.model
        if ask.model_version and ask.model_version != model.version:
            # What a caller wrote does not enter the log in clear; the same word is the same version all the same.
            model = msgspec.structs.replace(model, version=f"other-{self._core.shown('model', ask.model_version)[:16]}")
        return DecisionMade(
            id=self._named(ask, now), ts=now, at=at or now, use_case=policy.use_case, simulated=case.simulated, point=policy.point,
            attempt=ask.attempt, stage=policy.stage, charter=policy.charter, policy=policy.digest, epoch=found.epoch,
            segment=found.segment, model=model, score=None if request.score is None else ppm(request.score),
            confidence=found.confidence, threshold=found.threshold, route=found.route, told=found.told, reasons=found.reasons,
            rules=found.rules, sources=tuple(SourceState(one.source, one.contract, one.as_of, one.state) for one in request.sources),
            audit=found.audit, blind_first=found.blind_first, initiated_by="user" if ask.requested_by else "policy",
            parent=ask.parent or None, score_from=checked.stated.made_from, owner=case.asked(found.told) if waits else "",
            due=Micros(now + int(case.charter.escalation.hard_deadline)) if waits else None,
            quorum=checked.point.declared.quorum,
        )  # fmt: skip

    def _named(self, ask: Ask, now: Micros) -> str:
        """The id the client gave, where nothing bears it yet; else a new one."""
        if not ask.id or ask.id in self._given or self._core.store.bears(ask.id):
            return self._core.id(now)
        self._given[ask.id] = None
        if len(self._given) > REMEMBERED:
            self._given.popitem(last=False)
        return ask.id

    def _failed(
        self,
        point: Point,
        subject: str,
        attempt: int,
        why: str,
        reason: Reason,
        body: bytes,
        now: Micros,
        output: Any = None,
    ) -> Fresh:
        case = self._core.cases[point.charter.use_case]
        failed = ModelFailed(
            id=self._core.id(now), ts=now, at=now, use_case=case.name, simulated=case.simulated, point=point.declared.point,
            attempt=attempt, why=why,  # type: ignore[arg-type]
        )  # fmt: skip
        draft = Draft(record=failed, subject=subject, contents=(Content("ask", "work", body),))
        return Fresh((draft,), tell_failed(failed, subject, output, reason), failed)

    def _append(self, fresh: Sequence[tuple[Checked, Fresh]], now: Micros) -> dict[int, Future[Told]]:
        """Queues what is new together; futures by the id of each."""
        if not fresh:
            return {}
        stored = self._core.append([draft for _, one in fresh for draft in one.drafts], lambda receipts: receipts)
        futures: dict[int, Future[Told]] = {}
        for checked, one in fresh:
            self._took(one, now)
            future = futures[id(one)] = Future()
            self._in_flight[checked.once] = InFlight(checked.body, future)
        keys = [(checked.once, one) for checked, one in fresh]
        stored.add_done_callback(lambda done: self._landed(done, keys, futures))
        return futures

    def _record(self, fresh: Fresh, key: tuple[str, str, int], body: bytes) -> Future[Told]:
        stored = self._core.append(fresh.drafts, lambda receipts: receipts)
        future: Future[Told] = Future()
        self._in_flight[key] = InFlight(body, future)
        stored.add_done_callback(lambda done: self._landed(done, [(key, fresh)], {id(fresh): future}))
        return future

    def _took(self, fresh: Fresh, now: Micros) -> None:
        """The store took a decision: everything that rests on it follows."""
        if fresh.permit is not None:
            self._core.permits.add(fresh.permit)
        if not isinstance(made := fresh.record, DecisionMade):
            return
        point = self._core.points[f"{made.use_case}.{made.point}"]
        point.decided(made)
        point.settle(now)
        if made.told in ("review", "escalate"):
            told = fresh.told
            waits = Pending(made, told.subject, told.proposed, fresh.requested_by, self._core.salt, told.proposed)
            waits.owner = made.owner
            self._core.pending[made.id] = waits

    def _landed(
        self, done: Future[Any], keys: list[tuple[tuple[str, str, int], Fresh]], futures: dict[int, Future[Told]]
    ) -> None:
        """In the thread that writes: tells the callers."""
        error = done.exception()
        for key, fresh in keys:
            self._in_flight.pop(key, None)
            if error is None:
                futures[id(fresh)].set_result(fresh.told)
            else:
                futures[id(fresh)].set_exception(error)


def permitted(
    core: Core, case: UseCase, point: Point, decision: str, subject: str, payload: Any, decider: str, now: Micros
) -> tuple[Permit, Draft, PermitIssued]:
    """A permit for exactly this payload, and the draft that records it. It is outstanding once the store took that."""
    terms_of, until = case.permit_digest, case.standing(now).granted_until
    lasts_us = int(point.declared.permit_for)
    if until is not None and now < until:
        lasts_us = min(lasts_us, until - now)  # a permit ends with what allowed it
    permit = core.permits.make(
        decision=decision, effect=point.effect, payload=payload, terms_of=terms_of, decider=decider, now=now,  # type: ignore[arg-type]
        lasts_us=lasts_us,
    )  # fmt: skip
    issued = PermitIssued(
        id=core.id(now), ts=now, at=now, use_case=case.name, simulated=case.simulated, permit=permit.terms.permit,
        decision=decision, point=point.declared.point, effect=point.effect, terms_of=terms_of, decider=decider,  # type: ignore[arg-type]
        expires=permit.terms.expires,
    )  # fmt: skip
    sealed_permit = Content("permit", "work", msgspec.json.encode(permit, order="sorted"))
    return permit, Draft(record=issued, subject=subject, contents=(sealed_permit,)), issued


def _require_same(body: bytes, before: bytes) -> None:
    if others := differs_in(body, before):
        help = "send what was sent before, or count `attempt` up"
        said = " and ".join(f"`{name}`" for name in others)
        raise Conflict(f"this subject was decided before, with another {said}", code="G020", help=help)


def _future(answer: Told | Future[Told] | Fresh, futures: dict[int, Future[Told]]) -> Told | Future[Told]:
    return futures[id(answer)] if isinstance(answer, Fresh) else answer


def as_fallback(told: Told) -> Told:
    """What is told of a decision whose caller has given it up."""
    return msgspec.structs.replace(told, route="fallback", status="settled", value=None, permit=None)


def _ready(answer: Told | Future[Told]) -> Future[Told]:
    if isinstance(answer, Future):
        return answer
    future: Future[Told] = Future()
    future.set_result(answer)
    return future


def _all(answers: Sequence[Told | Future[Told]]) -> Future[tuple[Told, ...]]:
    """One future of all answers, in their order; it fails with the first that fails."""
    whole: Future[tuple[Told, ...]] = Future()
    waited = [answer for answer in answers if isinstance(answer, Future)]
    left, lock = len(waited), Lock()

    def landed(_: object) -> None:
        nonlocal left
        with lock:
            left -= 1
            last = left == 0
        if last:
            _finish(whole, answers)

    for one in waited:
        one.add_done_callback(landed)
    if not waited:
        _finish(whole, answers)
    return whole


def _finish(whole: Future[tuple[Told, ...]], answers: Sequence[Told | Future[Told]]) -> None:
    try:
        whole.set_result(tuple(one.result() if isinstance(one, Future) else one for one in answers))
    except AirworthyError as error:
        whole.set_exception(error)
