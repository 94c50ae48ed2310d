"""What a claim came to, with everything a reader needs to disagree."""

from __future__ import annotations

from typing import Literal

import msgspec

from airworthy.claim.catalogue import Pillar, Side, Unit

Word = Literal["proven", "refuted", "undecided"]


class Interval(msgspec.Struct, frozen=True):
    """The number, its interval at the claim's level on each side, and how many independent observations gave it."""

    value: float
    low: float
    high: float
    n: int
    of: str
    any_time: bool  # holds however often anyone looks; else it was judged once


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One claim judged. `why` says it in a sentence; `takes` says what would change it, where something can."""

    claim: str
    pillar: Pillar
    title: str
    side: Side
    limit: float
    unit: Unit
    level: float
    set_by: str  # the seat that set the limit, or `catalogue`
    usual_limit: float | None = None  # the catalogue's, None where it leaves the limit to the charter
    usual_level: float = 0.05
    word: Word
    measured: Interval | None
    since: int | None = None  # microseconds UTC from which on it has held at every look
    why: str
    takes: str = ""
    more: int | None = None  # about how many more observations decide it
    days: float | None = None  # the same as time, at the rate seen
    action: str = ""
    who: str = ""

    @property
    def is_laxer(self) -> bool:
        """Whether the charter asks for less than the catalogue does; a reader must be told."""
        if self.level > self.usual_level:
            return True
        if self.usual_limit is None or self.limit == self.usual_limit:
            return False
        return (self.limit > self.usual_limit) == (self.side in ("at_most", "within"))
