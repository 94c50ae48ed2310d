"""A live server on a free port, in a thread of this process."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
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
from airworthy.web.asgi import Limits
from airworthy.web.house import House
from airworthy.web.journal import Journal
from airworthy.web.server import Server, serve
from web.fakes import FakeGateway


class Live:
    """A running server: its gateway, its keys by scope, a client for each."""

    def __init__(self, folder: Path, gateway: Any = None, **limits: Any) -> None:
        self.gateway = gateway if gateway is not None else FakeGateway()
        self.clock, random = SystemClock(), SystemRandom()
        self.written = io.StringIO()
        made = {
            scope: fresh_key(
                f"the {scope}",
                [scope],
                person=scope in ("reviewer", "owner"),
                life_us=USUAL_LIFE_US,
                clock=self.clock,
                random=random,
            )
            for scope in EVERY_SCOPE
        }
        self.keys = {scope: key for scope, (key, _) in made.items()}
        self.secrets = {scope: secret for scope, (_, secret) in made.items()}
        self.access = Access(folder / "access.json", self.clock, local=[key for key, _ in made.values()])
        self.journal = Journal(self.written, self.clock)
        self.house = House(
            self.gateway, self.access, self.journal, clock=self.clock, environment="test", limits=Limits(**limits)
        )
        self.socket = listen("127.0.0.1", 0)
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.server = Server(application(self.house, random), self.house)
        self.thread = threading.Thread(target=serve, args=(self.server, [self.socket], self.house))
        self._clients: list[httpx.Client] = []

    def client(self, scope: str = "application", **more: Any) -> httpx.Client:
        headers = {"authorization": f"Bearer {self.secrets[scope]}"} if scope in self.secrets else {}
        client = httpx.Client(base_url=self.url, headers=headers, timeout=20, trust_env=False, **more)
        self._clients.append(client)
        return client

    def lines(self) -> list[dict[str, Any]]:
        """The journal; whole once the server ended."""
        return [msgspec.json.decode(line) for line in self.written.getvalue().splitlines()]

    def start(self) -> None:
        self.thread.start()
        while not self.server.started and self.thread.is_alive():
            threading.Event().wait(0.005)

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
