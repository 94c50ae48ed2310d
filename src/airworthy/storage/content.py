"""Finding and opening what was sealed beside an entry."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import msgspec

from airworthy.base.errors import OutOfRange, StoreDamaged
from airworthy.ledger.seal import unseal
from airworthy.record.envelope import PayloadRef
from airworthy.record.store import Erased
from airworthy.storage.keyring import KeyRing


class _References(msgspec.Struct):
    payloads: tuple[PayloadRef, ...] = ()


_decode = msgspec.json.Decoder(_References).decode


def references(leaf: bytes) -> tuple[PayloadRef, ...]:
    """What the leaf says is sealed beside it; nothing where it is no record at all."""
    try:
        return _decode(leaf).payloads
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ()


def open_content(leaf: bytes, purpose: str, payload: Callable[[int], bytes | None], ring: KeyRing) -> bytes | Erased:
    """The body sealed for `purpose`. `payload(ordinal)` reads the sealed bytes. Raises StoreDamaged."""
    for ordinal, reference in enumerate(references(leaf)):
        if reference.purpose == purpose:
            return open_payload(reference, payload(ordinal), ring)
    raise OutOfRange("purpose", purpose, "what is sealed beside this entry")


def open_payload(reference: PayloadRef, data: bytes | None, ring: KeyRing) -> bytes | Erased:
    """The body behind a reference. Erased(None) where its key is gone. Raises StoreDamaged."""
    try:
        kref, commitment = bytes.fromhex(reference.kref), bytes.fromhex(reference.commitment)
    except ValueError:
        raise StoreDamaged(f"the reference to the sealed {reference.purpose} is not hexadecimal") from None
    cipher = ring.opener(kref, reference.data_class)
    if data is None or sha256(data).hexdigest() != reference.ciphertext_digest:
        if data is None and cipher is None:
            return Erased(None)
        raise StoreDamaged(f"the sealed {reference.purpose} is not the one its entry names")
    if cipher is None:
        return Erased(None)
    return unseal(cipher, reference.purpose, data, commitment)


def parse_kref(text: str) -> bytes:
    """A kref as it stands in a record. Raises OutOfRange where it is none."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise OutOfRange("kref", text, "32 hexadecimal characters") from None
