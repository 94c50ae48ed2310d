"""A live server on a free port, in a thread of this process."""

from __future__ import annotations

import io
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from airworthy.base.clock import SystemClock
from airworthy.base.ids import SystemRandom
from airworthy.service.access import EVERY_SCOPE, USUAL_LIFE_US, Access, fresh_key
from airworthy.web.address import listen
from airworthy.web.app import application
from airworthy.web.hosting import Limits
from airworthy.web.house import House
from airworthy.web.journal import Journal
from airworthy.web.server import Server, serve
from web.fakes import FakeGateway

PLAIN = ssl.create_default_context()  # making one takes longer than most tests


class Live:
    """A running server: its gateway, its keys by scope, a client for each."""

    def __init__(self, folder: Path, gateway: Any = None, level: Any = "info", **limits: Any) -> None:
        self.gateway = gateway if gateway is not None else FakeGateway()
        self.clock, random = SystemClock(), SystemRandom()
        self.written = io.StringIO()
        made = {scope: self._key(scope, [scope]) for scope in EVERY_SCOPE}
        made["everything"] = self._key("everyone", EVERY_SCOPE)
        self.keys = {name: key for name, (key, _) in made.items()}
        self.secrets = {name: secret for name, (_, secret) in made.items()}
        self.access = Access(folder / "access.json", self.clock, local=[key for key, _ in made.values()])
        self.journal = Journal(self.written, self.clock, level)
        self.house = House(
            self.gateway, self.access, self.journal, clock=self.clock, environment="test", limits=Limits(**limits)
        )
        self.socket = listen("127.0.0.1", 0)
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.server = Server(application(self.house, random), self.house)
        self.thread = threading.Thread(target=serve, args=(self.server, [self.socket], self.house))
        self._clients: list[httpx.Client] = []

    def _key(self, name: str, scopes: Any) -> Any:
        is_person = name in ("reviewer", "owner")
        return fresh_key(
            f"the {name}", scopes, person=is_person, life_us=USUAL_LIFE_US, clock=self.clock, random=SystemRandom()
        )

    def client(self, scope: str = "application", **more: Any) -> httpx.Client:
        headers = {"authorization": f"Bearer {self.secrets[scope]}"} if scope in self.secrets else {}
        client = httpx.Client(base_url=self.url, headers=headers, timeout=20, trust_env=False, verify=PLAIN, **more)
        self._clients.append(client)
        return client

    def connected(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    @staticmethod
    def heard(client: socket.socket) -> tuple[bytes, Any]:
        """Head and problem of an answer after which the server hangs up."""
        head, _, body = b"".join(iter(lambda: client.recv(65_536), b"")).partition(b"\r\n\r\n")
        return head, msgspec.json.decode(body)

    def lines(self) -> list[dict[str, Any]]:
        """The journal; whole once the server ended."""
        return [msgspec.json.decode(line) for line in self.written.getvalue().splitlines()]

    def until(self, so: Callable[[], bool]) -> None:
        """Waits until something is so; the test fails where it never is."""
        for _ in range(2_000):
            if so():
                return
            threading.Event().wait(0.005)
        raise AssertionError("it never came to be so")

    def start(self) -> None:
        self.thread.start()
        self.until(lambda: self.server.started or not self.thread.is_alive())

    def end(self) -> None:
        self.server.should_exit = True
        self.thread.join(timeout=20)
        assert not self.thread.is_alive()

    def close(self) -> None:
        self.end()
        for client in self._clients:
            client.close()


@contextmanager
def live(folder: Path, gateway: Any = None, **limits: Any) -> Iterator[Live]:
    running = Live(folder, gateway, **limits)
    running.start()
    try:
        yield running
    finally:
        running.close()


def ask(subject: str = "claim/1", **more: Any) -> dict[str, Any]:
    return {
        "point": "claims.triage",
        "subject": subject,
        "output": {"action": "pay", "amount": 4310},
        "score": 0.94,
        **more,
    }
