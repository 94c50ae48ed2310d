"""Whether an output is the truth: as numbers, or as words however they are written."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.data.column import Column

EXACT = 2.0**53  # from here on, whole numbers that differ may be one float
JUDGED = 20  # rows from which on two columns without one agreement are no two tellings of one thing
MEASURED = 20  # distinct truths from which on numbers are measured rather than classes
SELDOM = 0.05  # agreeing less often, measured numbers are meant to be near and not equal
_MARKS = " \t\r\n\f\v\u00a0\"'`.“”„‘’‚«»‹›"
_SHOWN = 3  # values of each column in a message


class Agreement(msgspec.Struct, frozen=True):
    """Two columns compared, one value per row.

    differs  1.0 where they differ, 0.0 where they agree, NaN where either is missing; shape (rows,)
    respelt  rows that agree only because case, surrounding spaces, quotes and a final dot do not count
    """

    differs: NDArray[np.float64]
    respelt: int = 0


def agreement(said: Column, truth: Column) -> Agreement:
    """`said` against `truth`: 1 is 1.0 where both are numbers, `Yes.` is `yes` where they are words."""
    unknown = said.missing | truth.missing
    if _are_numbers(said) and _are_numbers(truth):
        return Agreement(np.where(unknown, np.nan, said.numbers != truth.numbers))
    word_of: dict[str, int] = {}
    plain = _coded(said, word_of) != _coded(truth, word_of)
    folded_of: dict[str, int] = {}
    differs = _coded(said, folded_of, fold=True) != _coded(truth, folded_of, fold=True)
    return Agreement(np.where(unknown, np.nan, differs), int((plain & ~differs & ~unknown).sum()))


def apart(said: Column, truth: Column, tolerance: float) -> NDArray[np.float64]:
    """1.0 where two numbers differ by more than `tolerance` or one is no number, 0.0 where they are near.

    NaN where either is missing. Shape (rows,).
    """
    near = np.abs(said.numbers - truth.numbers) <= tolerance
    return np.where(said.missing | truth.missing, np.nan, ~near)


def _coded(column: Column, code_of: dict[str, int], *, fold: bool = False) -> NDArray[np.int64]:
    """The column in codes shared with whatever else was coded by `code_of`."""
    words = [folded(word) if fold else word for word in column.words]
    return np.array([*(code_of.setdefault(word, len(code_of)) for word in words), -1], np.int64)[column.codes]


def folded(word: str) -> str:
    """`word` without what only spells it: case, and quotes, spaces and dots around it."""
    return word.casefold().strip(_MARKS) or word


def _are_numbers(column: Column) -> bool:
    """Whether 1, 1.0 and 01 may count as one: numbers, and none of them a long key."""
    return not column.unreadable_numbers() and not (np.abs(column.numbers) >= EXACT).any()


def never_agree(said: Column, truth: Column, found: Agreement, place: Place) -> list[Diagnostic]:
    """Says so where the two columns do not tell of one thing in one way; nothing where some rows agree."""
    known = ~np.isnan(found.differs)
    agree = 1 - float(found.differs[known].mean()) if known.sum() >= JUDGED else 1.0
    if agree < SELDOM and _are_measured(said, truth, known):
        sentence = f"outputs and truths are numbers, and only {100 * agree:.1f} % of them are exactly equal"
        return [Diagnostic("L018", sentence, place, "say how close is right: --tolerance X")]
    return _disjoint(said, truth, known, place) if agree == 0 else []


def _are_measured(said: Column, truth: Column, known: NDArray[np.bool_]) -> bool:
    """Whether both are numbers, and too many different ones to be classes."""
    return _are_numbers(said) and _are_numbers(truth) and len(np.unique(truth.numbers[known])) >= MEASURED


def _disjoint(said: Column, truth: Column, known: NDArray[np.bool_], place: Place) -> list[Diagnostic]:
    """Says so where not one word is both an output and a truth; all wrong in the same words is only a bad AI."""
    rows = np.flatnonzero(known)
    outputs, truths = _words(said, rows), _words(truth, rows)
    if {folded(word) for word in outputs} & {folded(word) for word in truths}:
        return []
    sentence = f"no output ever equals a truth: outputs are {_listed(outputs)}; truths are {_listed(truths)}"
    return [Diagnostic("L018", sentence, place, "write both in the same words, or name another column")]


def _words(column: Column, rows: NDArray[np.int64]) -> list[str]:
    return list(dict.fromkeys(column.text(int(row)) for row in rows))


def _listed(words: list[str]) -> str:
    shown = ", ".join(f"`{word[:24]}`" for word in words[:_SHOWN])
    return shown + (f" and {len(words) - _SHOWN:,} more" if len(words) > _SHOWN else "")
