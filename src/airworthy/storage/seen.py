"""What may be in the log, in two megabytes: nearly every question about something new is answered without a query.

A Bloom filter (Bloom 1970) of four bits an entry in 16 million: it never says no to what is there, and wrongly says
maybe to one question in 100,000 at 250,000 entries, to one in 50 at two million. Whoever hears maybe asks the log.
"""

from __future__ import annotations

from hashlib import blake2b

_BITS = 1 << 24
_MASK = _BITS - 1


class Seen:
    """A set one can only add to. One thread adds, any number ask."""

    def __init__(self) -> None:
        self._bits = bytearray(_BITS // 8)

    def add(self, key: bytes) -> None:
        """`key` is there from now on."""
        for place in _places(key):
            self._bits[place >> 3] |= 1 << (place & 7)

    def may_hold(self, key: bytes) -> bool:
        """False only where `key` was never added."""
        return all(self._bits[place >> 3] & 1 << (place & 7) for place in _places(key))


def _places(key: bytes) -> tuple[int, int, int, int]:
    digest = int.from_bytes(blake2b(key, digest_size=12).digest())
    return digest & _MASK, digest >> 24 & _MASK, digest >> 48 & _MASK, digest >> 72
