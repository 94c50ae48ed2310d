"""Servers and clients killed at random moments under load: nothing acknowledged is lost, nothing runs unpermitted."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import airworthy
from fault.chaos.client import Work
from fault.chaos.living import Chaos, check, is_empty
from fault.chaos.world import Server, application_key, certified, ending, until_so

CALLERS = 32
BUDGET_S = 0.3
GENEROUS = 20  # times the budget: machines are noisy, and a call that hangs takes far longer


@pytest.mark.slow
def test_three_rounds_of_kills_lose_nothing_and_run_nothing_unpermitted(tmp_path: Path) -> None:
    chaos = Chaos(tmp_path)
    chaos.live_through(3, random.Random(1))
    chaos.check()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_fifty_rounds_of_kills_lose_nothing_and_run_nothing_unpermitted(tmp_path: Path) -> None:
    chaos = Chaos(tmp_path)
    chaos.live_through(50, random.Random(20261122))
    chaos.check()


class Timed:
    """A gateway that remembers when each decision was asked for, how long it took and how it came."""

    def __init__(self, gateway: airworthy.Gateway) -> None:
        self._gateway = gateway
        self.calls: list[tuple[float, float, bool]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)

    def decide(self, point: str, **said: Any) -> Any:
        start = time.monotonic()
        decision = self._gateway.decide(point, **said)
        fell_back = any(why.code.startswith("client.") for why in decision.reasons)
        self.calls.append((start, time.monotonic() - start, fell_back))
        return decision

    def since(self, moment: float) -> list[tuple[float, float, bool]]:
        return [call for call in self.calls if call[0] >= moment]


@contextmanager
def at_work(work: Work) -> Iterator[None]:
    """As many callers as there may be, until the end."""
    threads = [Thread(target=work.run, args=(i,)) for i in range(CALLERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        work.over.set()
        for thread in threads:
            thread.join()


@pytest.mark.slow
@pytest.mark.parametrize("first", [signal.SIGSTOP, signal.SIGKILL])
def test_a_server_stopped_under_load_costs_nobody_more_than_the_budget(tmp_path: Path, first: signal.Signals) -> None:
    """It hangs, or is gone: every call answers with the fallback, and nothing is missing once it is back."""
    data, folder = tmp_path / "data", tmp_path / "notes"
    folder.mkdir()
    server = Server(data, certified(data))
    spool = folder / "spool-caller"
    with ending(server):
        server.start()
        key = application_key(data)
        with airworthy.connect(server.url, key=key, spool=spool, budget_ms=1_000 * BUDGET_S) as gateway:
            timed = Timed(gateway)
            work = Work(timed, folder, "caller")
            with at_work(work):
                until_so(lambda: gateway.health().told.get("act", 0) > 100, "the gateway acts under load")
                server.signal(first)
                stopped = time.monotonic()
                until_so(lambda: len(timed.since(stopped)) > 5 * CALLERS, "calls go on meanwhile")
            assert all(fell_back for _, _, fell_back in timed.since(stopped))
            assert max(took for _, took, _ in timed.calls) < GENEROUS * BUDGET_S
            server.kill()
            server.start()
            until_so(lambda: is_empty(spool), "the spool is empty")
            health = gateway.health()
        server.end()
    assert (health.waiting, health.lost, health.refused, health.late) == (0, 0, 0, 0)
    assert health.reconciled == health.spooled > 5 * CALLERS
    ledger = check(data, folder)
    assert len(ledger.fell_back) == sum(health.fallbacks.values())
