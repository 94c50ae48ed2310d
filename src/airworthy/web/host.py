"""A gateway, put on the network: keys, journal, application and server around it, from start to end."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from airworthy.base.clock import Clock
from airworthy.base.ids import Random
from airworthy.service.access import FILE, Access
from airworthy.web.app import application
from airworthy.web.asgi import Limits
from airworthy.web.house import House
from airworthy.web.journal import Journal, Level, Sink
from airworthy.web.presence import forget, local_key, presence
from airworthy.web.served import Served
from airworthy.web.server import Server, serve


class Hosting(msgspec.Struct, frozen=True, kw_only=True):
    """How one server was asked to run."""

    folder: Path  # where records and keys are
    url: str  # to reach it from this machine
    environment: str
    level: Level = "info"
    tls: ssl.SSLContext | None = None
    limits: Limits = Limits()


def host(
    served: Served,
    bound: socket.socket,
    how: Hosting,
    *,
    sink: Sink,
    clock: Clock,
    random: Random,
    ready: Callable[[], None],
) -> None:
    """Serves until a signal comes, then closes `served`. Calls `ready` once programs here can find the server."""
    key, secret = local_key(clock, random)
    access = Access(how.folder / FILE, clock, local=[key])
    journal = Journal(sink, clock, how.level)
    house = House(served, access, journal, clock=clock, environment=how.environment, limits=how.limits)
    at_once = partial(forget, how.folder)
    server = Server(application(house, random), house, tls=how.tls, ready=ready, at_once=at_once)
    with server.capture_signals(), presence(how.folder, how.url, secret):
        serve(server, [bound], house)
