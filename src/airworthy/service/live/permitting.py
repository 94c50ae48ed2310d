"""Permits at the moment of their effect: used up durably before anything runs, and at most once, ever."""

from __future__ import annotations

from concurrent.futures import Future

import msgspec

from airworthy.base import canonical
from airworthy.base.clock import Micros, moment
from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput, Conflict, NotFound
from airworthy.exchange.ask import EffectEnded, Redemption
from airworthy.exchange.channel import Caller
from airworthy.exchange.permit import Permit, refusal
from airworthy.exchange.told import Noted, Redeemed
from airworthy.record.permit import EffectFinished, PermitRedeemed, PermitVoided
from airworthy.record.store import Content, Draft
from airworthy.record.trouble import PermitRefused
from airworthy.service.live.core import Core, Entry, content, require

WORDS = {
    "signature": "it was not signed by this gateway, or was changed",
    "expired": "it has expired",
    "not_yet": "it is dated later than now",
    "payload": "what is about to run is not what was permitted",
    "effect": "it permits another effect",
    "policy": "the rules have changed since it was given",
    "used": "it was used before",
    "voided": "it was taken back",
    "unknown": "this log did not give it",
    "stopped": "the stop switch is pulled",
}


class Permitting:
    """Redemptions, and how effects ended."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def redeem(self, redemption: Redemption, caller: Caller) -> Future[Redeemed]:
        """Uses a permit up. Raises Conflict (G040) saying why it does not cover what is about to run."""
        require(caller, "application")
        permit = _read(redemption)
        with self._core.lock:
            now = self._core.now()
            why = self._refusal(permit, redemption, now)
            if why is not None:
                return self._refuse(permit, why, now)
            terms = permit.terms
            case = self._core.cases[terms.effect.partition(".")[0]]
            redeemed = PermitRedeemed(
                id=self._core.id(now), ts=now, at=now, use_case=case.name, simulated=case.simulated, permit=terms.permit,
                decision=terms.decision, effect=terms.effect,
            )  # fmt: skip
            future = self._core.append(
                [Draft(record=redeemed)],
                lambda receipts: Redeemed(
                    permit=terms.permit, decision=terms.decision, seq=receipts[0].seq, at=moment(now)
                ),
            )
            self._core.permits.remove(terms.permit)  # under the same lock: nobody else can have found it meanwhile
        return future

    def ended(self, ended: EffectEnded, caller: Caller) -> Future[Noted]:
        """Records how an effect ended; the same again changes nothing. Raises NotFound for what was never redeemed."""
        require(caller, "application")
        with self._core.lock:
            now = self._core.now()
            entries = self._core.about(ended.decision)
            before = self._finished(entries, ended)
            if before is not None:
                same = isinstance(before.record, EffectFinished) and before.record.ended == ended.ended
                note = "this was recorded before" if same else "how it ended was recorded before, otherwise"
                return _ready(Noted(id=before.record.id, seq=before.seq, note=note))
            draft = self.finishing(ended, now, self._core.id(now))
            return self._core.append([draft], lambda receipts: Noted(id=draft.record.id, seq=receipts[0].seq))

    def has_ended(self, ended: EffectEnded) -> bool:
        """Whether the log says already how it ended. Raises NotFound."""
        return self._finished(self._core.about(ended.decision), ended) is not None

    def finishing(self, ended: EffectEnded, now: Micros, id: str) -> Draft:
        """The draft that records how an effect ended. Raises NotFound."""
        entries = self._core.about(ended.decision)
        if not any(isinstance(one.record, PermitRedeemed) and one.record.permit == ended.permit for one in entries):
            raise NotFound(
                "no such permit of this decision was ever used", code="G042", help="redeem it before its effect"
            )
        made = entries[0].record
        finished = EffectFinished(
            id=id, ts=now, at=now, use_case=made.use_case, simulated=made.simulated, permit=ended.permit,
            decision=ended.decision, ended=ended.ended,
        )  # fmt: skip
        said: tuple[Content, ...] = (content("why", ended.why),) if ended.why else ()
        return Draft(record=finished, contents=said)

    def _refusal(self, permit: Permit, redemption: Redemption, now: Micros) -> str | None:
        name = permit.terms.effect.partition(".")[0]
        case = self._core.cases.get(name)
        if case is None:
            return "unknown"
        try:
            terms_of = case.permit_digest
            found = refusal(
                permit,
                payload=redemption.payload,
                effect=redemption.effect,
                policy=terms_of,
                now=now,
                verify=self._core.permits.verify,
            )
        except canonical.OutOfProfile as error:
            raise BadInput(
                [Diagnostic("G004", f"the payload has no canonical form: {error.diagnostics[0].sentence}")]
            ) from None
        if found is not None:
            return found
        if case.standing(now).stopped:
            return "stopped"
        return None if self._core.permits.get(permit.terms.permit) is not None else self._spent(permit)

    def _spent(self, permit: Permit) -> str:
        """Why a permit of ours is no longer outstanding."""
        try:
            entries = self._core.about(permit.terms.decision)
        except NotFound:
            return "unknown"
        ours = [one.record for one in entries if getattr(one.record, "permit", "") == permit.terms.permit]
        if any(isinstance(one, PermitRedeemed) for one in ours):
            return "used"
        return "voided" if any(isinstance(one, PermitVoided) for one in ours) else "unknown"

    def _refuse(self, permit: Permit, why: str, now: Micros) -> Future[Redeemed]:
        """Records the attempt, then fails: an effect was about to run that nobody permitted."""
        ours = why != "signature"
        name = permit.terms.effect.partition(".")[0] if ours else ""
        refused = PermitRefused(
            id=self._core.id(now), ts=now, at=now, use_case=name if name in self._core.cases else "",
            why=why,  # type: ignore[arg-type]
            decision=permit.terms.decision if ours and why != "unknown" else "",
        )  # fmt: skip

        def fail(_: object) -> Redeemed:
            raise Conflict(f"this permit does not cover it: {WORDS[why]}", code="G040", help="ask for a decision again")

        return self._core.append([Draft(record=refused)], fail)

    def _finished(self, entries: list[Entry], ended: EffectEnded) -> Entry | None:
        """What was said about its end before. It ends once, done or failed, and may be undone once."""
        for one in entries:
            found = one.record
            if not isinstance(found, EffectFinished) or found.permit != ended.permit:
                continue
            if (found.ended == "undone") == (ended.ended == "undone"):
                return one
        return None


def _read(redemption: Redemption) -> Permit:
    try:
        return msgspec.convert(redemption.permit, Permit)
    except msgspec.ValidationError as error:
        raise BadInput(
            [Diagnostic("G041", f"the permit cannot be read: {error}", help="send it as it was told")]
        ) from None


def _ready(noted: Noted) -> Future[Noted]:
    future: Future[Noted] = Future()
    future.set_result(noted)
    return future
