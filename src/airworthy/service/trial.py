"""From a bare log to a first honest page: `airworthy try`."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from airworthy.base.clock import Micros
from airworthy.base.diagnostic import Diagnostic
from airworthy.data.column import Column
from airworthy.data.question import Answered, Question, answer
from airworthy.data.table import Progress, Table, read
from airworthy.evidence.judged import Grouping, Judged
from airworthy.evidence.search import MOST_WORDS
from airworthy.evidence.trial import FirstLook, look
from airworthy.page import words


class Trial(msgspec.Struct, frozen=True):
    """A first look, and what the log told on the way."""

    look: FirstLook
    rows: int  # read
    items: int  # they were about; without `--item` as many
    left_out: tuple[tuple[str, int], ...]
    respelt: int = 0  # rows right only because case, surrounding spaces, quotes and a final dot do not count
    notes: tuple[Diagnostic, ...] = ()  # what looks like a slip of the export; warnings

    @property
    def taken(self) -> str:
        """Which rows were used, in a few sentences."""
        noted = [f"{note.sentence[:1].upper()}{note.sentence[1:]}: {note.help}." for note in self.notes]
        return " ".join([self._used, *([self._respelt] if self.respelt else []), *noted])

    @property
    def _respelt(self) -> str:
        rows, differ = words.plural(self.respelt, "row"), "differs" if self.respelt == 1 else "differ"
        return f"{rows} {differ} from the truth only in case, spaces, quotes or a final dot: counted right."

    @property
    def _used(self) -> str:
        read = words.plural(self.rows, "row")
        about = f", about {words.plural(self.items, 'item')}" if self.items != self.rows else ""
        if not self.left_out:
            return f"All {read} of the log were used{about}, in the order they were decided."
        parts = words.listed([f"{words.count(n)} {why}" for why, n in self.left_out])
        return f"The log has {read}{about}. Left out: {parts}. The rest was taken in the order it was decided."


def first_look(path: Path, question: Question, *, progress: Progress = lambda rows: None) -> Trial:
    """Reads `path` and looks at it once. Raises BadInput, located, when the log cannot answer `question`."""
    return look_at(read(path, progress=progress), question)


def look_at(table: Table, question: Question, *, now: Micros | None = None) -> Trial:
    """Looks once at a log that was read. Raises BadInput, located, when it cannot answer `question`.

    now   rows dated after it are left out, and said; None: dates are taken as they stand
    """
    answered = answer(table, question, now=now)
    return Trial(
        look(judged(answered, question)),
        len(table),
        len(answered.table),
        answered.left_out,
        answered.respelt,
        answered.notes,
    )


def judged(answered: Answered, question: Question) -> Judged:
    """The bare facts of an answered log, with every column that sorts items into groups."""
    named = {question.truth, question.score, question.time, question.loss, question.person, question.item}
    candidates = {
        name: column
        for name, column in answered.table.columns.items()
        if name in question.segments or (name not in named and not name.endswith(" (last)") and column.few(MOST_WORDS))
    }
    groups = {name: _grouping(column.take(answered.rows)) for name, column in candidates.items()}
    return Judged(answered.loss, answered.score, answered.at, answered.person, groups, question.segments)


def _grouping(column: Column) -> Grouping:
    """The column's groups, without words that no longer occur."""
    used = np.unique(column.codes[column.codes >= 0])
    renumbered = np.full(len(column.words) + 1, -1, np.int32)
    renumbered[used] = np.arange(len(used))
    return Grouping(renumbered[column.codes], [column.words[code] for code in used])
