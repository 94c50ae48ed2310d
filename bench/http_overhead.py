"""What the network adds to a decision: CPU of the server a request, above what the gateway itself works.

    python bench/http_overhead.py

The gateway here answers at once and does nothing, so that everything measured is ours or the server's: HTTP, key,
strict reading, JSON both ways, metrics, the journal. A real one answers from the thread that writes; one line shows
what changing threads costs, with that thread's own work in it. Beside it the same server with an empty ASGI reply (the
limit: no Python web service on uvicorn costs less), and an ordinary endpoint of ours behind the framework. CPU time of
the server process, eight connections that stay open, best of several repeats; ratios are what to compare.
"""

from __future__ import annotations

import io
import multiprocessing
import queue
import socket
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from pathlib import Path

import msgspec

from airworthy.base.clock import SystemClock
from airworthy.base.ids import SystemRandom
from airworthy.exchange.told import Told
from airworthy.service.access import EVERY_SCOPE, USUAL_LIFE_US, Access, fresh_key
from airworthy.web.address import listen
from airworthy.web.app import application
from airworthy.web.hosting import Limits
from airworthy.web.house import House
from airworthy.web.journal import Journal
from airworthy.web.server import Server, serve

PROMISED_US = 60.0
CONNECTIONS, REQUESTS, REPEATS = 8, 8_000, 5
ASK = {
    "point": "claims.triage", "subject": "claim/8831", "output": {"action": "pay", "amount": 4310}, "score": 0.94,
    "item": {"priority": "high", "text": "a broken windscreen on the way home", "claims_before": 3},
    "sources": [{"source": "erp.po", "key": "4410"}], "context": "zendesk:ticket/5519",
}  # fmt: skip
TOLD = Told(
    id="d" * 26, point="claims.triage", subject="claim/8831", attempt=1, status="settled", route="act",
    proposed=ASK["output"], value=ASK["output"], stage="default", policy="p" * 64, digest="e" * 64,
)  # fmt: skip


class AtOnce:
    """A gateway that has decided already."""

    log = None

    def submit(self, asks, caller):
        return self._told((TOLD,) * len(asks))

    def told(self, decision, caller, *, wait_s=0.0):
        return self._told(TOLD)

    def subscribe(self, listener):
        return lambda: None

    def close(self):
        pass

    def _told(self, value):
        future = Future()
        future.set_result(value)
        return future


class ByAnother(AtOnce):
    """One whose answers come from another thread, as from the one that writes the log; what that costs is in it."""

    def __init__(self):
        self._asked = queue.SimpleQueue()
        threading.Thread(target=self._answer, daemon=True).start()

    def _told(self, value):
        future = Future()
        self._asked.put((future, value))
        return future

    def _answer(self):
        while True:
            future, value = self._asked.get()
            future.set_result(value)


async def empty(scope, receive, send):
    """The least a service can say."""
    if scope["type"] == "http":
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})


def served(pipe, what: str) -> None:
    """A server in a process of its own; tells its CPU time when asked."""
    clock, random = SystemClock(), SystemRandom()
    key, secret = fresh_key("bench", EVERY_SCOPE, person=False, life_us=USUAL_LIFE_US, clock=clock, random=random)
    with tempfile.TemporaryDirectory() as folder, open("/dev/null", "w") as sink:
        access = Access(Path(folder) / "access.json", clock, local=[key])
        level = "error" if what == "quiet" else "info"
        house = House(
            ByAnother() if what == "by another" else AtOnce(),
            access,
            Journal(sink, clock, level),
            clock=clock,
            environment="prod",
            limits=Limits(),
        )
        app = application(house, random)
        server = Server(_lifespan(app) if what == "empty" else app, house)
        bound = listen("127.0.0.1", 0)
        pipe.send((bound.getsockname()[1], secret))
        threading.Thread(target=_tell_time, args=(pipe, server), daemon=True).start()
        serve(server, [bound], house)


def _lifespan(app):
    async def answered(scope, receive, send):
        await (app if scope["type"] == "lifespan" else empty)(scope, receive, send)

    return answered


def _tell_time(pipe, server) -> None:
    while pipe.recv():
        pipe.send(time.process_time())
    server.should_exit = True


def asked(port: int, request: bytes, times: int) -> None:
    """Sends `request` over open connections, one at a time on each."""
    open_ones = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    for one in open_ones:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for _ in range(times // CONNECTIONS):
        for one in open_ones:
            one.sendall(request)
        for one in open_ones:
            answered(one)
    for one in open_ones:
        one.close()


def answered(one: socket.socket) -> None:
    """Reads one whole answer, which may come in pieces."""
    head, _, body = one.recv(65_536).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 20"), head
    left = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]) - len(body)
    while left > 0:
        left -= len(one.recv(65_536))


def measured(what: str, method: str = "POST", path: str = "/v1/decisions") -> float:
    """Microseconds CPU of the server a request."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=served, args=(theirs, what))
    process.start()
    port, secret = ours.recv()
    body = msgspec.json.encode(ASK) if method == "POST" else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {secret}\r\n"
    head += f"Accept: application/json\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    found = []
    for _ in range(REPEATS):
        asked(port, head.encode() + body, 800)
        before = _time(ours)
        asked(port, head.encode() + body, REQUESTS)
        found.append((_time(ours) - before) / REQUESTS * 1e6)
    ours.send(False)
    process.join()
    return min(found)


def _time(pipe) -> float:
    pipe.send(True)
    return pipe.recv()


def show(what: str, us: float, limit: float) -> None:
    print(f"  {what:<52}{us:>7.1f} us  {us / limit:>5.2f} times the empty reply")


def main() -> None:
    print("one request, server's CPU time")
    limit = measured("empty")
    show("an empty ASGI reply (the limit)", limit, limit)
    ours = measured("decisions")
    show("POST /v1/decisions", ours, limit)
    show("the same with a journal of errors only", measured("quiet"), limit)
    show("the same, answered by another thread", measured("by another"), limit)
    show(
        "GET /v1/decisions/{id}, behind the framework", measured("decisions", "GET", f"/v1/decisions/{'d' * 26}"), limit
    )
    print(f"{'kept  ' if ours <= PROMISED_US else 'BROKEN'} a decision over HTTP adds at most {PROMISED_US:g} us")


if __name__ == "__main__":
    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, line_buffering=True)
    main()
