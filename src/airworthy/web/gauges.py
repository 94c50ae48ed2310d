"""What stands in the metrics because it is so now, read when somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import msgspec

from airworthy.base.clock import SECOND, Clock, Micros
from airworthy.record.store import Reader
from airworthy.web.journal import Journal
from airworthy.web.room import Room
from airworthy.web.served import Served

Reading = tuple[str, str, float]  # name, help, value


class _Recorded(msgspec.Struct):
    ts: Micros = Micros(0)


class Watched(Protocol):
    """What is read: the parts of a house."""

    served: Served
    journal: Journal
    clock: Clock
    deciding: Room
    polling: Room
    streaming: Room


_recorded = msgspec.json.Decoder(_Recorded)


def readings(house: Watched) -> Iterator[Reading]:
    """Every gauge. Called by any thread."""
    state = house.served.health().state
    for name in ("ok", "stopped", "broken"):
        yield f"is_{name}", f"Whether the gateway's state is `{name}`.", float(state == name)
    yield "decisions_in_flight", "Decisions being made.", float(house.deciding.taken)
    yield "event_streams", "Readers who follow the events.", float(house.streaming.taken)
    yield "polls", "Callers who wait for answers of people.", float(house.polling.taken)
    yield "journal_dropped", "Lines nobody read in time.", float(house.journal.dropped)
    log = house.served.log
    yield "log_entries", "Entries in the log.", float(log.size())
    yield (
        "unsigned_seconds",
        "Age of the oldest entry no checkpoint covers.",
        _unsigned_s(log, house.clock.now()),
    )


def _unsigned_s(log: Reader, now: Micros) -> float:
    head = log.head()
    first = next(iter(log.scan(head.size if head else 0)), None)
    return max(0.0, (now - _recorded.decode(first.leaf).ts) / SECOND) if first else 0.0
