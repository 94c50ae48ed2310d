"""What a server serves: a gateway in this process, and what it says about itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from airworthy.exchange.channel import Channel
from airworthy.record.store import Reader
from airworthy.service.gateway import Health, Overview


class Served(Channel, Protocol):
    """Everything may be called by any thread at once."""

    @property
    def log(self) -> Reader:
        """The log it writes, for reading. Reading works after the store is shut."""

    @property
    def permit_key(self) -> str:
        """The public key its permits verify under."""

    def overview(self) -> Overview:
        """Use cases with their stages, gates, stops and counts."""

    def health(self) -> Health:
        """Cheap: may be asked several times a second."""

    def subscribe(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """`listener` hears the number of the newest durable entry, from any thread; returns how to end it."""
