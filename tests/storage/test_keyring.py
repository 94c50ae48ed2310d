"""Names, krefs and data keys."""

from __future__ import annotations

from airworthy.base.ids import SystemRandom
from airworthy.storage import keyring
from airworthy.storage.keyring import KeyRing
from airworthy.storage.memory import MemoryKeys


def ring(keys: MemoryKeys) -> KeyRing:
    return KeyRing(bytes(32), keys, SystemRandom())


def test_what_is_not_yet_durable_is_found_all_the_same_and_made_only_once() -> None:
    keys = MemoryKeys()
    ring_ = ring(keys)
    ring_.refer(ring_.number("kim"), 1)
    assert ring_.cipher(ring_.number("kim"), "work") is ring_.cipher(ring_.number("kim"), "work")
    rows = ring_.drain()
    assert (len(rows.subjects), len(rows.data_keys), len(rows.krefs)) == (1, 1, 1)
    ring_.refer(ring_.number("kim"), 2)
    rows = ring_.drain()
    assert (len(rows.subjects), len(rows.data_keys), len(rows.krefs)) == (0, 0, 1)


def test_another_ring_over_the_same_rows_knows_the_same_names() -> None:
    keys = MemoryKeys()
    first = ring(keys)
    kref = first.refer(first.number("kim"), 1)
    sealed = first.cipher(first.number("kim"), "work").encrypt(bytes(12), b"text", None)
    keys.add(first.drain())
    second = ring(keys)
    assert second.name(kref) == "kim"
    again = second.refer(second.number("kim"), 2)
    assert second.cipher(second.number("kim"), "work").decrypt(bytes(12), sealed, None) == b"text"
    second.refer(second.number("lee"), 3)
    rows = second.drain()
    keys.add(rows)
    assert [row[0] for row in rows.subjects] == [2]
    assert second.name(again) == "kim"


def test_forgetting_what_is_at_hand_loses_nothing() -> None:
    keys = MemoryKeys()
    ring_ = ring(keys)
    krefs = {name: ring_.refer(ring_.number(name), 1) for name in (f"n{i}" for i in range(keyring._CACHED + 1))}
    cipher = ring_.cipher(ring_.number("n5"), "work").encrypt(bytes(12), b"text", None)
    keys.add(ring_.drain())
    ring_.settle()
    assert ring_.cipher(ring_.number("n5"), "work").decrypt(bytes(12), cipher, None) == b"text"
    assert not ring_.drain()
    assert ring_.name(krefs["n7"]) == "n7"


def test_keys_at_hand_are_never_more_than_memory_has_room_for_and_come_back_as_they_were() -> None:
    keys = MemoryKeys()
    ring_ = ring(keys)
    first = ring_.cipher(ring_.number("n0"), "work").encrypt(bytes(12), b"text", None)
    for i in range(keyring._OPEN + 1):
        ring_.refer(ring_.number(f"n{i}"), 1)
        ring_.cipher(ring_.number(f"n{i}"), "work")
    keys.add(ring_.drain())
    ring_.settle()
    assert len(ring_._ciphers) == 0
    assert ring_.cipher(ring_.number("n0"), "work").decrypt(bytes(12), first, None) == b"text"
    assert not ring_.drain()
