"""The log a charter names, as work items in time order: what the AI was given, what people did, what turned out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from airworthy.base.clock import DAY, HOUR, WEEK, Micros, micros
from airworthy.base.diagnostic import Diagnostic, did_you_mean
from airworthy.base.errors import BadInput
from airworthy.charter.model import Charter
from airworthy.charter.work import Filter, Log
from airworthy.data.agreement import agreement, apart
from airworthy.data.column import MISSING_WORDS, NO_MOMENT, Column, encode, moment_reader
from airworthy.data.items import Take, fold
from airworthy.data.oddity import ahead, is_ahead, repeated
from airworthy.data.table import Progress, Table, read
from airworthy.record.governance import UNDATED

LEAST_WEEKS = 2  # below them nobody can count items a week
_DERIVED = re.compile(r"(hour|weekday)\((\w+)\)\Z")
_TRUTH, _PERSON = "\x00truth", "\x00person"  # columns folded anew; no file can name them

Bools = NDArray[np.bool_]


class Work(msgspec.Struct, frozen=True):
    """Work items in the order they became eligible. Arrays have one value per item.

    An item whose truth nobody knows stays in: leaving it out would let a log look better by forgetting its errors.
    """

    items: Table
    subject: Column
    at: NDArray[np.int64]  # eligible, microseconds UTC
    truth: Column
    person: Column | None
    known_at: NDArray[np.int64] | None  # when the truth was known, NO_MOMENT where nobody wrote it down
    output: Column | None
    score: NDArray[np.float64] | None
    features: tuple[str, ...]
    given: NDArray[np.object_]  # shape (items, features): text, '' where missing
    left_out: tuple[tuple[str, int], ...]
    tolerance: float | None = None  # numbers: right when they differ by no more
    notes: tuple[Diagnostic, ...] = ()  # warnings

    def ahead(self, eligible_at: str, now: Micros) -> list[Diagnostic]:
        """Says which items became eligible after `now`, by the column that tells it.

        They stay in: a backtest must follow from charter, log and model alone, and come out the same next week.
        """
        late = is_ahead(self.at, now)
        return ahead(self.items, eligible_at, late, now, so="kept; `until:` in the charter's log leaves them out")

    def __len__(self) -> int:
        return len(self.at)

    @property
    def per_week(self) -> float | None:
        """Eligible items a week from the first to the last; None below two weeks, which say little about the next."""
        weeks = float(self.at[-1] - self.at[0]) / WEEK
        return (len(self) - 1) / weeks if weeks >= LEAST_WEEKS else None

    @property
    def known(self) -> Bools:
        """Items whose truth is known."""
        return ~self.truth.missing

    def item(self, row: int) -> dict[str, Any]:
        """What the AI was given about item `row`, by feature name."""
        return {field_name(name): value for name, value in zip(self.features, self.given[row], strict=True) if value}

    def wrong(self, said: NDArray[np.object_], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """1.0 where `said` differs from the truth of `rows`, 0.0 where not, NaN where nobody knows the truth.

        Compared as `airworthy try` compares: `1` is `1.0` among numbers, `Yes.` is `yes`, and with a tolerance numbers
        are right when they are near. Saying nothing, or no number, is wrong.
        """
        spoken, truth = encode(said.tolist()), self.truth.take(rows)
        differs = agreement(spoken, truth).differs if self.tolerance is None else apart(spoken, truth, self.tolerance)
        return np.where(self.truth.missing[rows], np.nan, np.nan_to_num(differs, nan=1.0))

    def person_wrong(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The same for what people did; NaN where nobody recorded it."""
        if self.person is None:
            return np.full(len(rows), np.nan)
        said = np.array([*self.person.words, ""], object)[self.person.codes[rows]]
        return np.where(self.person.missing[rows], np.nan, self.wrong(said, rows))


def field_name(feature: str) -> str:
    """The name rules know a feature by: `hour(opened_at)` is `opened_at_hour`."""
    match = _DERIVED.match(feature)
    return f"{match[2]}_{match[1]}" if match else feature


