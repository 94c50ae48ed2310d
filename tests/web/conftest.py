"""A live server for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from web.live import Live, live


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Serves a small gateway with generous limits; every test of a file shares it."""
    with live(tmp_path_factory.mktemp("served")) as running:
        yield running
