"""Durable decisions over HTTP: `airworthy serve` in a process of its own, asked over connections that stay open.

    python bench/over_http.py [--seconds 5] [--rounds 3] [--clients 1 8 32 64] [--flush-ms 4]

A client is one connection with one request under way. All of them live in one other process, on uvloop, and read no
more of an answer than its length and status: that process's CPU is printed, for a rate it limits would not be the
server's. Every answer is of a decision that is durable in the log; nothing is asked twice. Beside it the disk's own
flush, and the same bytes recorded in this process through MLflow and OpenTelemetry (`bench/peers.py`), at 1 and 32
threads, where AIRWORTHY_PEERS_PYTHON names a Python that has them; ours is asked over HTTP all the same. With
`--flush-ms` every flush, ours and theirs, takes so much longer (strace delays it): a disk that is slower than this one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from appends import flush_ms, fresh
from claims import ask, certified, charter_in
from http_overhead import served as emptily_served

from airworthy.base.clock import SystemClock
from airworthy.client.server import FILE, ServerFile

CLIENTS = (1, 8, 32, 64)
TARGET_AT_32 = 2_500
TARGET_BESIDE_PEERS = 10
DIGITS = 8
HERE = Path(__file__).resolve().parent
AIRWORTHY = "from airworthy.cli.main import main; main()"
TICKS = os.sysconf("SC_CLK_TCK")


class Load(msgspec.Struct, frozen=True):
    """What some clients met in some seconds."""

    rate: float  # decisions a second
    p50_ms: float
    p99_ms: float
    server_us: float  # CPU of the server a decision
    generator: float  # share of a core the clients' process used


class Client(asyncio.Protocol):
    """One connection, one request under way. Counts what is answered with 200 or 202 before the end."""

    def __init__(self, before: bytes, after: bytes, numbers: Iterator[int], until: float) -> None:
        self._before, self._after, self._numbers, self._until = before, after, numbers, until
        self.waits: list[float] = []
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._left = 0  # bytes of the answer still to come

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        if self._left:
            self._left -= len(data)
        else:
            head, _, body = data.partition(b"\r\n\r\n")
            assert head[9:12] in (b"200", b"202"), data
            length = head.index(b"content-length: ") + 16
            self._left = int(head[length : head.find(b"\r\n", length) % len(data)]) - len(body)
        if not self._left:
            self._answered()

    def _answered(self) -> None:
        now = time.perf_counter()
        if now > self._until:
            self._transport.close()
            self.over.set_result(None)
            return
        self.waits.append(now - self._started)
        self._ask()

    def _ask(self) -> None:
        self._started = time.perf_counter()
        number = b"%0*d" % (DIGITS, next(self._numbers))
        self._transport.write(self._before + number + self._after)


def request(url: str, key: str, name: str) -> tuple[bytes, bytes]:
    """What goes before and after the number of a claim. The same bytes otherwise, so that clients cost little."""
    number = "0" * DIGITS
    made = msgspec.structs.replace(ask(f"{name}/{number}", SystemClock().now()), context="claims:inbox")
    body = msgspec.json.encode(made)
    before, after = body.split(number.encode())
    head = f"POST /v1/decisions HTTP/1.1\r\nHost: {url.partition('//')[2]}\r\nAuthorization: Bearer {key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + before, after


def generate(url: str, key: str, name: str, clients: int, seconds: float) -> tuple[list[float], float]:
    """What every client waited, in seconds, and the share of a core this process used. In a process of its own."""

    async def load() -> tuple[list[float], float]:
        before, after = request(url, key, name)
        numbers, port = iter(range(10**DIGITS)), int(url.rpartition(":")[2])
        started, used = time.perf_counter(), time.process_time()
        make = lambda: Client(before, after, numbers, started + seconds)  # noqa: E731
        loop = asyncio.get_running_loop()
        made = [(await loop.create_connection(make, "127.0.0.1", port))[1] for _ in range(clients)]
        await asyncio.gather(*[one.over for one in made])
        share = (time.process_time() - used) / (time.perf_counter() - started)
        return [wait for one in made for wait in one.waits], share

    return uvloop.run(load())


def loaded(served: ServerFile, name: str, clients: int, seconds: float) -> Load:
    """One load on a running server."""
    before = cpu_s(served.pid)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        waits, share = pool.apply(generate, (served.url, served.key, name, clients, seconds))
    used, waited = cpu_s(served.pid) - before, sorted(waits)
    at = lambda share: waited[int(len(waited) * share)] * 1e3  # noqa: E731
    return Load(len(waits) / seconds, at(0.5), at(0.99), used / len(waits) * 1e6, share)


def cpu_s(pid: int) -> float:
    """CPU seconds a process has used, every thread of it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def slowed(flush_ms: float) -> list[str]:
    """What goes before a command so that its flushes take longer."""
    if not flush_ms:
        return []
    inject = f"inject=fdatasync:delay_exit={flush_ms * 1_000:.0f}"
    return ["strace", "-f", "-qq", "--seccomp-bpf", "-o", os.devnull, "-e", "trace=fdatasync", "-e", inject]


