"""A gateway, put on the network: keys, journal, application and server around it, from start to end."""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial

from airworthy.base.clock import Clock
from airworthy.base.ids import Random
from airworthy.service.access import FILE, Access
from airworthy.web.app import application
from airworthy.web.garbage import rarely_collected
from airworthy.web.hosting import Hosting
from airworthy.web.house import House
from airworthy.web.journal import Journal, Sink
from airworthy.web.presence import forget, local_key, presence
from airworthy.web.served import Served
from airworthy.web.server import Server, serve


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
    try:
        with server.capture_signals(), presence(how.folder, how.url, secret), rarely_collected():
            serve(server, [bound], house)
    except BaseException:
        bound.close()
        served.close()  # may be called twice
        raise
