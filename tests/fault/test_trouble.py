"""Whatever breaks, work ends in its fallback or with a person: nothing acknowledged is lost, and nothing acts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

import airworthy
from airworthy.base.clock import DAY, HOUR, FixedClock
from airworthy.base.errors import NotAllowed, StoreError, StoreLocked
from airworthy.client.line import Line
from airworthy.record import codec
from airworthy.record.trouble import ModelFailed
from airworthy.sdk.gateway import Gateway
from airworthy.service.gateway import Gateway as Embedded
from airworthy.service.open import open_gateway
from fault.chaos.client import Work
from fault.chaos.living import check, is_empty
from fault.chaos.notes import Asked, Told
from fault.chaos.world import AIRWORTHY, ENVIRONMENT, HORIZON_US, Server, application_key, certified, ending, until_so
from service.live.auditor import Auditor
from service.live.worlds import NOW, TEXT, Fixed, granted, opened

CAR = {"amount": 100.0, "kind": "car"}
PAY = {"action": "pay", "amount": 100.0}
LEFT = 400_000  # bytes on a disk that fills up under a server at work
TENTH_YEAR = 3_650 * DAY


def decide(gateway: Any, subject: str, **more: Any) -> Any:
    return gateway.decide("claims.triage", subject=subject, output=PAY, **({"score": 0.9, "item": CAR} | more))


# --- a disk that refuses, under a server


@contextmanager
def full_disk(tmp_path: Path) -> Iterator[tuple[Server, Callable[[], object], Callable[[], object]]]:
    """A server on a small disk, how to fill that, and how to make room again. Skips where nothing may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    how = ["-t", "tmpfs", "-o", "size=32m", "tmpfs", str(disk)]
    if not mount or subprocess.run([mount, *how], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        server, filler = Server(disk / "data", certified(disk / "data")), disk / "filler"
        free = lambda: shutil.disk_usage(disk).free  # noqa: E731
        yield server, lambda: filler.write_bytes(bytes(free() - LEFT)), filler.unlink
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@contextmanager
def failing_flush(tmp_path: Path) -> Iterator[tuple[Server, Callable[[], object], Callable[[], object]]]:
    """A server whose disk cannot flush from some moment on; started anew, it can."""
    server = Server(tmp_path / "data", certified(tmp_path / "data"), injected("fdatasync:error=EIO:when=80+"))
    yield server, lambda: None, server.untraced


def injected(fault: str) -> tuple[str, ...]:
    """What goes before a command so that its system calls fail. Skips where there is no strace."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("needs strace")
    return strace, "-f", "-qq", "-o", os.devnull, "-e", f"trace={fault.split(':')[0]}", "-e", f"inject={fault}"


@pytest.mark.slow
@pytest.mark.parametrize("trouble", [full_disk, failing_flush])
def test_a_disk_that_refuses_stops_acting_and_loses_nothing(
    tmp_path: Path, trouble: Callable[[Path], AbstractContextManager[Any]]
) -> None:
    notes, ran = tmp_path / "notes", list[Any]()
    notes.mkdir()
    with trouble(tmp_path) as (server, break_it, mend_it), ending(server):
        server.start()
        assert ready(server) == (200, "ok")
        key = application_key(server.folder)
        with airworthy.connect(server.url, key=key, spool=notes / "spool-1", budget_ms=5_000) as gateway:
            work = Work(gateway, notes, "caller")
            work.one("held/0", 0)
            held = decide(gateway, "held/1")
            work.notes.write(Asked("held/1"))
            work.notes.write(Told("held/1", held.id, held.route, False))
            break_it()
            assert falls_back_at_last(work, gateway)
            assert ready(server) == (503, "H018")
            pay = gateway.effect("claims.pay", undo=ran.append)(lambda value, *, permit: ran.append(value))
            with pytest.raises(StoreError):
                pay(held.value, permit=held.permit)
            server.kill()
            mend_it()
            server.start()
            assert ready(server) == (200, "ok")
            until_so(lambda: is_empty(notes / "spool-1"), "the spool is empty")
            health = gateway.health()
        server.end()
        ledger = check(server.folder, notes)
    assert (ran, health.lost, health.refused) == ([], 0, 0)
    assert len(ledger.fell_back) == sum(health.fallbacks.values()) > 0
    assert health.fallbacks["store"] > 0


def falls_back_at_last(work: Work, gateway: airworthy.Gateway) -> bool:
    """Whether everything falls back from some decision on."""
    for i in range(1, 5_000):
        work.one(f"item/{i}", i)
        if sum(gateway.health().fallbacks.values()) >= 3:
            return True
    return False


def ready(server: Server) -> tuple[int, str]:
    """What a probe is told: the status, and the state or the code of the problem."""
    told = httpx.get(f"{server.url}/readyz", trust_env=False)
    body = told.json()
    return told.status_code, body.get("state") or body["code"]


# --- more than it can do


@pytest.mark.slow
def test_more_than_the_queue_holds_falls_back_and_is_handed_over(tmp_path: Path) -> None:
    """4,096 entries may wait to be written; twelve callers bring 500 decisions each while the disk takes its time."""
    data, folder = tmp_path / "data", tmp_path / "notes"
    folder.mkdir()
    server = Server(data, certified(data), injected("fdatasync:delay_exit=2000000:when=20+"))
    with ending(server):
        server.start()
        key = application_key(data)
        with airworthy.connect(server.url, key=key, spool=folder / "spool-1", budget_ms=60_000) as gateway:
            work = Work(gateway, folder, "caller")
            while not slow(work, gateway):
                pass
            with ThreadPoolExecutor(12) as callers:
                list(callers.map(lambda i: many(work, i), range(12)))
            fallbacks = gateway.health().fallbacks
            assert ready(server) == (200, "ok")
            server.kill()
            server.untraced()
            server.start()
            until_so(lambda: is_empty(folder / "spool-1"), "the spool is empty")
        server.end()
    assert fallbacks.keys() == {"overloaded"}
    ledger = check(data, folder)
    assert len(ledger.fell_back) == fallbacks["overloaded"] > 0


def slow(work: Work, gateway: Any) -> bool:
    """Whether the disk now takes its time, after one more decision."""
    start = time.monotonic()
    work.one(f"slow/{gateway.health().calls}", 0)
    return time.monotonic() - start > 1.0


def many(work: Work, batch: int) -> None:
    """500 decisions in one transaction, noted."""
    outputs = [airworthy.Output(f"many/{batch}/{i}", PAY, score=0.1, item=CAR) for i in range(500)]
    for output in outputs:
        work.notes.write(Asked(output.subject))
    for (subject, _), told in work.gateway.decide_many("claims.triage", outputs).items():
        fell_back = any(why.code.startswith("client.") for why in told.reasons)
        work.notes.write(Told(subject, told.id, told.route, fell_back))


# --- clocks


class Clocked:
    """An embedded gateway whose clock is ours, with the SDK in front of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.ran, self.opens = folder, FixedClock(NOW), list[Any](), 0
        (folder / "claims.yaml").write_text(TEXT, encoding="utf-8")
        self.open()
        granted(self.behind)
        opened(self.behind, self.clock)

    def open(self) -> None:
        self.opens += 1
        random, charter = Fixed(self.opens), self.folder / "claims.yaml"
        self.behind: Embedded = open_gateway(
            self.folder / "data", [charter], clock=self.clock, random=random, watch=False
        )
        self.gateway = Gateway(Line(self.behind, self.folder / "spool", budget_s=30.0, clock=self.clock))
        self.pay = self.gateway.effect("claims.pay", undo=self.ran.append)(self._paid)

    def reopen(self) -> None:
        self.gateway.close()
        self.open()

    def _paid(self, value: Any, *, permit: Any) -> None:
        self.ran.append(value)


@pytest.fixture
def clocked(tmp_path: Path) -> Iterator[Clocked]:
    world = Clocked(tmp_path)
    yield world
    found = Auditor(HORIZON_US).read(stored.leaf for stored in world.behind.log.scan())
    world.gateway.close()
    assert found == []


def test_a_clock_an_hour_back_makes_nothing_good_again_that_had_expired(clocked: Clocked) -> None:
    decision = decide(clocked.gateway, "claim/1")
    assert decision.route == "act"
    clocked.clock.move(HOUR)
    clocked.behind.tick()
    clocked.clock.move(-HOUR)
    for _ in range(2):
        with pytest.raises(NotAllowed, match="expired"):
            clocked.pay(decision.value, permit=decision.permit)
        clocked.reopen()
    assert clocked.ran == []


def test_a_clock_ten_years_ahead_ends_what_was_granted_for_a_while(clocked: Clocked) -> None:
    acted = decide(clocked.gateway, "claim/1")
    waiting = decide(clocked.gateway, "claim/2", item={"amount": 9_000.0, "kind": "car"})
    assert (acted.route, waiting.route) == ("act", "review")
    clocked.clock.move(TENTH_YEAR)
    clocked.behind.tick()
    assert waiting.wait(5).route == "fallback"
    with pytest.raises(NotAllowed, match="expired"):
        clocked.pay(acted.value, permit=acted.permit)
    assert decide(clocked.gateway, "claim/3").route == "review"
    assert clocked.ran == []


def test_a_clock_that_comes_back_from_ten_years_ahead_does_not_act_either(clocked: Clocked) -> None:
    """What it recorded there stands in the log, and time in a log never goes back: people decide until it is mended."""
    clocked.clock.move(TENTH_YEAR)
    decide(clocked.gateway, "claim/1")
    clocked.clock.move(-TENTH_YEAR)
    for subject in ("claim/2", "claim/3"):
        assert decide(clocked.gateway, subject).route == "review"
        clocked.reopen()


# --- a store in other hands


def test_a_folder_another_process_holds_is_refused_and_its_holder_goes_on(tmp_path: Path) -> None:
    charter = certified(tmp_path / "data")
    serve = [sys.executable, "-c", AIRWORTHY, "serve", str(charter), "--data", str(tmp_path / "data"), "--port", "0"]
    with airworthy.connect(tmp_path / "data", charters=charter, budget_ms=30_000) as gateway:
        refused = subprocess.run(serve, capture_output=True, text=True, check=False, env=ENVIRONMENT, timeout=60)
        assert refused.returncode != 0
        assert "R003" in refused.stderr
        with pytest.raises(StoreLocked):
            airworthy.connect(tmp_path / "data", charters=charter)
        assert decide(gateway, "claim/1").route == "act"


# --- a model that fails


def test_a_model_that_fails_or_says_nonsense_falls_back_and_is_recorded(clocked: Clocked) -> None:
    @clocked.gateway.decision("claims.triage", subject=lambda claim: claim, item=lambda claim: CAR)
    def triage(claim: str) -> dict[str, Any]:
        raise RuntimeError("the model is gone")

    assert triage("claim/1").route == "fallback"
    assert clocked.gateway.failure("claims.triage", subject="claim/2", error="gone").route == "fallback"
    nonsense = clocked.gateway.decide("claims.triage", subject="claim/3", output={"acting": 7}, score=0.99, item=CAR)
    assert (nonsense.route, nonsense.permit) == ("fallback", None)
    failed = [one for stored in clocked.behind.log.scan() if isinstance(one := codec.record(stored.leaf), ModelFailed)]
    assert [one.why for one in failed] == ["error", "error", "malformed"]