@contextmanager
def serving(data: Path, charter: Path, around: Sequence[str] = ()) -> Iterator[ServerFile]:
    """`airworthy serve` on a free port, until the end."""
    command = [*around, sys.executable, "-c", AIRWORTHY, "serve", str(charter), "--data", str(data), "--port", "0"]
    with (data.parent / "server.log").open("w") as said:
        process = subprocess.Popen([*command, "--log-level", "error"], stdout=said, stderr=said)
        try:
            while not (data / FILE).exists():
                assert process.poll() is None, (data.parent / "server.log").read_text()
                time.sleep(0.05)
            yield msgspec.json.decode((data / FILE).read_bytes(), type=ServerFile)
        finally:
            if (data / FILE).exists():
                os.kill(msgspec.json.decode((data / FILE).read_bytes(), type=ServerFile).pid, signal.SIGTERM)
            process.wait(60)


@contextmanager
def answering_nothing() -> Iterator[ServerFile]:
    """The same server with an empty answer to everything: what no Python web service on it can be faster than."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=emptily_served, args=(theirs, "empty"))
    process.start()
    try:
        port, secret = ours.recv()
        yield ServerFile(url=f"http://127.0.0.1:{port}", key=secret, pid=process.pid or 0)
    finally:
        ours.send(False)
        process.join()


def peers(body: bytes, seconds: float, around: Sequence[str]) -> dict[str, dict[str, float]]:
    """Spans a second through each peer, by threads; empty where none is installed."""
    python = os.environ.get("AIRWORTHY_PEERS_PYTHON")
    if not python:
        print("  not installed: AIRWORTHY_PEERS_PYTHON names no Python with mlflow and opentelemetry-sdk")
        return {}
    command = [*around, python, str(HERE / "peers.py"), "--seconds", str(seconds)]
    ran = subprocess.run(command, input=body, capture_output=True, check=True)
    found: dict[str, dict[str, float]] = json.loads(ran.stdout)
    return found


def show(what: str, found: list[Load]) -> dict[str, float]:
    """Medians of several rounds."""
    middle = {name: statistics.median(getattr(one, name) for one in found) for name in Load.__struct_fields__}
    print(
        f"  {what:28} {middle['rate']:7,.0f}/s   p50 {middle['p50_ms']:7.2f} ms   p99 {middle['p99_ms']:7.2f} ms   "
        f"server {middle['server_us']:6.0f} us CPU   clients {middle['generator']:4.0%} of a core"
    )
    return middle


def measured(
    folder: Path, charter: Path, clients: list[int], seconds: float, rounds: int, around: Sequence[str]
) -> dict[int, float]:
    """Rates of decisions that are recorded and told `fallback`, by clients; beside them those that are acted on."""
    rates: dict[int, float] = {}
    with answering_nothing() as served:
        show("an empty answer, 32 clients", [loaded(served, "empty", 32, seconds) for _ in range(rounds)])
    for what in ("recorded", "acted on"):
        data = fresh(str(folder)) / "data"
        if what == "acted on":
            certified(data, charter)
        with serving(data, charter, around) as served:
            loaded(served, "warm", 8, 1.0)
            for n in clients:
                runs = [loaded(served, f"{n}/{i}", n, seconds) for i in range(rounds)]
                rate = show(f"{what}, {n} clients", runs)["rate"]
                rates.setdefault(n, rate)
    return rates


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3, help="medians are shown")
    parser.add_argument("--clients", type=int, nargs="+", default=list(CLIENTS))
    parser.add_argument("--flush-ms", type=float, default=0.0, help="how much longer every flush takes")
    options = parser.parse_args()
    around = slowed(options.flush_ms)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; fdatasync of 4 KiB: {flush_ms(folder):.2f} ms")
        rates = measured(folder, charter_in(folder), options.clients, options.seconds, options.rounds, around)
        print(f"fdatasync of 4 KiB here, after it: {flush_ms(folder):.2f} ms")
        if 32 in rates:
            print(f"{'kept  ' if rates[32] >= TARGET_AT_32 else 'BROKEN'} {TARGET_AT_32:,} decisions/s at 32 clients")
        print("the same bytes recorded through peers, in process, no network")
        body = msgspec.json.encode(ask("claim/1", SystemClock().now()))
        for peer, by_threads in peers(body, options.seconds, around).items():
            for threads, rate in by_threads.items():
                ours = rates.get(int(threads), 0.0) / rate
                kept = "kept  " if ours >= TARGET_BESIDE_PEERS else "BROKEN"
                print(f"  {kept} {peer:16} {threads:>2} threads {rate:8,.0f}/s   ours is {ours:6.1f} times that")


if __name__ == "__main__":
    main()
