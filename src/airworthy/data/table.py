"""Reading a log as people export them: CSV with any usual separator, gzipped or not, or Parquet."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from airworthy.base.diagnostic import Diagnostic, Place, did_you_mean
from airworthy.base.errors import BadInput
from airworthy.data.column import MISSING_WORDS, Builder, Column
from airworthy.data.parquet import read_parquet

CHUNK = 65_536  # rows read at a time
MOST_PLACES = 5  # of one kind of mistake that are shown
_PARQUET = b"PAR1"
_PEEKED = 4096  # bytes looked at to tell text from anything else

Progress = Callable[[int], None]  # told the rows read so far


class Table:
    """A log: named columns of equal length, and where each row stands in its file.

    origin   row of the file each row was taken from, shape (rows,); None where they are the file's own rows
    """

    def __init__(self, path: Path, columns: dict[str, Column], origin: NDArray[np.int64] | None = None) -> None:
        self.path = path
        self.columns = columns
        self.origin = origin

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def place(self, row: int, name: str | None = None) -> Place:
        """Where row `row` stands. Reads the file again up to there, so only for errors."""
        text = self.columns[name].text(row) if name else ""
        row = row if self.origin is None else int(self.origin[row])
        if is_parquet(self.path):
            return Place(f"{self.path}, row {row + 1:,}" + (f", column `{name}`" if name else ""))
        return Place(str(self.path), line=_line_of(self.path, row), text=text)

    def whole(self) -> Place:
        """The log as a whole."""
        return Place(str(self.path))

    def require(self, names: dict[str, str]) -> None:
        """Raises BadInput for every option -> column that the log does not have."""
        absent = [self._absent(option, name) for option, name in names.items() if name not in self.columns]
        if absent:
            raise BadInput(absent)

    def _absent(self, option: str, name: str) -> Diagnostic:
        sentence = f"`{option}` names column `{name}`, which the log does not have"
        help = did_you_mean(name, self.columns) or f"it has: {', '.join(self.columns)}"
        return Diagnostic("L003", sentence, Place(str(self.path), 1), help)


def is_parquet(path: Path) -> bool:
    """Whether the file calls itself Parquet, or is."""
    return path.suffix.lower() in (".parquet", ".pq") or _start(path, 4) == _PARQUET


def read(path: Path, *, missing: frozenset[str] = MISSING_WORDS, progress: Progress = lambda rows: None) -> Table:
    """Reads the whole log. Raises BadInput with every structural mistake found, located; never half a table."""
    try:
        _check_file(path)
        table = Table(path, (read_parquet if is_parquet(path) else _read_csv)(path, missing, progress))
    except OSError as error:
        raise _refuse("L001", f"`{path.name[:100]}` cannot be read", Place(str(path)),
                      (error.strerror or "check the path").lower()) from None  # fmt: skip
    if not len(table):
        raise _refuse("L002", "the log has a header and no rows", Place(str(path), 1), "export it again with its rows")
    return table


def _check_file(path: Path) -> None:
    """Raises BadInput for what can be told from the first bytes."""
    here = Place(str(path))
    if not path.exists():
        raise _refuse("L001", f"there is no file `{path.name}`", here, "check the path")
    if not path.is_file():
        what = "folder" if path.is_dir() else "stream"
        raise _refuse("L001", f"`{path.name}` is a {what}, not a log", here, "name one CSV or Parquet file")
    start = _start(path, 4)
    if path.suffix.lower() in (".parquet", ".pq") and start != _PARQUET:
        raise _refuse("L005", "the file is named Parquet and is not", here, "if it is text, name it .csv")
    if start == b"PK\x03\x04":
        raise _refuse(
            "L005", "the file is a spreadsheet or an archive, not a log", here, "export one sheet as CSV UTF-8"
        )


def _start(path: Path, length: int) -> bytes:
    with path.open("rb") as file:
        return file.read(length)


def _refuse(code: str, sentence: str, place: Place, help: str) -> BadInput:
    return BadInput([Diagnostic(code, sentence, place, help)])


# --- CSV -----------------------------------------------------------------------------------------------------------


def _read_csv(path: Path, missing: frozenset[str], progress: Progress) -> dict[str, Column]:
    try:
        _check_text(path)
        with _open_text(path) as file:
            rows = csv.reader(file, delimiter=_separator(path), strict=True)
            return _columns(path, rows, missing, progress)
    except UnicodeDecodeError:
        raise _refuse("L004", "the log is not UTF-8 text", Place(str(path), _line_of_byte(path)),
                      "save it again as UTF-8 (Excel: `CSV UTF-8`)") from None  # fmt: skip
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise _refuse(
            "L005", "the compressed log ends too early or is damaged", Place(str(path)), "copy it again"
        ) from None
    except csv.Error:
        raise _csv_fault(path) from None


def _check_text(path: Path) -> None:
    """Raises BadInput for bytes that are no text at all, and for UTF-16."""
    with _open_bytes(path) as file:
        start = file.read(_PEEKED)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _refuse("L004", "the log is UTF-16, not UTF-8 text", Place(str(path), 1), "save it again as `CSV UTF-8`")
    if b"\x00" in start:
        line = start[: start.index(b"\x00")].count(b"\n") + 1
        raise _refuse("L005", "the log holds bytes that are not text", Place(str(path), line),
                      "export it again as CSV, or name it .parquet if it is Parquet")  # fmt: skip


def _open_bytes(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if _start(path, 2) == b"\x1f\x8b" else path.open("rb")


def _open_text(path: Path) -> IO[str]:
    return io.TextIOWrapper(_open_bytes(path), encoding="utf-8-sig", newline="")


def _separator(path: Path) -> str:
    with _open_text(path) as file:
        header = file.readline()
    named = header.rstrip("\r\n").lower().partition("sep=")
    return named[2] if not named[0] and len(named[2]) == 1 else max(",;\t|", key=header.count)


def _is_told(row: list[str]) -> bool:
    """Whether a row says something: it is not blank, and is not the line `sep=;` spreadsheets put before a header."""
    return bool(row) and "".join(row).lower() != "sep="


def _columns(path: Path, rows: Iterator[list[str]], missing: frozenset[str], progress: Progress) -> dict[str, Column]:
    header = next((row for row in rows if _is_told(row)), [])
    names = [name.strip() or f"column {i}" for i, name in enumerate(header, 1)]
    _check_header(path, names)
    builders = [Builder(missing) for _ in names]
    done = 0
    while chunk := list(islice(rows, CHUNK)):
        chunk = [row for row in chunk if row]  # blank lines
        _check_widths(path, chunk, done, len(names))
        for builder, cells in zip(builders, zip(*chunk, strict=True), strict=False):
            builder.add(cells)
        done += len(chunk)
        progress(done)
    return {name: builder.column() for name, builder in zip(names, builders, strict=True)}


def _check_header(path: Path, names: Sequence[str]) -> None:
    here = Place(str(path), 1)
    if not names:
        raise _refuse("L002", "the log is empty", Place(str(path)), "it needs a header line and rows")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _refuse("L006", f"the header names column `{twice[0]}` twice", here, "give each column its own name")


def _check_widths(path: Path, chunk: Sequence[list[str]], before: int, width: int) -> None:
    wrong = [i for i, row in enumerate(chunk) if len(row) != width]
    if not wrong:
        return
    help = "quote cells that hold the separator, or fill the row"
    raise BadInput(
        [
            Diagnostic(
                "L007",
                f"this row has {len(chunk[i])} cells, the header has {width}",
                Place(str(path), _line_of(path, before + i)),
                help,
            )
            for i in wrong[:MOST_PLACES]
        ]
    )


def _csv_fault(path: Path) -> BadInput:
    line = 1
    with suppress(csv.Error), _open_text(path) as file:
        rows = csv.reader(file, delimiter=_separator(path), strict=True)
        for _ in rows:
            line = rows.line_num + 1
    # Whatever Python's reader says, with these dialects a quote is at the root of it.
    help = "a quote is opened and not closed, or stands inside a cell: double it"
    return _refuse("L008", "the log stops being readable as CSV here", Place(str(path), line), help)


def _line_of(path: Path, row: int) -> int:
    """The line data row `row` starts on: quoted cells may span several."""
    with _open_text(path) as file:
        rows = csv.reader(file, delimiter=_separator(path))
        start, seen = 1, -2  # the header is row -1
        for cells in rows:
            seen += _is_told(cells) if seen == -2 else bool(cells)
            if seen == row:
                break
            start = rows.line_num + 1
        return start


def _line_of_byte(path: Path) -> int:
    with suppress(EOFError, OSError, zlib.error), _open_bytes(path) as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 0
