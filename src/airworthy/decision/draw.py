"""Random draws that a retry cannot change and a caller cannot foresee."""

from __future__ import annotations

from hashlib import blake2b

from airworthy.base.quantity import ppm
from airworthy.record.decision import Draw

_WHOLE = 2**64


def draw(seed: bytes, purpose: str, point: str, subject: str, chance: float) -> Draw:
    """Whether `subject` is drawn at `point`, with probability `chance`, always the same for the same key.

    A keyed hash is uniform to anyone without `seed`; `tests/decision/test_draw.py` checks its rate.
    """
    digest = blake2b(
        f"{purpose}\x00{point}\x00{subject}".encode("utf-8", "surrogatepass"), key=seed, digest_size=8
    ).digest()
    return Draw(ppm(chance), int.from_bytes(digest) < chance * _WHOLE)
