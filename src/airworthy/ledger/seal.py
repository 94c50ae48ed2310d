"""Content sealed beside the log: committed to for good, readable only while its key exists.

Each body has a random key of its own for the commitment, and travels with it under AES-256-GCM. GCM binds no key, so
after decrypting the commitment is checked again: it is what the leaf promised.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from airworthy.base.errors import StoreDamaged
from airworthy.base.ids import Random

KEY = 32  # bytes
_NONCE = 12


class Sealed(msgspec.Struct, frozen=True):
    """A body as it is stored, and what its leaf says of it."""

    commitment: bytes  # 32 bytes
    data: bytes  # nonce, then ciphertext of own key and body

    @property
    def digest(self) -> str:
        """SHA-256 of what is stored, hex."""
        return sha256(self.data).hexdigest()


def commit(own_key: bytes, purpose: str, body: bytes) -> bytes:
    """HMAC-SHA-256(own_key, purpose || length || body): 32 bytes that bind `body` and tell nothing about it.

    The length is 8 bytes, big-endian; it begins with a zero byte, which no purpose contains.
    """
    return hmac.digest(own_key, purpose.encode() + len(body).to_bytes(8, "big") + body, "sha256")


def seal(cipher: AESGCM, purpose: str, body: bytes, random: Random) -> Sealed:
    """`body` under the data key in `cipher`. `purpose` holds no zero byte."""
    fresh = random.bytes(KEY + _NONCE)
    own_key, nonce = fresh[:KEY], fresh[KEY:]
    commitment = commit(own_key, purpose, body)
    return Sealed(commitment, nonce + cipher.encrypt(nonce, own_key + body, commitment))


def unseal(cipher: AESGCM, purpose: str, data: bytes, commitment: bytes) -> bytes:
    """The body. Raises StoreDamaged when the data, the key or the commitment is not the one it was sealed with."""
    try:
        plain = cipher.decrypt(data[:_NONCE], data[_NONCE:], commitment)
    except (InvalidTag, ValueError):
        raise StoreDamaged(f"the sealed {purpose} cannot be opened with its key") from None
    own_key, body = plain[:KEY], plain[KEY:]
    if not hmac.compare_digest(commit(own_key, purpose, body), commitment):
        raise StoreDamaged(f"the sealed {purpose} is not what the log committed to")
    return body


def wrap(cipher: AESGCM, secret: bytes, about: bytes, random: Random) -> bytes:
    """`secret` under a key-encryption key, bound to what it is `about`."""
    nonce = random.bytes(_NONCE)
    return nonce + cipher.encrypt(nonce, secret, about)


def unwrap(cipher: AESGCM, wrapped: bytes, about: bytes) -> bytes:
    """What `wrap` was given. Raises StoreDamaged."""
    try:
        return cipher.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], about)
    except (InvalidTag, ValueError):
        raise StoreDamaged("a row of the key store cannot be opened with the sealing key") from None
