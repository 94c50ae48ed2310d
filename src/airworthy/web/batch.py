"""What comes in numbers: many asks in one transaction, many spool entries after an outage, the public keys."""

from __future__ import annotations

import msgspec

from airworthy.exchange.ask import MOST_AT_ONCE, Ask, Asked, Spooled
from airworthy.exchange.told import Told
from airworthy.web.problem import Refused


class Asks(Asked, frozen=True, kw_only=True):
    """Asks to be decided together: all are durable, or none is."""

    asks: tuple[Ask, ...]


class ToldAll(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of each ask, in their order."""

    told: tuple[Told, ...]


class Spool(Asked, frozen=True, kw_only=True):
    """What a client kept while it could not reach the gateway, oldest first."""

    entries: tuple[Spooled, ...]


class PublicKeys(msgspec.Struct, frozen=True, kw_only=True):
    """What a stranger checks with: neither key can sign anything."""

    log: str  # verifier key of the log's checkpoints, as a signed note names it
    permit: str  # Ed25519 public key of permits, hex


class Alive(msgspec.Struct, frozen=True):
    """The process answers; whether it can decide is another question."""

    alive: bool = True


class Ready(msgspec.Struct, frozen=True):
    """Decisions can be made. `said`: what whoever operates it should know all the same."""

    state: str
    said: tuple[str, ...] = ()


def check_number(n: int) -> None:
    """Raises Refused (400) past what one request may bring."""
    if n > MOST_AT_ONCE:
        raise Refused(400, "H007", f"{n:,} at once, and {MOST_AT_ONCE} are the most", help="send several requests")
