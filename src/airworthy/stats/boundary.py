"""Evidence as integers: for a fixed budget and level, how many labels decide at each number of errors.

Evidence to open grows with every further correct label, so "E(k, n) >= 1/level" is "n >= least[k]"; evidence to
revoke falls with every correct label, so it is "n <= most[k]". The integers are found once by bisection on the closed
form; after that looking again after every label costs one comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from airworthy.stats.domain import Booleans, Integers, check_share, log_needed
from airworthy.stats.eprocess import above, below

Side = Literal["below", "above"]
NEVER = -1  # `most[k]` where k errors revoke at no number of labels
_BLOCK = 64


def _doubling(array: Integers) -> Iterator[Integers]:
    """`array` in blocks that double: a decision found early costs little, one found late few calls."""
    start, size = 0, _BLOCK
    while start < len(array):
        yield array[start : start + size]
        start, size = start + size, size * 2


class Boundary:
    """The integers of one budget and level; grows by itself as more errors are asked about.

    side "below": `reached(k, n)` is exactly log_evidence_below(k, n) >= log(1/level); "above": log_evidence_above.
    Growing replaces the table as a whole, so any number of threads may ask at once.
    """

    def __init__(self, *, budget: float, level: float, side: Side = "below") -> None:
        check_share("budget", budget)
        self.budget, self.level, self.side = budget, level, side
        self._needed = log_needed(level)
        self._table: list[int] = []

    def at(self, errors: int) -> int:
        """Fewest labels (side "below") or most labels (side "above", NEVER if none) that decide at `errors`."""
        if errors >= len(self._table):
            self._grow(errors)
        return self._table[errors]

    def upto(self, errors: int) -> Integers:
        """The table for 0, 1, ..., `errors`."""
        self.at(errors)
        return np.array(self._table[: errors + 1], dtype=np.int64)

    def reached(self, errors: int, labels: int) -> bool:
        """Whether the evidence decides at these counts."""
        return labels >= self.at(errors) if self.side == "below" else labels <= self.at(errors)

    def first(self, at_errors: Integers, labels: int) -> int | None:
        """For side "below": the label count at which errors arriving at these counts first decide, or None."""
        start = np.concatenate(([0], at_errors))
        stop = np.concatenate((at_errors - 1, [labels]))  # with k errors the label count runs from start[k] to stop[k]
        hopeful = np.flatnonzero(stop * self.budget > np.arange(len(stop)))  # elsewhere the evidence is below 1
        for block in _doubling(hopeful):
            decided = block[self._is_far(block, stop[block])]
            if len(decided):
                return int(max(self.edge(decided[:1])[0], start[decided[0]]))
        return None

    def _grow(self, errors: int) -> None:
        start = len(self._table)
        stop = max(errors + 1, start + _BLOCK, start * 3 // 2)
        found = self.edge(np.arange(start, stop, dtype=np.int64))
        self._table = self._table[:start] + found.tolist()

    def edge(self, errors: Integers) -> Integers:
        """`at` for an array, without the table: bisection for all at once."""
        near, far = errors - 1, self._far(errors)  # `far` is past the edge; `near` is not, or cannot occur
        while np.any(far - near > 1):
            middle = np.maximum((near + far) // 2, errors)
            far_side = self._is_far(errors, middle)
            near, far = np.where(far_side, near, middle), np.where(far_side, middle, far)
        if self.side == "below":
            return far
        return np.where(near < errors, NEVER, near)

    def _far(self, errors: Integers) -> Integers:
        far = errors + 64
        while not np.all(beyond := self._is_far(errors, far)):
            far = np.where(beyond, far, errors + (far - errors) * 2)
        return far

    def _is_far(self, errors: Integers, labels: Integers) -> Booleans:
        """Past the edge as labels grow: deciding to open, or no longer deciding to revoke."""
        if self.side == "below":
            return below(errors, labels, self.budget) >= self._needed
        return above(errors, labels, self.budget) < self._needed
