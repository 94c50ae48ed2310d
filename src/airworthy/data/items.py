"""Folding an event log into items: one row per work item, each column taken from its first or its last event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput
from airworthy.data.table import Table

Take = Literal["first", "last", "first_known", "last_known"]  # `known`: passing over events where the cell is missing


def fold(table: Table, item: str, *, order: NDArray[np.int64] | None, take: Mapping[str, tuple[str, Take]]) -> Table:
    """One row per distinct `item`, in order of first appearance.

    order   microseconds per event, shape (events,); events of an item are sorted by it, ties and None by file order
    take    new column name -> (column, which event it is taken from)
    Rows whose item is missing are left out. The rows' origin is each item's first event. Raises BadInput where every
    row is left out.
    """
    codes = table[item].codes
    known = np.flatnonzero(codes >= 0)
    if not len(known):
        raise _no_item(table, item)
    by_time = known if order is None else known[np.argsort(order[known], kind="stable")]
    events = by_time[np.argsort(codes[by_time], kind="stable")]
    owner = codes[events]
    columns = {
        new: table[old].take(_chosen(events, owner, table[old].missing, which)) for new, (old, which) in take.items()
    }
    columns.setdefault(item, table[item].take(_chosen(events, owner, table[item].missing, "first")))
    return Table(table.path, columns, _chosen(events, owner, table[item].missing, "first"))


def _no_item(table: Table, item: str) -> BadInput:
    help = "name the column that says which item an event is about"
    return BadInput([Diagnostic("L013", f"column `{item}` is empty, so no row is about an item", table.whole(), help)])


def _chosen(
    events: NDArray[np.int64], owner: NDArray[np.int32], missing: NDArray[np.bool_], which: Take
) -> NDArray[np.int64]:
    """The event each item's cell comes from; where no event knows it, the first (its cell is missing, and stays so)."""
    starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    ends = np.r_[starts[1:], len(owner)] - 1
    if which == "first":
        return np.asarray(events[starts])
    if which == "last":
        return np.asarray(events[ends])
    position = np.arange(len(events))
    known = ~missing[events]
    if which == "first_known":
        place = np.minimum.reduceat(np.where(known, position, len(events)), starts)
        return np.asarray(events[np.where(place < len(events), place, starts)])
    place = np.maximum.reduceat(np.where(known, position, -1), starts)
    return np.asarray(events[np.where(place >= 0, place, starts)])
