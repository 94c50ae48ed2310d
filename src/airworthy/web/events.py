"""GET /v1/events: what happened, as server-sent events, read from the log itself.

The log is the only source and its sequence number the only position, so that nothing is missed, told twice or out of
order: not while catching up, not between catching up and following, not after a lost connection. What the gateway says
of new entries only wakes the readers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Any

import msgspec

from airworthy.base.errors import AirworthyError
from airworthy.record.store import Stored
from airworthy.web.asgi import Receive, Visit
from airworthy.web.connection import HANG_UP
from airworthy.web.house import House
from airworthy.web.problem import Refused
from airworthy.web.room import Room
from airworthy.web.session import session_of

PATH = "/v1/events"
AT_ONCE = 256  # entries in one piece of the stream
RETRY_MS = 1_000
LOOK_S = 1.0  # between two looks at the key a reader showed
DECISIONS = frozenset({"decision.made", "model.failed"})  # kinds whose own id is a decision's

_POSITION_DIGITS = 15


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream may show of an entry; everything else stays in the log."""

    kind: str
    id: str
    use_case: str = ""
    decision: str | None = None


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """The data of one event."""

    id: str  # of the record
    kind: str
    use_case: str
    decision: str  # it is or speaks of; empty: none


_leaf = msgspec.json.Decoder(Leaf)
_encode = msgspec.json.Encoder().encode


class Events:
    """The stream, for one reader after the other."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._rooms: dict[str, Room] = {}  # by key

    async def __call__(self, visit: Visit, receive: Receive) -> None:
        with self._house.streaming, self._room(visit.session.key):
            position = await asyncio.to_thread(self._start, visit)
            gone = asyncio.ensure_future(_hung_up(receive))
            ending = asyncio.ensure_future(self._house.ending.wait())
            try:
                await self._follow(visit, position, gone, ending)
            finally:
                gone.cancel()
                ending.cancel()

    def _room(self, key: str) -> Room:
        most = self._house.limits.streams_of_a_key
        return self._rooms.setdefault(key, Room(most, "H016", f"{most} readers with this key follow the events"))

    def _start(self, visit: Visit) -> int:
        """The first entry to tell: the one after `Last-Event-ID`, or the next there will be."""
        size = self._house.served.log.size()
        last = visit.headers.get(b"last-event-id")
        if last is None:
            return size
        if not last.isdigit() or len(last) > _POSITION_DIGITS or int(last) >= size:
            raise Refused(
                400,
                "H020",
                f"`Last-Event-ID` names no entry: the log has {size:,}, counted from 0",
                help="leave it out to start with the next entry",
            )
        return int(last) + 1

    async def _follow(
        self, visit: Visit, position: int, gone: asyncio.Future[None], ending: asyncio.Future[Any]
    ) -> None:
        about = ((b"content-type", b"text/event-stream"), (b"x-accel-buffering", b"no"))
        await visit.send({"type": "http.response.start", "status": 200, "headers": about})
        piece = b"retry: %d\n\n" % RETRY_MS
        while await self._sent(visit, piece) and not gone.done() and not ending.done() and self._is_welcome(visit):
            grows = self._house.news.next()
            entries = await asyncio.to_thread(self._entries, position)
            if entries:
                position, piece = entries[-1].seq + 1, b"".join(map(_event, entries))
            else:
                piece = await self._quiet(visit, grows, gone, ending)
        if not gone.done():
            await visit.send({"type": "http.response.body", "body": b""})

    async def _quiet(
        self, visit: Visit, grows: asyncio.Event, gone: asyncio.Future[None], ending: asyncio.Future[Any]
    ) -> bytes:
        """Waits for an entry; after a long silence a comment shows that somebody is still here."""
        beat_s = self._house.limits.beat_s
        grown = asyncio.ensure_future(grows.wait())
        try:
            for _ in range(max(1, round(beat_s / LOOK_S))):
                waited = (grown, gone, ending)
                done, _ = await asyncio.wait(waited, timeout=min(beat_s, LOOK_S), return_when=asyncio.FIRST_COMPLETED)
                if done or not self._is_welcome(visit):
                    return b""
        finally:
            grown.cancel()
        return b": still here\n\n"

    def _is_welcome(self, visit: Visit) -> bool:
        """Whether the key is still good: a stream lasts longer than a key may."""
        try:
            session_of(visit.headers, self._house.access)
        except AirworthyError:
            return False
        return True

    async def _sent(self, visit: Visit, piece: bytes) -> bool:
        """Whether the reader took it. One who takes nothing for too long is cut off."""
        if not piece:
            return True
        try:
            async with asyncio.timeout(self._house.limits.stall_s):
                await visit.send({"type": "http.response.body", "body": piece, "more_body": True})
        except TimeoutError:
            _hang_up(visit)
            return False
        return True

    def _entries(self, position: int) -> list[Stored]:
        return list(islice(self._house.served.log.scan(position), AT_ONCE))


def _event(stored: Stored) -> bytes:
    leaf = _leaf.decode(stored.leaf)
    decision = leaf.id if leaf.kind in DECISIONS else leaf.decision or ""
    data = _encode(Happened(id=leaf.id, kind=leaf.kind, use_case=leaf.use_case, decision=decision))
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (stored.seq, leaf.kind.encode(), data)


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _hang_up(visit: Visit) -> None:
    now: Callable[[], None] | None = visit.scope.get("extensions", {}).get(HANG_UP, {}).get("now")
    if now is not None:
        now()
