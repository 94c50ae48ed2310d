"""Ids that sort by time, and the randomness they are made of."""

from __future__ import annotations

import secrets
from typing import Protocol

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(one + other for one in _ALPHABET for other in _ALPHABET)  # two characters at once: a quarter of the time
_SHIFTS = range(120, -1, -10)


class Random(Protocol):
    """Where random bytes come from. `bytes` may be called by any thread at once."""

    def bytes(self, n: int) -> bytes: ...


class SystemRandom:
    """The machine's randomness."""

    def bytes(self, n: int) -> bytes:
        return secrets.token_bytes(n)


def new_id(now_us: int, random: Random) -> str:
    """26 characters of base32: 48 bits of milliseconds, then 80 random bits; later ids sort later."""
    number = ((now_us // 1_000) & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(random.bytes(10))
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
