"""A column of a log in little memory: words by code, or plain numbers; nothing is parsed twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from airworthy.base.clock import micros
from airworthy.data.number import read_numbers

MISSING_WORDS = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "?"})
NO_MOMENT = np.iinfo(np.int64).min  # a missing time


class Column:
    """Text by code: `words[codes[i]]` is row i's text as it stands in the file; code -1 is missing.

    codes   int32, shape (rows,)
    words   distinct texts, stripped
    """

    def __init__(self, codes: NDArray[np.int32], words: Sequence[str]) -> None:
        self.codes = codes
        self.words = tuple(words)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """True where the cell is empty or holds a word for nothing. Shape (rows,)."""
        return self.codes < 0

    def text(self, row: int) -> str:
        """Row `row`'s text, '' where missing."""
        code = int(self.codes[row])
        return self.words[code] if code >= 0 else ""

    def take(self, rows: NDArray[np.int64]) -> Column:
        """The column at `rows`, in that order."""
        return Column(self.codes[rows], self.words)

    def few(self, most: int) -> bool:
        """Whether there are at most `most` distinct words."""
        return len(self.words) <= most

    @property
    def instants(self) -> NDArray[np.int64] | None:
        """Microseconds UTC where the file itself says that these are times; text does not."""
        return None

    @property
    def keys(self) -> NDArray[np.int64]:
        """A number per row, equal exactly where the cells are. Shape (rows,)."""
        return self.codes.astype(np.int64)

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """Each row as a number, NaN where missing. Unreadable words are NaN too: ask `unreadable_numbers` first."""
        return self._spread(self._values)

    def unreadable_numbers(self) -> list[str]:
        """Words of some row that are not finite numbers."""
        values = self._values
        return [self.words[code] for code in self._used() if not np.isfinite(values[code])]

    def moments(self, read: Callable[[str], int]) -> NDArray[np.int64]:
        """Each row as microseconds UTC, NO_MOMENT where missing. `read` raises ValueError on an unreadable word."""
        table = np.array([*(read(word) for word in self.words), NO_MOMENT], np.int64)
        return np.asarray(table[self.codes])

    def rows_of(self, word: str) -> NDArray[np.int64]:
        """Rows that hold exactly `word`."""
        return np.flatnonzero(self.codes == self.words.index(word))

    def _used(self) -> NDArray[np.int64]:
        """Codes that occur: a column taken from a longer one may hold fewer words than it knows."""
        return np.flatnonzero(np.bincount(self.codes[self.codes >= 0], minlength=len(self.words)))

    @cached_property
    def _values(self) -> NDArray[np.float64]:
        """Each word that occurs as a number; how they are written is told from these alone. Shape (words,)."""
        used = self._used()
        values = np.full(len(self.words), np.nan)
        values[used] = read_numbers([self.words[code] for code in used])
        return values

    def _spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        table = np.append(values, np.nan)  # code -1 reads the last one
        return np.asarray(table[self.codes])


def encode(cells: Sequence[str | None], missing: frozenset[str] = MISSING_WORDS) -> Column:
    """A column from cells; for tests and small tables."""
    builder = Builder(missing)
    builder.add(cells)
    return builder.column()


class Builder:
    """Grows a column chunk by chunk."""

    def __init__(self, missing: frozenset[str] = MISSING_WORDS) -> None:
        self._missing = missing
        self._code_of: dict[str | None, int] = {None: -1}
        self._words: list[str] = []
        self._chunks: list[NDArray[np.int32]] = []

    def add(self, cells: Sequence[str | None]) -> None:
        """Appends cells. Words are stripped; what means nothing becomes missing."""
        code_of = self._code_of
        for cell in dict.fromkeys(cells):  # in order of appearance: codes must not depend on the run
            if cell not in code_of:
                self._learn(cell or "")
        self._chunks.append(np.fromiter((code_of[cell] for cell in cells), np.int32, len(cells)))

    def add_coded(self, words: Sequence[str | None], codes: NDArray[np.int32]) -> None:
        """Appends cells that are already sorted: cell i is `words[codes[i]]`, missing where the code is -1."""
        for word in words:
            if word not in self._code_of:
                self._learn(word or "")
        lookup = np.array([*(self._code_of[word] for word in words), -1], np.int32)
        self._chunks.append(lookup[codes])

    def _learn(self, cell: str) -> None:
        word = cell.strip()
        if word.lower() in self._missing:
            self._code_of[cell] = -1
        elif word in self._code_of:
            self._code_of[cell] = self._code_of[word]
        else:
            self._code_of[cell] = self._code_of[word] = len(self._words)
            self._words.append(word)

    def column(self) -> Column:
        """What was added so far."""
        codes = np.concatenate(self._chunks) if self._chunks else np.empty(0, np.int32)
        return Column(codes, self._words)


_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAYS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d")
_GUESSES = tuple(day + hour for day in _DAYS for hour in ("", " %H:%M", " %H:%M:%S"))
_TRIED = 200  # words looked at to find the form most of them have


class AmbiguousDates(LookupError):
    """Every date could be read day first or month first."""


def moment_reader(form: str | None, sample: Sequence[str]) -> Callable[[str], int]:
    """A function from text to microseconds UTC. Text without a zone is read as UTC.

    form     a strptime format, or None to find the one that reads every word of `sample`
    Raises ValueError naming a word that does not read like the others; AmbiguousDates.
    """
    if form is None and all(_ISO_DATE.match(word) for word in sample):
        return _read_iso
    found = form or _guess(sample)
    return lambda word: _micros(datetime.strptime(word, found))


def misread(form: str | None, words: Sequence[str]) -> list[str]:
    """Those of `words` that do not read as dates the way most of them do."""
    forms = (form,) if form else (None, *_GUESSES)
    most = max(forms, key=lambda form: sum(_reads(form, word) for word in words[:_TRIED]))
    return [word for word in words if not _reads(most, word)]


def _guess(sample: Sequence[str]) -> str:
    fitting = _GUESSES
    for word in sample:
        still = tuple(form for form in fitting if _reads(form, word))
        if not still:
            raise ValueError(word)
        fitting = still
    if len(fitting) > 1:
        raise AmbiguousDates
    return fitting[0]


def _reads(form: str | None, word: str) -> bool:
    """Whether `form` reads `word`; None is ISO 8601."""
    if form is None and not _ISO_DATE.match(word):
        return False
    try:
        _micros(datetime.strptime(word, form)) if form else _read_iso(word)
    except ValueError:
        return False
    return True


def _read_iso(word: str) -> int:
    return _micros(datetime.fromisoformat(word))


def _micros(at: datetime) -> int:
    try:
        return micros(at if at.tzinfo else at.replace(tzinfo=UTC))
    except OverflowError:
        raise ValueError(f"{at} lies outside the calendar") from None
