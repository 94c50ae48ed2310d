"""What someone asks of a bare log: which column is the output, which the truth, and what else it may tell."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from airworthy.base.clock import Micros
from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput
from airworthy.data.agreement import Agreement, agreement, apart, never_agree
from airworthy.data.column import NO_MOMENT, AmbiguousDates, Column, misread, moment_reader
from airworthy.data.items import Take, fold
from airworthy.data.oddity import ahead, is_ahead, repeated
from airworthy.data.table import Table

LONGEST_SHOWN = 60  # characters of a cell
MOST_SEGMENTS = 60  # of one column; the risk is shared among them


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Column names. Only `output` and `truth` (or `loss`) are needed."""

    output: str
    truth: str | None = None
    score: str | None = None
    time: str | None = None
    segments: tuple[str, ...] = ()
    person: str | None = None  # what a person did without the AI
    loss: str | None = None  # a loss in [0, 1] instead of comparing with the truth
    tolerance: float | None = None  # right when output and truth differ by no more
    item: str | None = None  # rows are events of items: outputs from the first event, truths from the last
    date_format: str | None = None

    def columns(self) -> dict[str, str]:
        """Option -> column, for what was named."""
        named = {
            "--output": self.output, "--truth": self.truth, "--score": self.score, "--time": self.time,
            "--person": self.person, "--loss": self.loss, "--item": self.item,
        }  # fmt: skip
        return {option: name for option, name in named.items() if name} | {
            f"--segment {name}": name for name in self.segments
        }


class Answered(msgspec.Struct, frozen=True):
    """The log's answer, one value per usable row, still in file order. `rows` are their rows in `table`."""

    table: Table
    rows: NDArray[np.int64]
    loss: NDArray[np.float64]
    score: NDArray[np.float64] | None
    at: NDArray[np.int64] | None
    person: NDArray[np.float64] | None
    left_out: tuple[tuple[str, int], ...]
    respelt: int = 0  # rows right only because case, surrounding spaces, quotes and a final dot do not count
    notes: tuple[Diagnostic, ...] = ()  # warnings


def answer(table: Table, question: Question, *, now: Micros | None = None) -> Answered:
    """Reads the columns named in `question`. Raises BadInput with every unreadable cell's place, up to a few a kind.

    now   rows dated after it are left out, with a warning: what was not decided yet has no truth yet, so either is
          wrong, and at the end of the order they would pass for the newest work. None: dates are taken as they stand
    """
    table.require(question.columns())
    notes = repeated(table, item=question.item)
    if question.truth is None and question.loss is None:
        raise _mistake(table, "L009", "neither a truth nor a loss is named", "add --truth COLUMN or --loss COLUMN")
    _check_named_twice(table, question)
    _check_segments(table, question.segments)
    order = _moments(table, question.time, question.date_format) if question.time else None
    if question.item:
        table, order = _folded(table, question, order)
    found: list[Diagnostic] = []
    judged, left_out = _loss(table, question, found)
    loss = judged.differs
    score = _scores(table, question.score, found) if question.score else None
    person = _compared(table, question.person, question, found).differs if question.person else None
    if found:
        raise BadInput(found)
    usable = ~np.isnan(loss)
    asked = [("without a score", None if score is None else ~np.isnan(score))]
    asked.append(("without a time", None if order is None else order != NO_MOMENT))
    if now is not None and order is not None and question.time:
        late = is_ahead(order, now)
        notes += ahead(table, question.time, late, now, so="left out")
        asked.append(("dated after now", ~late))
    for name, known in asked:
        if known is not None:
            left_out.append((name, int((usable & ~known).sum())))
            usable &= known
    rows = np.flatnonzero(usable)
    if not len(rows):
        raise _mistake(table, "L013", "no row has everything that was asked for", _why_none(left_out))
    return Answered(
        table,
        rows,
        loss[rows],
        None if score is None else score[rows],
        None if order is None else order[rows],
        None if person is None else person[rows],
        tuple((why, n) for why, n in left_out if n),
        judged.respelt,
        tuple(notes),
    )


def _check_named_twice(table: Table, question: Question) -> None:
    """Raises BadInput where the truth is compared with itself; first and last event of an item are two things."""
    twice = {"--score": question.score} | ({} if question.item else {"--output": question.output})
    for option, name in twice.items():
        if name is not None and name == question.truth:
            sentence = f"`{option}` and `--truth` are one column, `{name}`, so nothing could ever be wrong"
            raise _mistake(table, "L017", sentence, "name another column, or say --item where rows are events")


def _check_segments(table: Table, names: tuple[str, ...]) -> None:
    many = [name for name in names if not table[name].few(MOST_SEGMENTS)]
    if many:
        sentence = f"column `{many[0]}` has more than {MOST_SEGMENTS} values, too many for promises of their own"
        raise _mistake(table, "L016", sentence, "name a coarser column with --segment")


def _why_none(left_out: list[tuple[str, int]]) -> str:
    return "rows left out: " + ", ".join(f"{n:,} {why}" for why, n in left_out if n)


def _mistake(table: Table, code: str, sentence: str, help: str) -> BadInput:
    return BadInput([Diagnostic(code, sentence, table.whole(), help)])


