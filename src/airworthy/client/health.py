"""What a client went through: calls, fallbacks, what is kept for later, what was lost. Counted since it started."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import Literal

import msgspec

Counted = Literal["calls", "spooled", "reconciled", "refused", "lost", "torn", "corrupt", "late", "refused_key"]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How this client fares. `lost` above zero is an alarm: something is in no log and in no spool."""

    calls: int  # asked of the gateway, outputs of a batch one by one
    told: dict[str, int]  # answers by route
    fallbacks: dict[str, int]  # given here because nobody answered, by why
    spooled: int  # kept here, durably, to be handed over
    waiting: int  # of this process, not handed over yet
    reconciled: int  # handed over; may be entries of an earlier process
    refused_key: int  # calls that fell back because the server takes this key no more; above zero, make a new one
    refused: int  # the gateway will not record them; in `refused.jsonl` with the reason
    lost: int  # could not be kept: the disk refused, or the spool is full
    late: int  # the disk took longer than anyone can wait: kept, perhaps
    torn: int  # last lines cut short by a crash, before the caller was told anything
    corrupt: int  # lines that are not what was written; set aside in a `.bad` file


class Tally:
    """Counts what `Health` shows. Any thread may call at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[str] = Counter()
        self._told: Counter[str] = Counter()
        self._fallbacks: Counter[str] = Counter()

    def count(self, what: Counted, n: int = 1) -> int:
        """How many there are now."""
        with self._lock:
            self._counts[what] += n
            return self._counts[what]

    def told(self, route: str) -> None:
        with self._lock:
            self._told[route] += 1

    def fell_back(self, why: str, n: int = 1) -> None:
        with self._lock:
            self._fallbacks[why] += n

    def health(self, *, waiting: int) -> Health:
        """Everything as it stands, of one moment."""
        with self._lock:
            counts = {name: self._counts[name] for name in Health.__struct_fields__ if name not in _KEPT_APART}
            return Health(**counts, told=dict(self._told), fallbacks=dict(self._fallbacks), waiting=waiting)


_KEPT_APART = {"told", "fallbacks", "waiting"}
