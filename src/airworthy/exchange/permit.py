"""Permits: what was approved is provably what ran.

A permit is a signed promise that exactly these bytes may run, once, before it expires, under the policy in force, and
names who or what permitted it. It is checked again at the moment of the effect, by the gateway or offline by anyone
with the public key. Being used only once needs memory and stands in `service`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from airworthy.base import canonical
from airworthy.base.clock import Micros

Decider = Literal["policy", "person"]
Refusal = Literal["signature", "expired", "not_yet", "payload", "effect", "policy"]

Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes], bool]  # message, signature


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a permit says, as it is signed."""

    v: int = 1
    permit: str
    decision: str
    effect: str  # the only effect it is for
    payload: str  # SHA-256 of the canonical bytes that will run, hex
    policy: str  # digest in force when it was given
    decider: Decider
    issued: Micros
    expires: Micros
    nonce: str


class Permit(msgspec.Struct, frozen=True):
    """Terms with their Ed25519 signature, hex. Its repr shows no payload because it holds none."""

    terms: Terms
    signature: str


def payload_digest(payload: object) -> str:
    """What a permit binds to: the digest of the canonical bytes of what will run. Raises OutOfProfile."""
    return canonical.digest(canonical.encode_trusted(canonical.profiled(payload)))


def issue(terms: Terms, sign: Sign) -> Permit:
    """The permit for `terms`. Raises ValueError when it would expire before it is issued."""
    if terms.expires <= terms.issued:
        raise ValueError("a permit must expire after it is issued")
    return Permit(terms, sign(canonical.encode_trusted(terms)).hex())


def refusal(
    permit: Permit, *, payload: object, effect: str, policy: str, now: Micros, verify: Verify, skew_us: int = 0
) -> Refusal | None:
    """Why this permit does not cover this payload at this moment, None where it does.

    policy    digest in force now: a stricter new rule voids what was permitted before
    skew_us   how far the clock that issued it may run ahead; never added to the expiry
    The signature is checked first, so that nothing about a forged permit is believed.
    """
    terms = permit.terms
    if not _signed(permit, verify):
        return "signature"
    if now >= terms.expires:
        return "expired"
    if now + skew_us < terms.issued:
        return "not_yet"
    if effect != terms.effect:
        return "effect"
    if policy != terms.policy:
        return "policy"
    return None if payload_digest(payload) == terms.payload else "payload"


def verifier(public: str) -> Verify:
    """Checks signatures offline, by the gateway's public key in hex (`GET /v1/keys`). Raises ValueError.

    Offline nobody knows whether a permit was used, taken back or stopped: only the gateway that redeems it does.
    """
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))

    def verify(message: bytes, signature: bytes) -> bool:
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return verify


def _signed(permit: Permit, verify: Verify) -> bool:
    try:
        signature = bytes.fromhex(permit.signature)
    except ValueError:
        return False
    return verify(canonical.encode_trusted(permit.terms), signature)
