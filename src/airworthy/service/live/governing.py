"""Who lets a use case run and who stops it: grants, and the stop switch that anybody can pull and nobody can release alone."""

from __future__ import annotations

from concurrent.futures import Future

from airworthy.base.clock import Micros, iso, micros
from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput, Conflict, NotAllowed
from airworthy.charter.term import STAGES
from airworthy.exchange.ask import GrantAsked, ReleaseAsked, RevokeAsked, StopAsked
from airworthy.exchange.channel import Caller
from airworthy.exchange.told import Noted
from airworthy.record.control import GrantGiven, GrantRevoked, StopPulled, StopReleased
from airworthy.record.control import ReleaseAsked as ReleaseRecorded
from airworthy.record.envelope import Record
from airworthy.record.store import Draft
from airworthy.service.live.core import Core, content, person, require
from airworthy.service.live.pending import folded
from airworthy.service.live.usecase import UseCase


class Governing:
    """Grants and stops."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def grant(self, asked: GrantAsked, caller: Caller) -> Future[Noted]:
        """Lets a use case run at a stage, under its present policy, until a date. Raises NotAllowed, BadInput."""
        require(caller, "owner")
        case = self._core.case(asked.use_case)
        with self._core.lock:
            now = self._core.now()
            seat = case.approver(caller.name, asked.stage)
            until = _until(asked, case, now)
            given = GrantGiven(
                id=self._core.id(now), ts=now, at=now, use_case=case.name, simulated=case.simulated, actor=person(seat),
                grant=self._core.id(now), stage=asked.stage, until=until, charter=case.charter.digest,
                policy=case.permit_digest, seat=seat,
            )  # fmt: skip
            before = case.standing(now)
            future = self._record(given, asked.why, caller)
            case.control.apply(given)
            case.changed()
            if STAGES.index(case.standing(now).stage) < STAGES.index(before.stage):
                self._core.append_after(self._core.void(now, "grant", use_case=case.name), lambda got: got)
        return future

    def revoke(self, asked: RevokeAsked, caller: Caller) -> Future[Noted]:
        """Ends the grant in force; permits given under it end with it. Raises Conflict where there is none."""
        require(caller, "owner")
        case = self._core.case(asked.use_case)
        with self._core.lock:
            now, grant = self._core.now(), case.control.grant
            if grant is None:
                raise Conflict(f"no grant of `{case.name}` is in force", code="G056", help="there is nothing to revoke")
            seat = case.stopper(caller.name) or case.approver(caller.name, grant.stage)
            revoked = GrantRevoked(
                id=self._core.id(now), ts=now, at=now, use_case=case.name, simulated=case.simulated, actor=person(seat),
                grant=grant.grant, seat=seat, why="person",
            )  # fmt: skip
            case.control.apply(revoked)  # before the store answers: what is taken away is taken away at once
            case.changed()
            return self._record(
                revoked, asked.why, caller, *self._core.void(now, "grant", use_case=case.name), took=True
            )

    def stop(self, asked: StopAsked, caller: Caller) -> Future[Noted]:
        """Everything of the use case falls back from now on, whether or not it can be recorded."""
        require(caller, "application", "reviewer", "owner", "auditor")
        case = self._core.case(asked.use_case)
        with self._core.lock:
            now = self._core.now()
            if case.control.stop is not None:
                pulled = case.control.stop
                said = Noted(id=pulled.id, seq=-1, note=f"stopped already, at {iso(pulled.at)}")
                return self._core.append([], lambda _: said) if self._core.owed else _ready(said)
            stop = self.pulled(case, now, "api" if caller.name else "code", caller)
            case.control.apply(stop)
            case.changed()
            case.release_asked_by = None
            return self._record(
                stop, asked.why, caller, *self._core.void(now, "stopped", use_case=case.name), took=True
            )

    def pulled(self, case: UseCase, now: Micros, by: str, caller: Caller) -> StopPulled:
        """The record of a stop."""
        return StopPulled(
            id=self._core.id(now), ts=now, at=now, use_case=case.name, simulated=case.simulated,
            actor=person("stop") if caller.name else None, stop=self._core.id(now), by=by,
        )  # fmt: skip

    def release(self, asked: ReleaseAsked, caller: Caller) -> Future[Noted]:
        """Lets work flow again once two different people asked, one of them an owner. Raises NotAllowed, Conflict."""
        require(caller, "reviewer", "owner")
        case = self._core.case(asked.use_case)
        if not caller.is_person or not caller.name:
            raise NotAllowed("only people release a stop", code="G050", help="sign in, or say who with --as")
        with self._core.lock:
            now, stop = self._core.now(), case.control.stop
            if stop is None:
                raise Conflict(f"`{case.name}` is not stopped", code="G052", help="there is nothing to release")
            seat = self._approved(case, caller.name)
            if seat is None:
                waits = ReleaseRecorded(
                    id=self._core.id(now), ts=now, at=now, use_case=case.name, simulated=case.simulated,
                    actor=person("release"), stop=stop.stop,
                )  # fmt: skip
                future = self._record(
                    waits, asked.why, caller, note="one more person has to ask; an owner must be among you"
                )
                case.release_asked_by = case.release_asked_by or caller.name
                return future
            released = StopReleased(
                id=self._core.id(now), ts=now, at=now, use_case=case.name, simulated=case.simulated, actor=person(seat),
                stop=stop.stop, seat=seat,
            )  # fmt: skip
            future = self._record(released, asked.why, caller)
            case.control.apply(released)
            case.release_asked_by = None
            case.changed()
        return future

    def _approved(self, case: UseCase, name: str) -> str | None:
        """The owner's seat under which a stop is released now, None while another person has yet to ask."""
        if case.charter.mode == "solo":
            return "sandbox"
        other = case.release_asked_by
        if other is None or folded(other) == folded(name):
            return None
        return case.stopper(name) or case.stopper(other)

    def _record(
        self, record: Record, why: str, caller: Caller, *more: Draft, note: str = "", took: bool = False
    ) -> Future[Noted]:
        """`took`: it took effect already, and has to be recorded whenever that is possible."""
        said = (content("why", why),) if why else ()
        named = caller.name if record.actor is not None and caller.name else None
        draft = Draft(record=record, person=named, contents=said)
        append = self._core.append_after if took else self._core.append
        return append([draft, *more], lambda got: Noted(id=record.id, seq=got[0].seq, note=note))


def _until(asked: GrantAsked, case: UseCase, now: Micros) -> Micros:
    if asked.until.tzinfo is None:
        raise BadInput([Diagnostic("G007", "`until` has no time zone", help="write such as 2026-12-31T00:00:00Z")])
    until = micros(asked.until)
    if until <= now:
        raise BadInput([Diagnostic("G054", "the grant would end before it begins", help="name a date ahead of now")])
    if STAGES.index(asked.stage) > STAGES.index(case.charter.stage):
        sentence = f"the charter declares stage {case.charter.stage}, and {asked.stage} lies above it"
        raise BadInput([Diagnostic("G055", sentence, help=f"write `stage: {asked.stage}` in the charter first")])
    return until


def _ready(noted: Noted) -> Future[Noted]:
    future: Future[Noted] = Future()
    future.set_result(noted)
    return future
