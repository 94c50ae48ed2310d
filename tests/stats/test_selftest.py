from __future__ import annotations

from airworthy.stats.selftest import self_test


def test_the_self_test_shows_our_gate_beside_the_usual_ways():
    seen: list[tuple[int, int]] = []
    found = self_test(runs=20, rows=3_000, progress=lambda done, whole: seen.append((done, whole)))
    assert seen == [(done, 20) for done in range(1, 21)]
    assert found.passed
    assert found.gate < found.binomial <= found.naive
    assert found.false_open <= 0.1
    assert found.false_revoke <= 0.1


def test_the_self_test_is_the_same_every_time():
    assert self_test(runs=3, rows=1_000) == self_test(runs=3, rows=1_000)
