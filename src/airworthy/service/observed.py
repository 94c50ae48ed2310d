"""What was observed without a charter, as the same table a CSV of the same calls would give."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from airworthy.base.canonical import unprofiled
from airworthy.base.clock import iso
from airworthy.base.diagnostic import Diagnostic, Place, did_you_mean
from airworthy.base.errors import BadInput
from airworthy.base.quantity import MILLION
from airworthy.data.column import encode
from airworthy.data.question import Question
from airworthy.data.table import Table
from airworthy.record import codec
from airworthy.record.envelope import Record
from airworthy.record.observation import ObservationMade, TruthLearnt
from airworthy.record.store import Erased, Reader
from airworthy.storage.sqlite import open_reader

FOLDER = Path(".airworthy/observed")
_OWN = ("output", "truth", "score", "time")

_KINDS = ("observation.made", "truth.learnt")


class ObservedTable(Table):
    """Rows are calls; their places are counted, for there is no file."""

    def place(self, row: int, name: str | None = None) -> Place:
        row = row if self.origin is None else int(self.origin[row])
        text = self.columns[name].text(row) if name else ""
        return Place(f"{self.path}, call {row + 1:,}" + (f", column `{name}`" if name else ""), text=text)


class _Call(msgspec.Struct, frozen=True):
    """One observed call, and the item it was about."""

    at: int
    subject: str
    cells: dict[str, str]


def observed(folder: Path, name: str) -> Table:
    """What was observed under `name`: columns output, truth, score, time, and the fields of the items.

    A truth holds for every call about its item, the latest where several were learnt. Raises BadInput (C030) where
    nothing was observed under that name.
    """
    calls: list[_Call] = []
    truths: dict[str, tuple[int, str]] = {}
    names: set[str] = set()
    for path in sorted(folder.glob("*/log.db")):
        with closing(open_reader(path.parent)) as reader:
            for seq, record in _records(reader):
                names.add(record.use_case)
                if record.use_case != name:
                    continue
                subject = (reader.subject(record.item.kref) if record.item else None) or f"erased {seq}"
                if isinstance(record, ObservationMade):
                    calls.append(_Call(record.at, subject, _cells(reader, seq, record)))
                else:
                    truths[subject] = max(
                        truths.get(subject, (0, "")), (record.at, _text(_content(reader, seq, record, "truth")))
                    )
    if not calls:
        raise _nothing(folder, name, names)
    return _table(name, sorted(calls, key=lambda call: call.at), truths)


def asked(table: Table) -> Question:
    """What to ask of it: a score only where one was ever stated."""
    return Question(output="output", truth="truth", score="score" if table["score"].words else None, time="time")


def _table(name: str, calls: list[_Call], truths: dict[str, tuple[int, str]]) -> Table:
    rows = [call.cells | {"truth": truths.get(call.subject, (0, ""))[1]} for call in calls]
    columns = dict.fromkeys([*_OWN, *(field for row in rows for field in row)])
    return ObservedTable(Path(name), {column: encode([row.get(column, "") for row in rows]) for column in columns})


def _records(reader: Reader) -> Iterator[tuple[int, ObservationMade | TruthLearnt]]:
    for stored in reader.scan(kinds=_KINDS):
        record = codec.record(stored.leaf)
        if isinstance(record, ObservationMade | TruthLearnt):
            yield stored.seq, record


def _cells(reader: Reader, seq: int, made: ObservationMade) -> dict[str, str]:
    """One row, as it would stand in a CSV."""
    item = _content(reader, seq, made, "input")
    named = item.items() if isinstance(item, dict) else ()
    fields = {f"item {name}" if name in _OWN else name: _text(value) for name, value in named}
    score = "" if made.score is None else str(made.score / MILLION)
    return {**fields, "output": _text(_content(reader, seq, made, "output")), "score": score, "time": iso(made.at)}


def _content(reader: Reader, seq: int, record: Record, purpose: str) -> Any:
    if all(sealed.purpose != purpose for sealed in record.payloads):
        return None
    body = reader.content(seq, purpose)
    return None if isinstance(body, Erased) else unprofiled(msgspec.json.decode(body))


def _text(value: Any) -> str:
    """A JSON value as a cell: text and numbers as they are, one field's value alone, anything else as JSON."""
    if isinstance(value, dict) and len(value) == 1:
        return _text(next(iter(value.values())))
    if isinstance(value, dict | list):
        return msgspec.json.encode(value, order="sorted").decode()
    return "" if value is None else str(value)


def _nothing(folder: Path, name: str, names: set[str]) -> BadInput:
    if name in names:
        sentence = f"of `{name}` only truths were learnt, and no call was observed"
        help = f'put `@airworthy.observe("{name}", subject=...)` before the function that gives the outputs'
        return BadInput([Diagnostic("C030", sentence, Place(str(folder)), help)])
    help = did_you_mean(name, names) or (
        f"there is: {', '.join(sorted(names))}" if names else "name its folder: --data"
    )
    return BadInput([Diagnostic("C030", f"nothing was observed under `{name}`", Place(str(folder)), help)])
