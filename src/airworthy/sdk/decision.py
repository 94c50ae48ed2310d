"""What a developer holds after asking: where the output may go, and the value that may be used."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import Any, Generic, NoReturn, Protocol, TypeVar

import msgspec

from airworthy.exchange.permit import Permit
from airworthy.exchange.told import Doubt, Status, Sure, Told, Why
from airworthy.record.decision import Route, Stage
from airworthy.sdk.value import from_json

T = TypeVar("T")


class Pending(msgspec.Struct, frozen=True):
    """What still waits for a person."""

    id: str
    url: str
    due_at: datetime | None


class Follow(Protocol):
    """Asks again about a decision, until it is settled or the time is over. Never raises because nobody answers."""

    def wait(self, told: Told, timeout: float | None) -> Told: ...

    def result(self, told: Told, timeout: float | None) -> Awaitable[Told]: ...


class Decision(msgspec.Struct, Generic[T], frozen=True, kw_only=True, eq=False):
    """One AI output at one decision point about one subject, with its route. Its repr never shows content."""

    id: str
    point: str
    subject: str
    attempt: int
    status: Status
    route: Route
    proposed: T  # the AI's output
    value: T | None  # what may be used: the output at `act`, the answer of a person; None otherwise
    permit: Permit | None  # for exactly the effect and value that may happen
    reasons: tuple[Why, ...]
    confidence: Sure | None
    doubts: tuple[Doubt, ...]
    stage: Stage
    owner: str
    due_at: datetime | None
    policy: str
    digest: str  # of what a person is shown; an answer names it
    trace: str
    url: str
    again: bool  # this was decided before, and nothing new was recorded
    told: Told  # the same as JSON
    into: type[T]  # what `proposed` and `value` are read as
    follow: Follow | None = None  # None once it was read from JSON without a gateway

    @property
    def pending(self) -> Pending | None:
        """What waits for a person, None when nothing does."""
        return Pending(self.id, self.url, self.due_at) if self.status == "pending" else None

    def wait(self, timeout: float | None = None) -> Decision[T]:
        """The decision once it is settled, or as it still is after `timeout` seconds: never an act for lack of time."""
        return self.retold(_alive(self.follow).wait(self.told, timeout)) if self.pending else self

    async def result(self, timeout: float | None = None) -> Decision[T]:
        """As `wait`, for async code."""
        return self.retold(await _alive(self.follow).result(self.told, timeout)) if self.pending else self

    def to_json(self) -> bytes:
        """Everything of it, content included."""
        return msgspec.json.encode(self.told)

    @classmethod
    def from_json(cls, json: bytes | str, into: type[T], follow: Follow | None = None) -> Decision[T]:
        """What `to_json` wrote. `into` is the type of the output; `follow` a gateway, to wait on it."""
        return decision(msgspec.json.decode(json, type=Told), into, follow)

    def retold(self, told: Told) -> Decision[T]:
        """The same decision as it stands now."""
        return decision(told, self.into, self.follow)

    def __bool__(self) -> NoReturn:
        raise TypeError("a decision is neither true nor false; look at its route: `if decision.route == 'act'`")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decision) and self.told == other.told

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"Decision({self.id}, {self.point}, {self.route}, {self.status})"


_SAME = tuple(set(Told.__struct_fields__) - {"value", "proposed"})  # fields that mean here what they mean in `Told`


def decision(told: Told, into: type[T], follow: Follow | None = None) -> Decision[T]:
    """What was told, with its values as `into`. Raises BadInput (C011) where they do not fit."""
    same: dict[str, Any] = {name: getattr(told, name) for name in _SAME}
    value = None if told.value is None else from_json(told.value, into)
    proposed: Any = None if told.proposed is None else from_json(told.proposed, into)  # None: the model gave nothing
    return Decision(**same, proposed=proposed, value=value, told=told, into=into, follow=follow)


def _alive(follow: Follow | None) -> Follow:
    if follow is None:
        raise TypeError("this decision was read from JSON alone; read it with `gateway.read(json, ...)` to wait on it")
    return follow
