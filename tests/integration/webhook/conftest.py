"""Receivers and worlds that are closed after each test."""

from __future__ import annotations

import pytest

from integration.webhook.receiver import Receiver, World


@pytest.fixture
def receiver():
    one = Receiver()
    yield one
    one.close()


@pytest.fixture
def another():
    one = Receiver()
    yield one
    one.close()


@pytest.fixture
def world(tmp_path):
    one = World(tmp_path / "data")
    yield one
    one.close()
