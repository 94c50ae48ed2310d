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
_BLOCK = 64  # numbers of errors found at once, at least
_STEP = 64  # labels
_TABLED = 1_024  # a single number of errors beyond this is not worth a table up to it


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
            decided = block[self._decides(block, stop[block])]
            if len(decided):
                errors = int(decided[0])
                least = self.at(errors) if errors < _TABLED else int(self.edge(decided[:1])[0])
                return max(least, int(start[errors]))
        return None

    def _grow(self, errors: int) -> None:
        start = len(self._table)
        stop = max(errors + 1, start + _BLOCK, start * 3 // 2)
        found = self.edge(np.arange(start, stop, dtype=np.int64))
        self._table = self._table[:start] + found.tolist()

    def edge(self, errors: Integers) -> Integers:
        """`at` for an array, without the table: from labels * budget = errors, where the evidence is below 1, outward
        in doubling steps, then back by halves."""
        undecided, decided = self._start(errors)
        while not np.all(decides := self._decides(errors, decided)):
            decided = np.where(decides, decided, undecided + 2 * (decided - undecided))
        while np.any(np.abs(decided - undecided) > 1):
            middle = (decided + undecided) // 2
            decides = self._decides(errors, middle)
            undecided, decided = np.where(decides, undecided, middle), np.where(decides, middle, decided)
        return np.where(decided < errors, NEVER, decided)

    def _start(self, errors: Integers) -> tuple[Integers, Integers]:
        if self.side == "below":
            level = np.floor(errors / self.budget).astype(np.int64)
            return level, level + _STEP
        level = np.ceil(errors / self.budget).astype(np.int64)
        return level, level - _STEP

    def _decides(self, errors: Integers, labels: Integers) -> Booleans:
        """Whether the evidence decides; fewer labels than errors cannot be, and end the search."""
        if self.side == "below":
            return below(errors, labels, self.budget) >= self._needed
        return (labels < errors) | (above(errors, np.maximum(labels, errors), self.budget) >= self._needed)
