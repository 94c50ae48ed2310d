"""What is sent: an entry of the log as JSON without anything sealed, and the three headers that sign it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from airworthy.base.clock import Micros, iso, moment
from airworthy.base.errors import MissingExtra
from airworthy.record.store import Stored

TEST = "webhook.test"
_SEALED = frozenset({"item", "payloads", "kref"})  # what leads to a name or to content, for those who hold the keys


class Event(msgspec.Struct, frozen=True):
    """One message to one endpoint. `id` and `body` are the same at every attempt: receivers dedupe by the id."""

    id: str
    body: bytes


def event(stored: Stored, endpoint: str) -> Event:
    """The message that tells `endpoint` of an entry: its kind, its time, and the facts that stand open in its leaf.

    No payload and no subject: a receiver fetches those by `data.decision`, with a key of its own.
    """
    leaf = msgspec.json.decode(stored.leaf)
    kind, facts = leaf.pop("kind"), _open(leaf)
    about = leaf["id"] if kind == "decision.made" else leaf.get("decision")
    data = {"seq": stored.seq, "id": leaf["id"], "decision": about, "use_case": leaf["use_case"], **facts}
    return Event(message_id(stored.seq, endpoint), _body(kind, leaf["ts"], data))


def ping(id: str, endpoint: str, now: Micros) -> Event:
    """A message that says nothing but that messages arrive."""
    return Event(f"test_{id}_{endpoint}", _body(TEST, now, {"endpoint": endpoint}))


def message_id(seq: int, endpoint: str) -> str:
    """`msg_412_9f3a01bc`: the same at every attempt."""
    return f"msg_{seq}_{endpoint}"


def headers(event: Event, secrets: Sequence[str], now: Micros) -> dict[str, str]:
    """Id, time and one signature per secret, after Standard Webhooks. Raises MissingExtra."""
    try:
        from standardwebhooks import Webhook
    except ImportError:
        raise MissingExtra("signing a webhook", "server") from None
    text = event.body.decode()
    return {
        "content-type": "application/json",
        "user-agent": "airworthy",
        "webhook-id": event.id,
        "webhook-timestamp": str(now // 1_000_000),
        "webhook-signature": " ".join(Webhook(one).sign(event.id, moment(now), text) for one in secrets),
    }


def _body(kind: str, at: int, data: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"type": kind, "timestamp": iso(at), "data": data})


def _open(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _open(inner) for name, inner in value.items() if name not in _SEALED}
    return [_open(inner) for inner in value] if isinstance(value, list) else value
