"""Filing every entry again from its own bytes: what an entry is found by is only ever what its leaf says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from airworthy.base.clock import Clock, SystemClock
from airworthy.base.errors import StoreDamaged
from airworthy.record import codec
from airworthy.record.decision import DecisionMade
from airworthy.record.envelope import kind
from airworthy.record.trouble import ModelFailed
from airworthy.storage.database import open_for_writing
from airworthy.storage.fsck import Projected
from airworthy.storage.holder import Holder
from airworthy.storage.intake import Projection, asked_once, project
from airworthy.storage.reader import DECIDED, SqliteReader
from airworthy.storage.sqlite import open_reader


def rebuild(folder: Path | str, *, clock: Clock | None = None) -> int:
    """Files every entry of the log in `folder` anew, in one transaction; returns how many had been filed otherwise.

    Leaves, tiles, sealed content and keys stay as they are: run `fsck` for those. Raises StoreLocked while a process
    writes there, StoreDamaged where an entry is no record; nothing was changed then.
    """
    folder = Path(folder)
    with ExitStack() as opened:
        opened.callback(Holder(folder, clock or SystemClock()).release)
        reader = opened.enter_context(closing(open_reader(folder)))
        log = opened.enter_context(closing(open_for_writing(folder / "log.db")))
        runs: dict[str, int] = {}
        misfiled = list(_misfiled(reader.projected(), runs))
        with log.transaction() as writer:
            writer.many("sort_indexes", [()])
            writer.many("file_entry", [(found.kind, found.about, seq) for seq, found in misfiled])
            writer.many("forget_run", [(run,) for run in reader.kept_runs()])
            writer.many("put_run", list(runs.items()))
            if reader.log.one("format") >= DECIDED:
                writer.many("forget_decided", [()])
                writer.many("add_decided", list(_asked_once(reader)))
    return len(misfiled)


def _misfiled(entries: Iterator[Projected], runs: dict[str, int]) -> Iterator[tuple[int, Projection]]:
    """Entries filed otherwise than their leaves say; fills `runs` with how far each has come."""
    for entry in entries:
        found = _project(entry)
        if found.run is not None:
            run, ordinal = found.run
            runs[run] = max(ordinal, runs.get(run, -1))
        if (entry.kind, entry.about) != (found.kind, found.about):
            yield entry.seq, found


def _asked_once(reader: SqliteReader) -> Iterator[tuple[bytes, int]]:
    """Live decisions by what was asked, the first of each; what was erased can no longer be asked for."""
    for stored in reader.scan(kinds={kind(DecisionMade), kind(ModelFailed)}):
        found = codec.record(stored.leaf)
        subject = reader.subject(found.item.kref) if found.item else None
        once = asked_once(found, subject, reader.ring)
        if once is not None:
            yield once, stored.seq


def _project(entry: Projected) -> Projection:
    try:
        return project(codec.record(entry.leaf))
    except StoreDamaged:
        raise StoreDamaged(
            f"entry {entry.seq} cannot be filed: its bytes are not a record", help="run: airworthy log verify"
        ) from None
