"""What a log holds that looks like a slip of its export: counted and said, never mended in silence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from airworthy.base.clock import DAY, Micros, day
from airworthy.base.diagnostic import Diagnostic
from airworthy.data.column import Column
from airworthy.data.table import Table

AHEAD_US = DAY  # dates without a zone are read as UTC, and are then up to 14 hours late; clocks differ, too
_TELLS_APART = 0.99  # of all different rows: the share a column must tell apart to be what identifies them
_MOST_TIMES = 5  # a row that is there more often than this on average is no slip: the log simply says little
_ODD = np.uint64(0x9E37_79B9_7F4A_7C15)  # spreads every bit of a product; overflow is meant

Bools = NDArray[np.bool_]


def repeated(table: Table, *, item: str | None) -> list[Diagnostic]:
    """Says how many rows repeat an earlier row in every column, and what that does to the figures.

    item   the column rows are folded by, None where each row counts
    A bare log may hold equal rows of different items: unless one column tells the different rows apart, nothing can
    be said. A repeated row is never left out: it may be an item of its own that only looks the same.
    """
    again = _again(table)
    count = int(again.sum())
    if not count or (item is None and not _is_identified(table, len(table) - count)):
        return []
    rows = "1 row repeats" if count == 1 else f"{count:,} rows repeat"
    each = "each counts, so intervals are narrower than the different rows allow; leave them out, or say --item"
    help = "an item counts once however often its rows are repeated: no figure changes" if item else each
    place = table.place(int(np.argmax(again)))
    return [Diagnostic("L019", f"{rows} an earlier row in every column", place, help, "warning")]


def is_ahead(at: NDArray[np.int64], now: Micros) -> Bools:
    """Moments that lie more than a day after `now`. Shape as `at`; a missing moment does not."""
    return np.asarray(at > now + AHEAD_US)


def ahead(table: Table, name: str, late: Bools, now: Micros, *, so: str) -> list[Diagnostic]:
    """Says how many rows column `name` dates after now, and what was done with them.

    late   rows of `table`, as `is_ahead` found them; so: `left out`, or what else becomes of them
    """
    count = int(late.sum())
    if not count:
        return []
    first = int(np.argmax(late))
    others = "" if count == 1 else f", as in {count - 1:,} more"
    sentence = f"`{table[name].text(first)}` in column `{name}` lies after now, {day(now)}{others}"
    help = f"{so}; mend the dates, say how they are written, or set this machine's clock"
    return [Diagnostic("L020", sentence, table.place(first, name), help, "warning")]


def _again(table: Table) -> Bools:
    """Rows equal to an earlier one in every column; two rows that only share a digest are told apart."""
    digest = np.zeros(len(table), np.uint64)
    for column in table.columns.values():
        digest = (digest ^ column.keys.view(np.uint64)) * _ODD
        digest ^= digest >> np.uint64(29)
    order = np.argsort(digest, kind="stable")  # equal rows stay in file order
    later = np.flatnonzero(digest[order][1:] == digest[order][:-1]) + 1
    for column in table.columns.values():
        later = later[column.keys[order[later]] == column.keys[order[later - 1]]]
    again = np.zeros(len(table), bool)
    again[order[later]] = True
    return again


def _is_identified(table: Table, different: int) -> bool:
    """Whether some column tells the different rows apart."""
    if different * _MOST_TIMES < len(table):
        return False
    return any(_distinct(column) >= _TELLS_APART * different for column in table.columns.values())


def _distinct(column: Column) -> int:
    return len(np.unique(column.keys))