def read_work(
    charter: Charter, folder: Path, *, log_file: Path | None = None, progress: Progress = lambda _: None
) -> Work:
    """The items of the log that `charter` names. Raises BadInput, located in the charter or in the log.

    folder     what the charter's path is relative to
    log_file   another file to read instead
    """
    log = charter.log
    if log is None:
        raise BadInput(
            [
                Diagnostic(
                    "L014",
                    "the charter names no log of past work",
                    charter.place("log"),
                    "add `log:`, or say --log FILE",
                )
            ]
        )
    missing = frozenset(word.lower() for word in log.missing) | MISSING_WORDS if log.missing else MISSING_WORDS
    table = read(log_file or folder / log.path, missing=missing, progress=progress)
    _require(charter, log, table)
    return _usable(_folded(table, log), log, tuple(repeated(table, item=log.item)))


def _named(log: Log) -> list[tuple[tuple[str | int, ...], str]]:
    """Every column the charter names, with its path there."""
    named: list[tuple[tuple[str | int, ...], str | None]] = [
        (("log", "item"), log.item),
        (("log", "eligible_at"), log.eligible_at),
        (("log", "truth", "column"), log.truth.column),
        (("log", "human", "column"), log.human.column if log.human else None),
        (("log", "output"), log.output),
        (("log", "score"), log.score),
        (("log", "outcome_at"), log.outcome_at),
    ]
    for key in ("event_order", "features", "end"):
        named += [(("log", key, i), _source(name)) for i, name in enumerate(getattr(log, key))]
    return [(path, name) for path, name in named if name]


def _source(feature: str) -> str:
    match = _DERIVED.match(feature)
    return match[2] if match else feature


def _require(charter: Charter, log: Log, table: Table) -> None:
    absent = [
        Diagnostic(
            "L003",
            f"the charter names column `{name}`, which log `{table.path.name}` does not have",
            charter.place(*path),
            did_you_mean(name, table.columns) or f"it has: {', '.join(table.columns)}",
        )
        for path, name in _named(log)
        if name not in table.columns
    ]
    if absent:
        raise BadInput(absent)


def _reader(table: Table, name: str, log: Log) -> Callable[[str], int]:
    try:
        return moment_reader(log.date_format, table[name].words)
    except (ValueError, LookupError) as error:
        sentence = f"column `{name}` holds `{error}`, which cannot be read as a date"
        raise BadInput(
            [Diagnostic("L012", sentence, table.whole(), "say `date_format` in the charter's `log`")]
        ) from None


def _times(table: Table, name: str, log: Log) -> NDArray[np.int64]:
    if (instants := table[name].instants) is not None:
        return instants
    try:
        return table[name].moments(_reader(table, name, log))
    except ValueError as error:
        raise BadInput(
            [Diagnostic("L012", f"column `{name}`: {error}", table.whole(), "mend the date, or leave the row out")]
        ) from None


def _folded(table: Table, log: Log) -> Table:
    take: dict[str, tuple[str, Take]] = {}
    for name in {_source(feature) for feature in log.features} | {log.eligible_at}:
        take[name] = (name, "first")
    for name in (*log.end, *(n for n in (log.outcome_at,) if n)):
        take[name] = (name, "last_known" if name == log.outcome_at else "last")
    for recorded in (log.output, log.score):
        if recorded:
            take[recorded] = (recorded, "first_known")
    take[_TRUTH] = (log.truth.column, "first_known" if log.truth.take == "first" else "last_known")
    if log.human:
        take[_PERSON] = (log.human.column, "first_known" if log.human.take == "first" else "last_known")
    order = _times(table, log.event_order[0], log) if log.event_order else None
    return fold(table, log.item, order=order, take=take)


