"""The four ways to a gateway: embedded or over HTTP, sync or async. One live use case behind each."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from airworthy.base.clock import FixedClock
from airworthy.client.http import HttpChannel
from airworthy.client.line import Line
from airworthy.client.missed import Unanswered
from airworthy.record import codec
from airworthy.sdk.gateway import Gateway
from airworthy.service.access import EVERY_SCOPE, USUAL_LIFE_US, fresh_key
from airworthy.service.gateway import Gateway as Embedded
from airworthy.web.address import listen
from airworthy.web.server import serve
from service.live.worlds import NOW, Fixed, granted, in_memory, opened
from web.live import Live

WAYS = ("embedded sync", "embedded async", "http sync", "http async")
POINT = "claims.triage"


CAR = {"amount": 100.0, "kind": "car"}  # the rules of the use case read it


class Triage(msgspec.Struct, frozen=True):
    action: str
    amount: float = 100.0


PAY = Triage("pay")


class EvesServer(Live):
    """A server whose keys are all Eve's: she reviews, and may do everything else."""

    def _key(self, name: str, scopes: Any) -> Any:
        return fresh_key(
            "Eve", EVERY_SCOPE, person=True, life_us=USUAL_LIFE_US, clock=self.clock, random=Fixed(len(name))
        )

    def on(self, port: int) -> None:
        """Listens there instead; before it starts."""
        self.socket.close()
        self.socket = listen("127.0.0.1", port)
        self.thread = threading.Thread(target=serve, args=(self.server, [self.socket], self.house))


class Unclosed:
    """A gateway that outlives its server."""

    def __init__(self, behind: Embedded) -> None:
        self._behind = behind

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    def close(self) -> None: ...


class Switch:
    """A channel that can be cut off."""

    def __init__(self, channel: Any) -> None:
        self._channel, self.down = channel, False

    def __getattr__(self, name: str) -> Any:
        if not self.down or name == "close":
            return getattr(self._channel, name)
        return lambda *args, **more: failed()


def failed() -> Future[Any]:
    future: Future[Any] = Future()
    future.set_exception(Unanswered("unreachable"))
    return future


class Way:
    """A gateway to one live use case, used sync or async, with what stands behind it."""

    def __init__(self, name: str, gateway: Gateway, switch: Switch, behind: Embedded, clock: FixedClock) -> None:
        self.name, self.gateway, self.switch, self.behind, self.clock = name, gateway, switch, behind, clock
        self.test, self.since = "", 0  # where several tests share one gateway: their subjects and entries apart

    @property
    def is_async(self) -> bool:
        return self.name.endswith("async")

    def subject(self, name: str) -> str:
        return f"{self.test}{name}"

    def records(self, *kinds: Any) -> list[Any]:
        """What this test put into the log."""
        return [
            one for stored in self.behind.log.scan(self.since) if isinstance(one := codec.record(stored.leaf), kinds)
        ]

    def call(self, method: str, *args: Any, **beside: Any) -> Any:
        """`gateway.METHOD(...)`, or its async twin."""
        twin = getattr(self.gateway, f"a{method}", None) if self.is_async else None
        return asyncio.run(twin(*args, **beside)) if twin else getattr(self.gateway, method)(*args, **beside)

    def decide(self, subject: str, output: Any = PAY, **beside: Any) -> Any:
        beside = {"score": 0.9, "item": CAR} | beside
        return self.call("decide", POINT, subject=self.subject(subject), output=output, **beside)

    def wait(self, decision: Any, timeout: float) -> Any:
        return asyncio.run(decision.result(timeout)) if self.is_async else decision.wait(timeout)

    def accepted(self, subject: str, output: Any = PAY) -> Any:
        """A decision a person let be carried out; the use case must be granted."""
        return self.gateway.answer(self.decide(subject, output), "accept", by="Eve")

    def until_handed_over(self) -> None:
        """Waits until the spool is empty; the test fails where it never is."""
        for _ in range(4_000):
            if not self.gateway.health().waiting:
                return
            threading.Event().wait(0.005)
        raise AssertionError(f"it was never handed over: {self.gateway.health()}")

    def effect(self, ran: list[Any], **more: Any) -> Any:
        """An effect that remembers what it ran with, called the same way in both."""
        if not self.is_async:
            return self.gateway.effect("claims.pay", **more)(lambda value, *, permit: ran.append(value))

        @self.gateway.effect("claims.pay", **more)
        async def pay(value: Any, *, permit: Any) -> None:
            ran.append(value)

        def run(value: Any, *, permit: Any) -> None:
            asyncio.run(pay(value, permit=permit))

        return run

    def certify(self) -> None:
        """Grants it and works until the gate is open."""
        granted(self.behind)
        opened(self.behind, self.clock)


@contextmanager
def way(name: str, folder: Path) -> Iterator[Way]:
    clock = FixedClock(NOW)
    behind = in_memory(clock=clock)
    server = EvesServer(folder, behind) if name.startswith("http") else None
    if server:
        server.start()
    channel = HttpChannel(server.url, server.secrets["everything"], "test", budget_s=30) if server else behind
    switch = Switch(channel)
    with Gateway(Line(switch, folder / "spool", budget_s=30.0)) as gateway:
        yield Way(name, gateway, switch, behind, clock)
    if server:
        server.close()
