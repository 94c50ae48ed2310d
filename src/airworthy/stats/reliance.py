"""Whether people rely on an answer rightly: accept it when right, reject it when wrong.

h0 is what a person first thought, a the answer shown, h1 what the person decided, y the truth. What needs h0 can be
measured only where the person answered before seeing a. Sources: Schemmer et al., IUI 2023 (RAIR, RSR); Guo et al.,
FAccT 2024; Zhang, Liao and Bellamy, FAT* 2020 (switch fraction). Every ratio comes with its counts and an interval that
holds at all times at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from airworthy.base.errors import OutOfRange
from airworthy.stats.domain import Booleans, check_share
from airworthy.stats.sequence import rate_interval


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` among `cases`, each side of the interval at the level asked for."""

    hits: int
    cases: int
    interval: tuple[float, float]

    @property
    def value(self) -> float | None:
        """The share itself, or None where there was no case."""
        return self.hits / self.cases if self.cases else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliance:
    """From the decisions alone: h1, a, y."""

    over: Share  # accepted, of those where the answer was wrong
    under: Share  # not accepted, of those where the answer was right
    discernment: float | None  # P(accept | right) - P(accept | wrong), in [-1, 1]; None without cases of both kinds
    discernment_interval: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindFirst:
    """From cases where the person answered first: h0, a, h1, y."""

    switched: Share  # to the answer, of those who first thought otherwise
    rair: Share  # relied on it rightly: ended right, of those first wrong and shown a right answer
    rsr: Share  # relied on themselves rightly: stayed right, of those first right and shown a wrong answer
    alone: Share  # the person's first answer was right
    answer: Share  # the answer shown was right
    team: Share  # the final answer was right

    @property
    def beats_the_better(self) -> bool | None:
        """Whether the team's share right exceeds that of the better of the two alone; None without cases."""
        if not self.team.cases:
            return None
        return self.team.hits > max(self.alone.hits, self.answer.hits)


def reliance(a: ArrayLike, h1: ArrayLike, y: ArrayLike, *, level: float = 0.05) -> Reliance:
    """Over-reliance, under-reliance and discernment of equally long lists of answers. Raises OutOfRange."""
    shown, final, truth = _columns(a, h1, y)
    accepted, right = final == shown, shown == truth
    over, missed = _share(accepted, ~right, level), _share(~accepted, right, level)
    low, high = (1.0 - missed.interval[1], 1.0 - missed.interval[0])
    value = None if over.value is None or missed.value is None else 1.0 - missed.value - over.value
    return Reliance(
        over=over,
        under=missed,
        discernment=value,
        # Each side adds two misses, so it holds at 2 * level: Bonferroni, as the two shares are estimated apart.
        discernment_interval=(low - over.interval[1], high - over.interval[0]),
    )


def blind_first(h0: ArrayLike, a: ArrayLike, h1: ArrayLike, y: ArrayLike, *, level: float = 0.05) -> BlindFirst:
    """Switch fraction, RAIR and RSR of equally long lists of answers. Raises OutOfRange."""
    first, shown, final, truth = _columns(h0, a, h1, y)
    every = np.ones(len(truth), dtype=bool)
    return BlindFirst(
        switched=_share(final == shown, first != shown, level),
        rair=_share(final == truth, (first != truth) & (shown == truth), level),
        rsr=_share(final == truth, (first == truth) & (shown != truth), level),
        alone=_share(first == truth, every, level),
        answer=_share(shown == truth, every, level),
        team=_share(final == truth, every, level),
    )


def _columns(*lists: ArrayLike) -> tuple[np.ndarray, ...]:
    columns = tuple(np.asarray(one) for one in lists)
    if any(column.shape != columns[0].shape or column.ndim != 1 for column in columns):
        raise OutOfRange("y", [column.shape for column in columns], "lists of one length")
    return columns


def _share(hit: Booleans, among: Booleans, level: float) -> Share:
    check_share("level", level)
    hits, cases = int((hit & among).sum()), int(among.sum())
    return Share(hits, cases, rate_interval(hits, cases, level=level))