def _usable(items: Table, log: Log, notes: tuple[Diagnostic, ...]) -> Work:
    """Items with a time, before the log's last day, in time order. At least one must have a known truth."""
    at = _times(items, log.eligible_at, log)
    end = _day(log.until) if log.until else np.iinfo(np.int64).max
    inside = (at != NO_MOMENT) & (at < end)
    known = ~items[_TRUTH].missing
    left_out = ((UNDATED, int((at == NO_MOMENT).sum())), (f"from {log.until} on", int((at >= end).sum())))
    if log.tolerance is not None:
        _require_numbers(items)
    rows = np.flatnonzero(inside)
    if not (inside & known).any():
        raise BadInput(
            [
                Diagnostic(
                    "L013",
                    "no item of the log has a date and a known truth",
                    items.whole(),
                    "check `truth`, `eligible_at` and `until`",
                )
            ]
        )
    rows = rows[np.argsort(at[rows], kind="stable")]
    origin = None if items.origin is None else items.origin[rows]
    kept = Table(items.path, {name: column.take(rows) for name, column in items.columns.items()}, origin)
    score = kept[log.score].numbers if log.score else None
    return Work(
        kept,
        kept[log.item],
        at[rows],
        kept[_TRUTH],
        kept[_PERSON] if log.human else None,
        _times(kept, log.outcome_at, log) if log.outcome_at else None,
        kept[log.output] if log.output else None,
        score,
        log.features,
        _given(kept, log),
        tuple((why, n) for why, n in left_out if n),
        log.tolerance,
        notes,
    )


def _require_numbers(items: Table) -> None:
    """Raises BadInput where a truth is no number, and so near to nothing."""
    if unread := items[_TRUTH].unreadable_numbers():
        row = int(items[_TRUTH].rows_of(unread[0])[0])
        sentence = f"the truth `{unread[0][:60]}` is not a number"
        help = "write numbers, or take `tolerance` out of the charter's log"
        raise BadInput([Diagnostic("L010", sentence, items.place(row, _TRUTH), help)])


def _given(items: Table, log: Log) -> NDArray[np.object_]:
    columns = [_feature(items, name, log) for name in log.features]
    return np.column_stack(columns) if columns else np.empty((len(items), 0), object)


def _feature(items: Table, name: str, log: Log) -> NDArray[np.object_]:
    match = _DERIVED.match(name)
    if not match:
        column = items[name]
        return np.array([*column.words, ""], object)[column.codes]
    at = _times(items, match[2], log)
    part = at // HOUR % 24 if match[1] == "hour" else (at // DAY + 3) % 7  # day 0 was a Thursday; Monday is 0
    return np.array([str(i) for i in range(24)], object)[part]


def _day(day: date) -> int:
    return micros(datetime(day.year, day.month, day.day, tzinfo=UTC))


def in_pilot_period(charter: Charter, work: Work) -> Bools:
    """Items that became eligible before the pilot's end; all of them without a pilot."""
    if charter.pilot is None:
        return np.ones(len(work), bool)
    return work.at < _day(charter.pilot.until)


def kept_by(curation: Filter, work: Work, pilot_period: Bools) -> Bools:
    """Which items one of the pilot's filters would have kept. `commonest` is counted over the pilot's period."""
    kept = np.ones(len(work), bool)
    for name in curation.complete:
        kept &= ~work.items[name].missing
    for name, most in curation.at_most.items():
        kept &= work.items[name].numbers <= most
    if curation.commonest:
        column = work.truth if curation.commonest.column == "truth" else work.items[curation.commonest.column]
        counts = np.bincount(column.codes[pilot_period & ~column.missing], minlength=len(column.words))
        kept &= np.isin(column.codes, np.argsort(-counts, kind="stable")[: curation.commonest.keep])
    return kept


def filters(charter: Charter, work: Work) -> Mapping[str, Bools]:
    """Each of the pilot's filters with the items it would have kept."""
    period = in_pilot_period(charter, work)
    curation = charter.pilot.curation if charter.pilot else ()
    return {one.filter: kept_by(one, work, period) for one in curation}
