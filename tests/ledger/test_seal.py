"""Sealing: it opens to what was sealed, or says that it does not."""

from __future__ import annotations

import hmac
import random

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from airworthy.base.errors import StoreDamaged
from airworthy.base.ids import SystemRandom
from airworthy.ledger.seal import commit, seal, unseal, unwrap, wrap

CIPHER = AESGCM(bytes(32))
OTHER = AESGCM(b"o" * 32)


@pytest.mark.parametrize("length", [0, 1, 31, 32, 33, 63, 64])
def test_a_commitment_is_the_hmac_it_says_it_is(length: int) -> None:
    chance = random.Random(length)
    for size in (0, 1, 55, 56, 64, 387, 70_000):
        key, body = chance.randbytes(length), chance.randbytes(size)
        message = "größe".encode() + size.to_bytes(8, "big") + body
        assert commit(key, "größe", body) == hmac.digest(key, message, "sha256")


def test_a_sealed_body_opens_to_itself() -> None:
    sealed = seal(CIPHER, "input", b"body", SystemRandom())
    assert unseal(CIPHER, "input", sealed.data, sealed.commitment) == b"body"


def test_the_same_body_is_never_sealed_to_the_same_bytes() -> None:
    first, second = (seal(CIPHER, "input", b"yes", SystemRandom()) for _ in range(2))
    assert first.commitment != second.commitment
    assert first.data != second.data


@pytest.mark.parametrize("cut", [0, 5, 12, 28])
def test_a_cut_body_does_not_open(cut: int) -> None:
    sealed = seal(CIPHER, "input", b"body", SystemRandom())
    with pytest.raises(StoreDamaged):
        unseal(CIPHER, "input", sealed.data[:cut], sealed.commitment)


def test_any_changed_bit_is_noticed() -> None:
    sealed = seal(CIPHER, "input", b"body", SystemRandom())
    for at in range(len(sealed.data)):
        changed = bytearray(sealed.data)
        changed[at] ^= 1 << random.Random(at).randrange(8)
        with pytest.raises(StoreDamaged):
            unseal(CIPHER, "input", bytes(changed), sealed.commitment)


def test_another_key_purpose_or_commitment_does_not_open_it() -> None:
    sealed = seal(CIPHER, "input", b"body", SystemRandom())
    with pytest.raises(StoreDamaged):
        unseal(OTHER, "input", sealed.data, sealed.commitment)
    with pytest.raises(StoreDamaged, match="committed"):
        unseal(CIPHER, "output", sealed.data, sealed.commitment)
    with pytest.raises(StoreDamaged):
        unseal(CIPHER, "input", sealed.data, bytes(32))


def test_a_body_the_cipher_accepts_but_the_log_never_promised_is_refused() -> None:
    """GCM binds no key: whoever holds a data key can make a text that decrypts. The commitment still catches it."""
    sealed = seal(CIPHER, "input", b"body", SystemRandom())
    forged = CIPHER.encrypt(bytes(12), bytes(32) + b"evil", sealed.commitment)
    with pytest.raises(StoreDamaged, match="committed"):
        unseal(CIPHER, "input", bytes(12) + forged, sealed.commitment)


def test_a_commitment_binds_purpose_and_body() -> None:
    assert len({commit(bytes(32), p, b) for p in ("a", "ab") for b in (b"", b"b", b"bb")}) == 6


def test_a_wrapped_key_opens_only_for_what_it_is_about() -> None:
    wrapped = wrap(CIPHER, b"secret", b"about", SystemRandom())
    assert unwrap(CIPHER, wrapped, b"about") == b"secret"
    with pytest.raises(StoreDamaged):
        unwrap(CIPHER, wrapped, b"another")
