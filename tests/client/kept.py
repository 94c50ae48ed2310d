"""What a client may have to keep."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import UTC, datetime

from airworthy.base.errors import AirworthyError
from airworthy.exchange.ask import Ask, Spooled
from airworthy.exchange.told import Reconciled

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def entry(n: int) -> Spooled:
    ask = Ask(point="claims.triage", subject=f"claim/{n}", output={"action": "pay", "amount": n})
    return Spooled(id=f"e{n:05d}", at=NOON, why="unreachable", ask=ask)


class Log:
    """The other end of a hand-over: records every entry once, refuses what it is told to, fails when it is down."""

    def __init__(self) -> None:
        self.recorded: list[str] = []
        self.calls: list[list[str]] = []
        self.refuses: dict[str, str] = {}
        self.error: AirworthyError | None = None
        self.fails_after = -1  # calls that still succeed before `error`; -1: `error` alone decides

    def reconcile(self, spooled, caller) -> Future[Reconciled]:
        future: Future[Reconciled] = Future()
        self.calls.append([one.id for one in spooled])
        if self.error and self.fails_after <= 0:
            future.set_exception(self.error)
            return future
        self.fails_after -= 1
        known = [one.id for one in spooled if one.id in self.recorded]
        new = [one.id for one in spooled if one.id not in known and one.id not in self.refuses]
        self.recorded += new
        refused = tuple((one.id, self.refuses[one.id]) for one in spooled if one.id in self.refuses)
        future.set_result(Reconciled(recorded=tuple(new), known=tuple(known), refused=refused))
        return future
