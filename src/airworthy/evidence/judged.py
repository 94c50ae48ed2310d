"""Outputs that were judged: the bare facts a first look needs, whether they came from a file or from records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from airworthy.stats.sequence import rate_intervals

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Grouping:
    """Items sorted into groups: `words[codes[i]]` is item i's group, -1 is unknown."""

    codes: NDArray[np.int32]
    words: Sequence[str]


@dataclass(frozen=True)
class Judged:
    """AI outputs with their truth, in the order they were decided. Every array has one value per item.

    loss     0 right, 1 wrong, between: partly
    score    the AI's own confidence in [0, 1], None where it gave none
    at       microseconds UTC
    person   loss of what a person did without the AI; NaN where unknown
    """

    loss: Floats
    score: Floats | None = None
    at: NDArray[np.int64] | None = None
    person: Floats | None = None
    groups: Mapping[str, Grouping] = field(default_factory=dict)
    segments: tuple[str, ...] = ()  # names in `groups` that were asked for as segments

    def __len__(self) -> int:
        return len(self.loss)

    def take(self, rows: Rows) -> Judged:
        """The items at `rows`, in that order."""
        return replace(
            self,
            loss=self.loss[rows],
            score=None if self.score is None else self.score[rows],
            at=None if self.at is None else self.at[rows],
            person=None if self.person is None else self.person[rows],
            groups={name: Grouping(g.codes[rows], g.words) for name, g in self.groups.items()},
        )

    def in_order(self) -> Judged:
        """The same items sorted by time, where time is known."""
        return self if self.at is None else self.take(np.argsort(self.at, kind="stable"))


class Rate(msgspec.Struct, frozen=True):
    """A share with its interval; `low` and `high` hold at every time at once, each side at `level`."""

    wrong: float
    n: int
    low: float
    high: float
    level: float

    @property
    def share(self) -> float:
        """The share itself, 0 where n is 0."""
        return self.wrong / self.n if self.n else 0.0


def whole_up(wrong: float) -> int:
    """A sum of losses as a count of wrong items, rounded against us; what is whole but for the float stays."""
    return int(np.ceil(wrong - 1e-9))


def rate(wrong: float, n: int, *, level: float) -> Rate:
    """`wrong` of `n` with the interval that inverts the gate's own evidence (`stats.sequence.rate_intervals`).

    A sum of losses that is not whole is rounded outwards: the evidence of the sum is below that of the losses.
    """
    return rates([wrong], [n], level=level)[0]


def rates(wrong: ArrayLike, n: ArrayLike, *, level: float) -> list[Rate]:
    """Many a `rate` at once, which is many times faster."""
    sums, labels = np.asarray(wrong, np.float64), np.asarray(n, np.int64)
    counts = np.array([np.floor(sums + 1e-9), np.ceil(sums - 1e-9)])
    lows, highs = rate_intervals(counts, np.array([labels, labels]), level=level)
    found = zip(sums.tolist(), labels.tolist(), lows[0].tolist(), highs[1].tolist(), strict=True)
    return [Rate(*one, level) for one in found]
