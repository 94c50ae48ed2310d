"""Bringing a log of an earlier format up to the present one: in one transaction, before anything else is written.

Leaves never change. A format is only about what an entry is found by and where things lie, which follows from leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from airworthy.base.errors import StoreError
from airworthy.storage.database import Writer, create, open_for_writing

FORMAT = 2  # of log.db as it is written now

# 1  backtests only: nothing was ever asked twice, so there is nothing to file by what was asked
# 2  adds `decided`
STEPS: dict[int, Callable[[Writer], None]] = {1: lambda writer: None}


def migrate(path: Path) -> int:
    """Makes the log at `path` one of the present format; returns the format it had. Raises StoreError (R014)."""
    with closing(open_for_writing(path)) as log:
        found: int = log.one("format")
        if found > FORMAT:
            raise StoreError(
                f"the log is of format {found}, and this version writes format {FORMAT}",
                code="R014",
                help="use the version that wrote it, or a later one; nothing was changed",
            )
    if found < FORMAT:
        create(path)  # tables that came later
        _climb(path, found)
    return found


def _climb(path: Path, start: int) -> None:
    with closing(open_for_writing(path)) as log, log.transaction() as writer:
        for step in range(start, FORMAT):
            STEPS[step](writer)
        writer.many("set_format", [(FORMAT,)])
