"""The risk gate: the laxest score from which on acting is known to stay within the error budget, looking at any time.

Thresholds form a chain from strict to lax, fixed before the evidence. Each is tested on the labels at or above it;
one counts as certified once its evidence has ever reached 1/risk and every stricter one has too. Testing in a fixed
sequence lets all of them share the one `risk`, so a finer chain costs nothing.

Source: Angelopoulos, Bates, Candes, Jordan, Lei, arXiv 2110.01052 (fixed sequence), on the evidence of `eprocess`.
The rate of wrong openings is reproduced in tests/coverage/.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import ArrayLike

from airworthy.base.errors import OutOfRange
from airworthy.stats.boundary import Boundary
from airworthy.stats.domain import Floats, check_share
from airworthy.stats.eprocess import log_evidence_below

_NO_END = 1 << 62  # more labels than anyone will ever have


@dataclass(frozen=True, slots=True, kw_only=True)
class Certification:
    """Where a chain of thresholds stands after a log of labels. Tuples run over the thresholds, strict to lax."""

    thresholds: tuple[float, ...]
    labels: tuple[int, ...]  # at or above each threshold
    errors: tuple[int, ...]
    log_evidence: tuple[float, ...]  # now, not its maximum
    reached: tuple[int | None, ...]  # the row at which the evidence first reached 1/risk, apart from the chain
    index: int | None  # of the laxest certified threshold
    opened_at: int | None  # the row that certified it

    @property
    def threshold(self) -> float | None:
        """Act from this score on; None while nothing is certified."""
        return None if self.index is None else self.thresholds[self.index]


class Gate:
    """A chain of thresholds learning one label at a time. One thread at a time.

    Labels wait in the band between two thresholds; they are added up only when so many have come that some
    threshold might be decided by them. No decision is late by it: `_slack` is how many labels every undecided
    threshold still lacks even if all of them are correct.
    """

    def __init__(self, thresholds: Sequence[float], budget: float, risk: float) -> None:
        self.thresholds = check_chain(thresholds)
        self.budget, self.risk = budget, risk
        self.boundary = Boundary(budget=budget, level=risk)
        self.index = -1  # of the laxest certified threshold; -1 while there is none
        self._ascending = [-threshold for threshold in self.thresholds]
        # By band: band j is acted on from threshold j on, the last band never.
        self._labels = [0] * (len(self.thresholds) + 1)
        self._errors = [0] * (len(self.thresholds) + 1)
        self._reached = [False] * len(self.thresholds)
        self._slack = self.boundary.at(0)

    @classmethod
    def after(cls, log: Certification, budget: float, risk: float) -> Gate:
        """The gate that has learnt what `certify_log` counted, at the same budget and risk; it goes on from there."""
        gate = cls(log.thresholds, budget, risk)
        gate._labels = [after - before for before, after in pairwise((0, *log.labels))] + [0]
        gate._errors = [after - before for before, after in pairwise((0, *log.errors))] + [0]
        gate._reached = [row is not None for row in log.reached]
        gate._decide()
        return gate

    def learn(self, score: float, loss: int | bool) -> None:
        """Count one label: `loss` is 1 where acting would have been wrong, else 0. Raises OutOfRange."""
        if score != score:
            raise OutOfRange("score", score, "the numbers")
        band = bisect_left(self._ascending, -score)
        if loss:
            self._count_error(band, loss)
        self._labels[band] += 1
        self._slack -= 1
        if self._slack <= 0:
            self._decide()

    @property
    def threshold(self) -> float | None:
        """Act from this score on; None while nothing is certified. Once open it only gets laxer."""
        return None if self.index < 0 else self.thresholds[self.index]

    @property
    def labels(self) -> tuple[int, ...]:
        """Labels at or above each threshold."""
        return tuple(accumulate(self._labels[:-1]))

    @property
    def errors(self) -> tuple[int, ...]:
        """Errors at or above each threshold."""
        return tuple(accumulate(self._errors[:-1]))

    @property
    def log_evidence(self) -> tuple[float, ...]:
        """Log evidence per threshold now, not its maximum."""
        return _evidence(self.errors, self.labels, self.budget)

    def _count_error(self, band: int, loss: int | bool) -> None:
        if loss != 1:
            raise OutOfRange("loss", loss, "0 and 1")
        self._errors[band] += 1

    def _decide(self) -> None:
        self._slack = _NO_END
        for j, (labels, errors) in enumerate(zip(self.labels, self.errors, strict=True)):
            if not self._reached[j]:
                lacking = self.boundary.at(errors) - labels
                self._reached[j] = lacking <= 0
                self._slack = min(self._slack, lacking) if lacking > 0 else self._slack
        while self.index + 1 < len(self._reached) and self._reached[self.index + 1]:
            self.index += 1


def spend(risk: float, epoch: int) -> float:
    """The share of `risk` that epoch 1, 2, ... may use: risk * 6 / (pi^2 epoch^2), which sums to `risk` over all."""
    check_share("risk", risk)
    if epoch < 1:
        raise OutOfRange("epoch", epoch, "the whole numbers from 1 up")
    return risk * 6.0 / (math.pi * epoch) ** 2


def coverage_grid(scores: ArrayLike, coverages: Sequence[float]) -> tuple[float, ...]:
    """Thresholds, strict to lax, at or above which at least these shares of `scores` lie.

    scores      of earlier items, unlabelled: the grid must be fixed before the evidence
    coverages   shares in (0, 1], in any order
    Scores that tie stay together; thresholds that coincide are one. Raises OutOfRange naming the argument.
    """
    ordered = np.sort(np.asarray(scores, dtype=np.float64))[::-1]
    if not len(ordered) or np.isnan(ordered).any():
        raise OutOfRange("scores", scores, "the non-empty arrays of numbers")
    if not all(0.0 < share <= 1.0 for share in coverages):
        raise OutOfRange("coverages", coverages, "the shares in (0, 1]")
    places = {math.ceil(share * len(ordered) * (1 - 1e-12)) - 1 for share in coverages}
    return tuple(sorted({float(ordered[place]) for place in places}, reverse=True))


def check_chain(thresholds: Sequence[float]) -> tuple[float, ...]:
    """`thresholds` as a tuple. Raises OutOfRange unless there is one and they run strictly downwards."""
    chain = tuple(float(threshold) for threshold in thresholds)
    if not chain or not all(a > b for a, b in zip(chain, (*chain[1:], -math.inf), strict=True)):
        raise OutOfRange("thresholds", thresholds, "the strictly falling sequences of at least one score")
    return chain


def certify_log(
    scores: ArrayLike, losses: ArrayLike, thresholds: Sequence[float], *, budget: float, risk: float
) -> Certification:
    """What a Gate would say after learning these rows in this order, found all at once.

    scores, losses   one per label, in decision order; losses are 0 or 1
    A million rows and twenty thresholds take a fraction of a second. Raises OutOfRange naming the argument.
    """
    chain = check_chain(thresholds)
    score, wrong = np.asarray(scores, dtype=np.float64), _binary(losses)
    if np.isnan(score).any():
        raise OutOfRange("scores", math.nan, "the numbers")
    boundary = Boundary(budget=budget, level=risk)
    counts = [_count(score, wrong, threshold, boundary) for threshold in chain]
    labels, errors, reached = zip(*counts, strict=True)
    index, opened_at = _chain(reached)
    return Certification(
        thresholds=chain,
        labels=labels,
        errors=errors,
        log_evidence=_evidence(errors, labels, budget),
        reached=reached,
        index=index,
        opened_at=opened_at,
    )


def _count(score: Floats, wrong: Floats, threshold: float, boundary: Boundary) -> tuple[int, int, int | None]:
    """(labels, errors, row of the first decision) among the rows at or above `threshold`."""
    rows = np.flatnonzero(score >= threshold)
    at_errors = np.flatnonzero(wrong[rows]) + 1  # the label count at which each error arrives
    label = boundary.first(at_errors, len(rows))
    return len(rows), len(at_errors), None if label is None else int(rows[label - 1])


def _chain(reached: Sequence[int | None]) -> tuple[int | None, int | None]:
    """(index of the laxest certified threshold, row that certified it)."""
    index, opened_at = None, None
    for j, row in enumerate(reached):
        if row is None:
            break
        index, opened_at = j, row if opened_at is None else max(opened_at, row)
    return index, opened_at


def _binary(losses: ArrayLike) -> Floats:
    array = np.asarray(losses, dtype=np.float64)
    if not np.all((array == 0) | (array == 1)):
        raise OutOfRange("losses", losses, "0 and 1")
    return array


def _evidence(errors: Sequence[int], labels: Sequence[int], budget: float) -> tuple[float, ...]:
    logs: Floats = log_evidence_below(np.array(errors), np.array(labels), budget=budget)
    return tuple(logs.tolist())
