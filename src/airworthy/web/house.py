"""What every endpoint of one server shares."""

from __future__ import annotations

import asyncio
from functools import partial

from airworthy.base.clock import Clock
from airworthy.service.access import Access
from airworthy.web.bridge import Bridge
from airworthy.web.gauges import readings
from airworthy.web.hosting import Limits
from airworthy.web.journal import Journal
from airworthy.web.metrics import Metrics
from airworthy.web.news import News
from airworthy.web.room import Room
from airworthy.web.served import Served


class House:
    """The gateway, who may ask it, and how much at once. `open` is called in the loop before the first request."""

    def __init__(
        self, served: Served, access: Access, journal: Journal, *, clock: Clock, environment: str, limits: Limits
    ) -> None:
        self.served = served
        self.access = access
        self.journal = journal
        self.clock = clock
        self.environment = environment
        self.limits = limits
        self.metrics = Metrics(partial(readings, self))
        self.deciding = Room(limits.decisions, "H012", f"{limits.decisions:,} decisions are being made")
        self.polling = Room(limits.polls, "H016", f"{limits.polls:,} callers are waiting for answers of people")
        self.streaming = Room(limits.streams, "H016", f"{limits.streams:,} readers follow the events")

    def open(self) -> None:
        """Binds the house to the running loop."""
        self.wait = Bridge().wait
        self.news = News()
        self.ending = asyncio.Event()  # set once nothing more is accepted: whoever waits on purpose stops waiting
        self._unsubscribe = self.served.subscribe(self.news.arrived)

    def close(self) -> None:
        """Nobody follows the log any more."""
        self._unsubscribe()
