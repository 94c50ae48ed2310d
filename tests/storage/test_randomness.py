"""Randomness in reserve."""

from __future__ import annotations

from itertools import count

from airworthy.storage.randomness import Reserve


class Counting:
    """A source whose bytes say where they came from: 4-byte numbers, none twice."""

    def __init__(self) -> None:
        self._numbers = count()
        self.calls = 0

    def bytes(self, n: int) -> bytes:
        self.calls += 1
        return b"".join(next(self._numbers).to_bytes(4, "big") for _ in range(-(-n // 4)))[:n]


def test_no_byte_is_given_out_twice() -> None:
    reserve = Reserve(Counting())
    given = [reserve.bytes(44)[i : i + 4] for _ in range(1_000) for i in range(0, 44, 4)]
    assert len(set(given)) == 11_000


def test_what_is_asked_for_is_given_whole_also_past_the_size_of_a_piece() -> None:
    reserve = Reserve(Counting())
    assert [len(reserve.bytes(n)) for n in (0, 1, 4_095, 1, 4_096, 10_000, 12)] == [0, 1, 4_095, 1, 4_096, 10_000, 12]


def test_the_source_is_asked_seldom() -> None:
    source = Counting()
    reserve = Reserve(source)
    for _ in range(930):
        reserve.bytes(44)
    assert source.calls == 10
