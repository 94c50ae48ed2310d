"""What every record has in common, and what may stand in its leaf.

INVARIANT: a leaf holds no personal data and no stable pseudonym. People and work items appear only as `Kref`, random
per entry and resolved in the erasable key store; content appears only as commitments. This cannot be repaired later.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from airworthy.base.clock import Micros

FORMAT = 1


class Kref(msgspec.Struct, frozen=True):
    """A random reference to someone or something, unlinkable without the key store."""

    kref: str  # 32 hex characters: 48 bits of milliseconds, as in `ts`, then 80 random bits; of one entry alone


class Actor(msgspec.Struct, frozen=True):
    """Who caused a record: a system, a model, or a person in a role."""

    kind: Literal["system", "model", "person"]
    role: str = ""
    kref: str | None = None


class PayloadRef(msgspec.Struct, frozen=True):
    """Where sealed content stands: enough to prove it later, nothing that reveals it."""

    purpose: str  # input, output, truth, charter ...
    data_class: str  # what erasure and retention go by
    commitment: str  # HMAC-SHA-256 under the payload's own key, hex
    ciphertext_digest: str  # SHA-256 of the stored ciphertext, hex
    kref: str


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """One fact. Subclasses set `tag` to their kind."""

    v: int = FORMAT  # version of this format
    id: str  # unique in the log
    ts: Micros  # when it was recorded
    at: Micros  # when it was so; with `ts` it answers what was known when
    use_case: str  # as its charter names it
    simulated: tuple[str, ...] = ()  # what about this fact was simulated, in words; empty means nothing
    item: Kref | None = None  # filled by the store
    actor: Actor | None = None  # who caused it
    payloads: tuple[PayloadRef, ...] = ()  # filled by the store


def kind(record: Record | type[Record]) -> str:
    """The kind of a record or of a record class: `decision.made`."""
    return str(record.__struct_config__.tag)