def _folded(
    table: Table, question: Question, order: NDArray[np.int64] | None
) -> tuple[Table, NDArray[np.int64] | None]:
    """One row per item: everything as it stood at its first event, but what is learnt late from its last."""
    assert question.item is not None
    take: dict[str, tuple[str, Take]] = {name: (name, "first") for name in table.columns if name != question.item}
    take[question.output] = (question.output, "first_known")
    late = [name for name in (question.truth, question.loss) if name]
    for name in late:
        take[_late(name, question)] = (name, "last_known")
    folded = fold(table, question.item, order=order, take=take)
    return folded, None if order is None or folded.origin is None else order[folded.origin]


def _late(name: str, question: Question) -> str:
    """Where output and truth are one column, the truth gets a name of its own."""
    return f"{name} (last)" if name == question.output else name


def _loss(table: Table, question: Question, found: list[Diagnostic]) -> tuple[Agreement, list[tuple[str, int]]]:
    """How wrong each row is, and how many rows cannot say."""
    if question.loss:
        loss = _numbers(table, question.loss, "--loss", found)
        found += _outside(table, question.loss, loss, "the loss")
        return Agreement(loss), [("without a loss", int(np.isnan(loss).sum()))]
    judged = _compared(table, question.output, question, found)
    if question.tolerance is None and question.truth:
        truth = _late(question.truth, question) if question.item else question.truth
        found += never_agree(table[question.output], table[truth], judged, table.whole())
    no_output = table[question.output].missing
    left_out = [
        ("without an output", int(no_output.sum())),
        ("whose truth is not known yet", int((np.isnan(judged.differs) & ~no_output).sum())),
    ]
    return judged, left_out


def _compared(table: Table, name: str, question: Question, found: list[Diagnostic]) -> Agreement:
    """Column `name` against the truth; nothing is known without a truth."""
    if question.truth is None:
        return Agreement(np.full(len(table), np.nan))
    truth_name = _late(question.truth, question) if question.item else question.truth
    said, truth = table[name], table[truth_name]
    if question.tolerance is None:
        return agreement(said, truth)
    for column in (name, truth_name):
        _numbers(table, column, "--tolerance", found)
    return Agreement(apart(said, truth, question.tolerance))


def _numbers(table: Table, name: str, option: str, found: list[Diagnostic]) -> NDArray[np.float64]:
    column = table[name]
    if unread := column.unreadable_numbers():
        word = unread[0]
        place = table.place(int(column.rows_of(word)[0]), name)
        sentence = f"`{_short(word)}` in column `{name}` is not a number{_and_others(unread, ', nor is')}"
        help = "write all of them with a decimal point" if "," in word else f"`{option}` needs numbers"
        found.append(Diagnostic("L010", sentence, place, help))
    return column.numbers


def _and_others(words: list[str], so: str) -> str:
    """How many more there are like the first of `words`; one diagnostic a column says it all."""
    more = len(words) - 1
    return f"{so}{' 1 other value' if more == 1 else f' any of {more:,} other values'}" if more else ""


def _scores(table: Table, name: str, found: list[Diagnostic]) -> NDArray[np.float64]:
    scores = _numbers(table, name, "--score", found)
    found += _outside(table, name, scores, "the score")
    return scores


def _outside(table: Table, name: str, values: NDArray[np.float64], what: str) -> list[Diagnostic]:
    rows = np.flatnonzero(np.isfinite(values) & ((values < 0) | (values > 1)))
    if not len(rows):
        return []
    percent = len(rows) > len(values) / 2 and float(np.nanmax(values)) <= 100
    help = f"{len(rows):,} {'row lies' if len(rows) == 1 else 'rows lie'} outside 0 to 1"
    help += ", like percent: divide the column by 100" if percent else ""
    first = int(rows[0])
    sentence = f"{what} in column `{name}` is {values[first]:g}, outside 0 to 1"
    return [Diagnostic("L011", sentence, table.place(first, name), help)]


def _moments(table: Table, name: str, form: str | None) -> NDArray[np.int64]:
    column = table[name]
    if column.instants is not None:
        return column.instants
    try:
        return column.moments(moment_reader(form, column.words))
    except AmbiguousDates:
        help = "say which: --date-format '%d/%m/%Y %H:%M' or --date-format '%m/%d/%Y %H:%M'"
        raise _mistake(table, "L012", f"the dates in column `{name}` could be day/month or month/day", help) from None
    except ValueError:
        raise BadInput(_unreadable_dates(table, column, name, form)) from None


def _unreadable_dates(table: Table, column: Column, name: str, form: str | None) -> list[Diagnostic]:
    like = f" in the form {form}" if form else " like most others there"
    help = "write dates as 2026-11-22T06:00:00Z, or say the form: --date-format '%d/%m/%Y %H:%M'"
    unread = misread(form, column.words)
    sentence = (
        f"`{_short(unread[0])}` in column `{name}` cannot be read as a date{like}{_and_others(unread, ', nor can')}"
    )
    return [Diagnostic("L012", sentence, table.place(int(column.rows_of(unread[0])[0]), name), help)]


def _short(word: str) -> str:
    """A cell as a message shows it."""
    return word if len(word) <= LONGEST_SHOWN else word[: LONGEST_SHOWN - 1] + "…"
