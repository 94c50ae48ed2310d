"""Memory of a server under a constant load: sampled, and how fast it grows.

    python bench/soak.py [--minutes 10] [--rate 100]

`airworthy serve` in a process of its own; another asks it `--rate` times a second over HTTP, and does with every answer
what work does: an acted decision is redeemed, its effect ends, and a quarter of a minute later the truth is known.
Labels mature after a minute and permits end after ten, so that what the gateway holds for a while is held, and let go
again, several times in a run. The first third is left out: caches and pools fill. The slope is a least-squares line
through the rest, in KiB a thousand decisions, beside the memory itself; what grows with the log is on the disk.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import numpy as np
from appends import flush_ms
from claims import ask, certified, charter_in
from over_http import serving

from airworthy.base.clock import SystemClock
from airworthy.client.server import ServerFile

EVERY_S = 2.0  # between two samples
KNOWN_AFTER_S = 15.0
FLAT_KIB = 1.0  # a thousand decisions: a gibibyte after a thousand million
Sample = tuple[float, int, int]  # seconds, KiB resident, decisions made


class Work:
    """Asks at a constant rate, whatever the answers take; counts what was decided and what went wrong."""

    def __init__(self, http: aiohttp.ClientSession, counts: Any) -> None:
        self._http, self._counts = http, counts

    async def run(self, rate: float, until: float) -> None:
        start, number = time.monotonic(), 0
        async with asyncio.TaskGroup() as tasks:
            while time.monotonic() < until:
                tasks.create_task(self.one(number))
                number += 1
                await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))

    async def one(self, number: int) -> None:
        told = await self._post("/v1/decisions", ask(f"claim/{number}", SystemClock().now()))
        if told is None:
            return
        self._counts[0] += 1
        if permit := told.get("permit"):
            await self._act(told, permit)
        await asyncio.sleep(KNOWN_AFTER_S)
        await self._post("/v1/outcomes", {"decision": told["id"], "correct": True})

    async def _act(self, told: dict[str, Any], permit: dict[str, Any]) -> None:
        name = permit["terms"]["permit"]
        redemption = {"permit": permit, "effect": "claims.pay", "payload": told["value"]}
        if await self._post(f"/v1/permits/{name}/redeem", redemption):
            ended = {"permit": name, "decision": told["id"], "ended": "done"}
            await self._post(f"/v1/permits/{name}/ended", ended)

    async def _post(self, path: str, body: object) -> dict[str, Any] | None:
        content = msgspec.json.encode(body)
        async with self._http.post(path, data=content, headers={"Content-Type": "application/json"}) as answer:
            if answer.status < 400:
                found: dict[str, Any] = await answer.json()
                return found
        self._counts[1] += 1
        return None


def generate(served: ServerFile, rate: float, seconds: float, counts: Any) -> None:
    """In a process of its own."""

    async def load() -> None:
        headers = {"Authorization": f"Bearer {served.key}"}
        async with aiohttp.ClientSession(served.url, headers=headers) as http:
            await Work(http, counts).run(rate, time.monotonic() + seconds)

    asyncio.run(load())


def samples(pid: int, working: Any, counts: Any) -> Iterator[Sample]:
    """What the server holds, for as long as it is asked."""
    start = time.monotonic()
    while working.is_alive():
        yield time.monotonic() - start, resident_kib(pid), counts[0]
        working.join(EVERY_S)


def resident_kib(pid: int) -> int:
    """Memory of a process that is in RAM."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1])


def slope(found: list[Sample]) -> tuple[float, float]:
    """KiB a thousand decisions, and its standard error, of all but the first third."""
    rest = np.array(found[len(found) // 3 :])
    made, kib = rest[:, 2] / 1_000, rest[:, 1]
    (per_thousand, _), covariance = np.polyfit(made, kib, 1, cov=True)
    return float(per_thousand), float(covariance[0, 0]) ** 0.5


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=100.0, help="decisions asked for a second")
    options = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    counts = spawn.Array("q", 2)  # decided, refused
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        charter, data = charter_in(folder, horizon="1m"), folder / "data"
        certified(data, charter)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; fdatasync of 4 KiB: {flush_ms(folder):.2f} ms")
        with serving(data, charter) as served:
            told = (served, options.rate, options.minutes * 60, counts)
            working = spawn.Process(target=generate, args=told)
            working.start()
            found = list(samples(served.pid, working, counts))
        size = sum(file.stat().st_size for file in data.glob("*.db*")) / 2**20
    show(found, counts[1], size)


def show(found: list[Sample], refused: int, log_mib: float) -> None:
    (_, first, _), (seconds, last, made) = found[len(found) // 3], found[-1]
    per_thousand, error = slope(found)
    print(f"  {made:,} decisions in {seconds / 60:.1f} minutes, {refused} requests refused, {log_mib:,.0f} MiB on disk")
    for at in range(0, len(found), max(1, len(found) // 10)):
        print(f"  {found[at][0] / 60:5.1f} min  {found[at][1] / 1024:7.1f} MiB  {found[at][2]:8,} decisions")
    print(f"  after a third {first / 1024:.1f} MiB, at the end {last / 1024:.1f} MiB")
    kept = "kept  " if per_thousand - 2 * error <= FLAT_KIB else "BROKEN"
    print(f"{kept} grows by {per_thousand:.2f} (+- {2 * error:.2f}) KiB a thousand decisions; at most {FLAT_KIB:g}")


if __name__ == "__main__":
    main()
