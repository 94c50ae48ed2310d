"""A permit covers exactly what was approved, once it is signed, until it expires."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from airworthy.base.canonical import OutOfProfile
from airworthy.base.clock import SECOND, Micros
from airworthy.exchange.permit import Permit, Terms, issue, payload_digest, refusal

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PAYLOAD = {"action": "pay", "amount": 4310}
NOW = Micros(1_700_000_000_000_000)


def verify(message, signature):
    try:
        KEY.public_key().verify(signature, message)
    except InvalidSignature:
        return False
    return True


def permit(**changes):
    terms = {
        "permit": "p1", "decision": "d1", "effect": "claims.pay", "payload": payload_digest(PAYLOAD),
        "policy": "a" * 64,
        "decider": "policy", "issued": NOW, "expires": Micros(NOW + 60 * SECOND), "nonce": "0" * 32,
    }  # fmt: skip
    return issue(Terms(**(terms | changes)), KEY.sign)


def asked(one, **changes):
    how = {"payload": PAYLOAD, "effect": "claims.pay", "policy": "a" * 64, "now": NOW, "verify": verify} | changes
    return refusal(one, **how)


def test_what_was_approved_may_run():
    assert asked(permit()) is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"payload": {"action": "pay", "amount": 9000}}, "payload"),
        ({"payload": {"action": "pay", "amount": 4310, "also": 1}}, "payload"),
        ({"effect": "claims.refund"}, "effect"),
        ({"policy": "b" * 64}, "policy"),
        ({"now": Micros(NOW + 60 * SECOND)}, "expired"),
        ({"now": Micros(NOW - 1)}, "not_yet"),
    ],
)
def test_anything_else_is_refused_with_its_reason(changes, why):
    assert asked(permit(), **changes) == why


def test_a_clock_running_a_little_behind_is_forgiven_at_the_start_and_never_at_the_end():
    assert asked(permit(), now=Micros(NOW - SECOND), skew_us=5 * SECOND) is None
    assert asked(permit(), now=Micros(NOW + 60 * SECOND), skew_us=5 * SECOND) == "expired"


def test_a_permit_that_expires_before_it_is_issued_is_never_made():
    with pytest.raises(ValueError, match="expire"):
        permit(expires=NOW)


def test_a_payload_without_one_spelling_cannot_be_approved():
    with pytest.raises(OutOfProfile):
        payload_digest({"amount": float("nan")})


def test_the_digest_does_not_care_how_a_number_was_written_or_in_which_order_keys_came():
    assert payload_digest({"b": 1, "a": 2.0}) == payload_digest({"a": 2, "b": 1.0})
    assert payload_digest({"amount": 4310.5}) != payload_digest({"amount": "4310.5"})
    assert payload_digest({"amount": 4310.5}) != payload_digest({"amount": {"number": "4310.5"}})


@given(st.sampled_from(Terms.__struct_fields__), st.integers(0, 10**18), st.text(max_size=70))
def test_no_changed_term_keeps_its_signature(field, number, text):
    one = permit()
    was = getattr(one.terms, field)
    other = number if isinstance(was, int) else text
    if other == was:
        return
    forged = Permit(msgspec.structs.replace(one.terms, **{field: other}), one.signature)
    assert asked(forged) == "signature"


@given(st.text(max_size=130))
def test_no_other_signature_is_taken(signature):
    one = permit()
    if signature.lower() != one.signature:
        assert asked(Permit(one.terms, signature)) == "signature"
