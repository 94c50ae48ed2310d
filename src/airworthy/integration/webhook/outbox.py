"""What is still to be sent, and what came of it: `outbox.db`, fed from the log by a cursor.

Nothing is recorded here that the log does not hold, so nothing can be recorded and not sent. A crash at any moment
leads to sending again at most; receivers know a message by its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal

import msgspec

from airworthy.base.clock import DAY, SECOND, Micros
from airworthy.base.errors import StoreDamaged
from airworthy.integration.webhook.endpoint import Endpoint, Endpoints
from airworthy.integration.webhook.event import message_id
from airworthy.record.store import Reader, Stored
from airworthy.storage.database import create, open_for_writing

State = Literal["due", "delivered", "dead"]

LEASE_US = 60 * SECOND  # longer than an attempt can take: nobody else tries the same meanwhile
KEPT_US = 7 * DAY  # how long a delivered message stays listed
_AT_ONCE = 1_000  # entries taken in one transaction


class Delivery(msgspec.Struct, frozen=True):
    """One entry on its way to one endpoint."""

    seq: int
    endpoint: str
    kind: str
    state: State
    attempts: int
    first_at: Micros | None  # None: not tried yet
    next_at: Micros  # due: when to try; delivered or dead: since when
    status: str  # how the last attempt ended, in words

    @property
    def id(self) -> str:
        return message_id(self.seq, self.endpoint)


class _Head(msgspec.Struct):
    kind: str


_head = msgspec.json.Decoder(_Head)


class Outbox:
    """The outbox in a folder. Any thread and any number of processes at once; every method is durable on return."""

    def __init__(self, folder: Path) -> None:
        create(folder / "outbox.db")
        self._rows = open_for_writing(folder / "outbox.db")

    def take(self, log: Reader, endpoints: Endpoints, now: Micros) -> int:
        """Notes who is to be told of each new entry of the log. Returns how many messages became due.

        Raises StoreDamaged (W008) where the log is shorter than what was read of it before.
        """
        # INVARIANT: the size is read before the endpoints. An entry appended after an endpoint was added is then
        # either beyond `stop`, or meets that endpoint.
        stop, taken = log.size(), 0
        known = endpoints.enabled()
        while (start := self._cursor(stop)) < stop:
            taken += self._take(log, known, start, stop, now)
        return taken

    def claim(self, endpoint: str, now: Micros, most: int) -> list[Delivery]:
        """Up to `most` messages due at `now`, the longest due first; for a minute nobody else gets them."""
        found = [Delivery(*row) for row in self._rows.all("due", (endpoint, now, most))]
        if not found:
            return []
        with self._rows.transaction() as writer:
            lease = now + LEASE_US
            return [one for one in found if writer.changed("claim", (lease, one.seq, one.endpoint, one.next_at))]

    def settle(self, one: Delivery, state: State, at: Micros, *, first_at: Micros, status: str) -> None:
        """Counts an attempt. `at` is when to try again, or since when it is delivered or dead."""
        with self._rows.transaction() as writer:
            writer.changed("settle", (state, at, first_at, status, one.seq, one.endpoint))

    def give_up(self, endpoint: str, now: Micros, status: str) -> None:
        """Everything still due to an endpoint is dead."""
        with self._rows.transaction() as writer:
            writer.changed("give_up", (now, status, endpoint))

    def next_due(self, endpoints: Sequence[Endpoint]) -> Micros | None:
        """When something is due to one of `endpoints`, None: nothing is."""
        times = [self._rows.one("next_due", (one.id,)) for one in endpoints]
        return min((Micros(at) for at in times if at is not None), default=None)

    def count_due(self, endpoints: Sequence[Endpoint], now: Micros) -> int:
        """How many messages to `endpoints` are due at `now`."""
        return sum(self._rows.one("count_due", (one.id, now)) for one in endpoints)

    def counts(self, endpoint: str) -> dict[State, int]:
        """How many messages to an endpoint stand in each state."""
        found = dict(self._rows.all("counts", (endpoint,)))
        return {"due": found.get("due", 0), "delivered": found.get("delivered", 0), "dead": found.get("dead", 0)}

    def dead(self) -> tuple[Delivery, ...]:
        """What was given up, in the order of the log."""
        return tuple(Delivery(*row) for row in self._rows.all("dead"))

    def redrive(self, dead: Sequence[Delivery], now: Micros) -> int:
        """Dead messages are due again, with three new days. Returns how many were still dead."""
        with self._rows.transaction() as writer:
            return sum(writer.changed("redrive", (now, one.seq, one.endpoint)) for one in dead)

    def forget_endpoint(self, endpoint: str) -> None:
        """Lets go of everything to an endpoint."""
        with self._rows.transaction() as writer:
            writer.many("forget_endpoint", [(endpoint,)])

    def close(self) -> None:
        """May be called twice."""
        self._rows.close()

    def _cursor(self, stop: int) -> int:
        cursor: int = self._rows.one("cursor")
        if cursor > stop:
            raise StoreDamaged(
                f"the log has {stop} entries, and {cursor} were read for webhooks before",
                code="W008",
                help="an older copy of the log was put in its place; bring back the newest one",
            )
        return cursor

    def _take(self, log: Reader, known: Sequence[Endpoint], start: int, stop: int, now: Micros) -> int:
        entries = list(islice(_wanted(log, known, start, stop), _AT_ONCE))
        read_to = entries[-1].seq + 1 if len(entries) == _AT_ONCE else stop
        rows = [row for stored in entries for row in _addressed(stored, known, now)]
        with self._rows.transaction() as writer:
            # Whoever moved the cursor first has noted these entries; the other notes none of them.
            if not writer.changed("move_cursor", (read_to, start)):
                return 0
            writer.many("add_delivery", rows)
            writer.many("forget_delivered", [(one.id, now - KEPT_US) for one in known])
        return len(rows)


def _wanted(log: Reader, known: Sequence[Endpoint], start: int, stop: int) -> Iterable[Stored]:
    if not known:
        return ()
    kinds = {kind for one in known for kind in one.kinds} if all(one.kinds for one in known) else None
    return log.scan(max(start, min(one.since for one in known)), stop, kinds)


def _addressed(stored: Stored, known: Sequence[Endpoint], now: Micros) -> list[tuple[int, str, str, int]]:
    kind = _head.decode(stored.leaf).kind
    return [(stored.seq, one.id, kind, now) for one in known if one.wants(kind, stored.seq)]
