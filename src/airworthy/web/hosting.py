"""How one server is asked to run, and how much it takes at once."""

from __future__ import annotations

import ssl
from pathlib import Path

import msgspec

from airworthy.web.journal import Level


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of everything there may be at once, and for how long."""

    head_bytes: int = 64 << 10  # request line and headers
    decisions: int = 1_024  # being decided
    polls: int = 512  # waiting for a person's answer
    streams: int = 64  # of events
    streams_of_a_key: int = 8  # of those
    connections: int = 4_096
    read_s: float = 20.0  # for a whole request to arrive
    stall_s: float = 10.0  # for a reader of a stream to take what was sent
    beat_s: float = 15.0  # between signs of life on a silent stream
    grace_s: float = 10.0  # for what is under way when the server ends


class Hosting(msgspec.Struct, frozen=True, kw_only=True):
    """How one server was asked to run."""

    folder: Path  # where records and keys are
    url: str  # to reach it from this machine
    environment: str
    level: Level = "info"
    tls: ssl.SSLContext | None = None
    limits: Limits = Limits()
