"""Ids that sort by time, and the randomness they are made of."""

from __future__ import annotations

import re
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


_EARLIEST_MS, _LATEST_MS = 1_577_836_800_000, 7_258_118_400_000  # 2020 and 2200
_ID = re.compile(f"[{_ALPHABET}]{{26}}\\Z")


def is_id(text: str) -> bool:
    """Whether `text` may be an id: its characters are those of ours, and it begins with a time of this and the next
    century. No name and no number of a person looks like that; ids stand in the log in clear."""
    if not _ID.match(text):
        return False
    number = 0
    for char in text[:10]:
        number = number << 5 | _ALPHABET.index(char)
    return _EARLIEST_MS <= number <= _LATEST_MS


def new_id(now_us: int, random: Random) -> str:
    """26 characters of base32: 48 bits of milliseconds, then 80 random bits; later ids sort later."""
    number = ((now_us // 1_000) & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(random.bytes(10))
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
