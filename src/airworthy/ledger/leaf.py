"""Leaves and the bundles they are published in (RFC 6962 hashing, C2SP tlog-tiles bundles)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from airworthy.base.errors import AirworthyError

LARGEST = 65_535  # bytes; a bundle counts a leaf's length in two of them


class LeafTooLong(AirworthyError):
    """An entry that no bundle can carry."""

    code = "R011"


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 6962 hash of one leaf, 32 bytes."""
    return sha256(b"\0" + leaf).digest()


def leaf_hashes(leaves: Iterable[bytes]) -> list[bytes]:
    """The hash of each leaf, in order; one loop without a call per leaf, because appending is made of this."""
    return [sha256(b"\0" + leaf).digest() for leaf in leaves]


def check_length(leaf: bytes) -> None:
    """Nothing when `leaf` fits a bundle, else LeafTooLong."""
    if len(leaf) > LARGEST:
        raise LeafTooLong(
            f"the entry is {len(leaf)} bytes long, and a log entry holds at most {LARGEST}",
            help="seal long content beside the entry",
        )


def bundle(leaves: Sequence[bytes]) -> bytes:
    """Up to 256 leaves as one file, each after its length as a big-endian 16-bit number."""
    return b"".join([len(leaf).to_bytes(2, "big") + leaf for leaf in leaves])


def unbundle(data: bytes) -> list[bytes]:
    """The leaves of a bundle. Raises ValueError when a length points past the end."""
    leaves: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or at > len(data):
            raise ValueError(f"entry {len(leaves)} of the bundle is cut short")
        leaves.append(data[start:at])
    return leaves
