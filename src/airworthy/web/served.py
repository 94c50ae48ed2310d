"""What a server serves: a gateway in this process, and what it says about itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

from airworthy.exchange.channel import Channel
from airworthy.record.store import Reader, Stored

State = Literal["ok", "degraded", "stopped"]


class Health(Protocol):
    """Whether decisions can be made now. `stopped`: none can be made durable."""

    @property
    def state(self) -> State: ...

    @property
    def said(self) -> tuple[str, ...]:
        """Sentences for whoever operates it; empty where all is well."""


class Served(Channel, Protocol):
    """Everything may be called by any thread at once."""

    @property
    def log(self) -> Reader:
        """The log it writes, for reading. Reading works after the store is shut."""

    @property
    def permit_key(self) -> str:
        """The public key its permits verify under."""

    def overview(self) -> Any:
        """Use cases with their stages, gates, stops and counts: a frozen struct that JSON can carry."""

    def health(self) -> Health:
        """Cheap: may be asked several times a second."""

    def subscribe(self, told: Callable[[Stored], None]) -> Callable[[], None]:
        """Calls `told` with each entry once it is durable, from the thread that wrote it; returns what ends that."""
