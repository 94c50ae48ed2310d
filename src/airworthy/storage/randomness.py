"""Randomness drawn in large pieces: a call to the machine for every nonce costs more than the nonce's use."""

from __future__ import annotations

from airworthy.base.ids import Random

_PIECE = 4_096  # bytes


class Reserve:
    """Bytes of another source, each given out once. For one thread.

    INVARIANT: no byte is given out twice: keys and nonces come from here. What is left over when a piece runs short is
    thrown away, never used together with the next.
    """

    def __init__(self, source: Random) -> None:
        self._source = source
        self._piece = b""
        self._at = 0

    def bytes(self, n: int) -> bytes:
        start, stop = self._at, self._at + n
        if stop > len(self._piece):
            self._piece = self._source.bytes(max(n, _PIECE))
            start, stop = 0, n
        self._at = stop
        return self._piece[start:stop]
