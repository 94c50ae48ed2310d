"""Permits that may still be used. Each is used once: it leaves this list before its effect may run, and never returns."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from airworthy.base.clock import Micros
from airworthy.base.ids import Random, new_id
from airworthy.exchange.permit import Decider, Permit, Terms, issue, payload_digest, verifier
from airworthy.record.permit import PermitIssued
from airworthy.storage.randomness import Reserve


class Outstanding(msgspec.Struct, frozen=True):
    """A permit nobody has used yet."""

    permit: str
    decision: str
    use_case: str
    terms_of: str
    expires: Micros


class Permits:
    """The key permits are signed with, and those that are outstanding. One thread at a time."""

    def __init__(self, seed: bytes, random: Random) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw().hex()  # what permits verify under
        self.verify = verifier(self.public)
        self._random = Reserve(random)
        self._outstanding: dict[str, Outstanding] = {}

    def make(
        self,
        *,
        decision: str,
        effect: str,
        payload: object,
        terms_of: str,
        decider: Decider,
        now: Micros,
        lasts_us: int,
    ) -> Permit:
        """A signed permit, not yet outstanding: it counts from when it is in the log. Raises OutOfProfile."""
        terms = Terms(
            permit=new_id(now, self._random), decision=decision, effect=effect, payload=payload_digest(payload),
            policy=terms_of, decider=decider, issued=now, expires=Micros(now + lasts_us), nonce=self._random.bytes(16).hex(),
        )  # fmt: skip
        return issue(terms, self._key.sign)

    def add(self, issued: PermitIssued) -> None:
        """A permit that entered the log."""
        self._outstanding[issued.permit] = Outstanding(
            issued.permit, issued.decision, issued.use_case, issued.terms_of, issued.expires
        )

    def remove(self, permit: str) -> Outstanding | None:
        """Takes it off the list for good; None where it is not there: used, voided, expired, or never ours."""
        return self._outstanding.pop(permit, None)

    def get(self, permit: str) -> Outstanding | None:
        """An outstanding permit."""
        return self._outstanding.get(permit)

    def of(self, *, use_case: str | None = None, decision: str | None = None) -> Iterator[Outstanding]:
        """Outstanding permits of a use case or a decision."""
        for one in tuple(self._outstanding.values()):
            if use_case in (None, one.use_case) and decision in (None, one.decision):
                yield one

    def expire(self, now: Micros) -> None:
        """Forgets those whose time has passed; checking them needs no memory."""
        for permit in [one.permit for one in self._outstanding.values() if one.expires <= now]:
            del self._outstanding[permit]

    def __len__(self) -> int:
        return len(self._outstanding)
