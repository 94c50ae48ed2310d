"""The life of a server: it listens, serves, and ends without losing what it acknowledged."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, cast

import uvicorn

from airworthy.web.asgi import App
from airworthy.web.connection import Connection, connection
from airworthy.web.hosting import Limits
from airworthy.web.house import House
from airworthy.web.journal import Handler

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Server(uvicorn.Server):
    """uvicorn, told to end as we promise.

    The first signal stops accepting, lets what waits on purpose go, and answers what is under way for up to
    `grace_s`. A second ends the process at once: what was acknowledged is durable already.
    """

    def __init__(
        self,
        app: App,
        house: House,
        *,
        tls: ssl.SSLContext | None = None,
        ready: Callable[[], None] = lambda: None,
        at_once: Callable[[], None] = lambda: None,
    ) -> None:
        """`ready` is called once it serves; `at_once` where the process ends at once, and must be quick."""
        super().__init__(_config(app, house.limits, tls))
        self._house = house
        self._ready = ready
        self._at_once = at_once

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ours for as long as it serves; outside the main thread nobody can listen to signals."""
        before = {one: signal.signal(one, self.handle_exit) for one in SIGNALS} if _is_main() else {}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            self._at_once()
            os._exit(128 + sig)
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        self._house.journal.flush()
        self._look_at_connections()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._house.ending.set()
        await super().shutdown(sockets)

    def _look_at_connections(self) -> None:
        now = asyncio.get_running_loop().time()
        for one in list(self.server_state.connections):
            cast(Connection, one).check(now)


@contextmanager
def logged(house: House) -> Iterator[None]:
    """What uvicorn and asyncio log goes to the journal meanwhile, and nowhere else."""
    handler = Handler(house.journal)
    loggers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.error", "asyncio")]
    before = [(one.propagate, one.level) for one in loggers]
    for one in loggers:
        one.propagate = False
        one.addHandler(handler)
    try:
        yield
    finally:
        for one, (propagates, level) in zip(loggers, before, strict=True):
            one.removeHandler(handler)
            one.propagate = propagates
            one.setLevel(level)


def serve(server: Server, sockets: Sequence[socket.socket], house: House) -> None:
    """Serves until a signal comes; everything acknowledged is durable and signed when it returns."""
    with logged(house):
        try:
            server.run(sockets=list(sockets))
        finally:
            house.served.close()
            house.journal.close()


def _config(app: App, limits: Limits, tls: ssl.SSLContext | None) -> uvicorn.Config:
    config = uvicorn.Config(
        cast(Any, app),  # the same words, said by other types
        loop="uvloop",
        http=connection(limits),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=max(1, round(limits.grace_s)),
    )
    config.load()
    config.ssl = tls
    return config


def _is_main() -> bool:
    try:
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))
    except ValueError:
        return False
    return True
