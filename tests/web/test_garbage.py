"""Garbage is looked for rarely while serving, and as before afterwards."""

from __future__ import annotations

import gc

import pytest

from airworthy.web.garbage import RARELY, rarely_collected


def test_what_was_there_before_is_let_be_while_serving_and_looked_through_again_afterwards():
    before = gc.get_threshold()
    with rarely_collected():
        assert gc.get_threshold() == RARELY
        assert gc.get_freeze_count() > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


def test_a_server_that_fails_leaves_it_as_it_was():
    before = gc.get_threshold()
    with pytest.raises(OSError, match="gone"), rarely_collected():
        raise OSError("gone")
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
