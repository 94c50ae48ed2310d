"""What may be in the log: never a wrong no, seldom a wrong maybe."""

from __future__ import annotations

from airworthy.storage.seen import Seen


def test_it_never_says_no_to_what_is_there_and_seldom_maybe_to_what_is_not():
    seen = Seen()
    for i in range(50_000):
        seen.add(b"there %d" % i)
    assert all(seen.may_hold(b"there %d" % i) for i in range(50_000))
    assert sum(seen.may_hold(b"elsewhere %d" % i) for i in range(100_000)) < 20
