"""Reading a log as people export them: CSV with any usual separator, gzipped or not, or Parquet."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from airworthy.base.diagnostic import Diagnostic, Place, did_you_mean
from airworthy.base.errors import BadInput, MissingExtra
from airworthy.data.column import MISSING_WORDS, Builder, Column

CHUNK = 65_536  # rows read at a time
MOST_PLACES = 5  # of one kind of mistake that are shown
LONGEST_CELL = 1 << 20

Progress = Callable[[int], None]  # told the rows read so far


class Table:
    """A log: named columns of equal length, and where each row stands in its file."""

    def __init__(self, path: Path, columns: dict[str, Column]) -> None:
        self.path = path
        self.columns = columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def place(self, row: int, name: str | None = None) -> Place:
        """Where row `row` stands. Reads the file again up to there, so only for errors."""
        if is_parquet(self.path):
            return Place(f"{self.path}, row {row + 1:,}" + (f", column `{name}`" if name else ""))
        return Place(str(self.path), line=_line_of(self.path, row), text=self.columns[name].text(row) if name else "")

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
    """Whether the file calls itself Parquet."""
    return path.suffix.lower() in (".parquet", ".pq")


def read(path: Path, *, missing: frozenset[str] = MISSING_WORDS, progress: Progress = lambda rows: None) -> Table:
    """Reads the whole log. Raises BadInput with every structural mistake found, located; never half a table."""
    if not path.exists():
        raise _refuse("L001", f"there is no file `{path.name}`", Place(str(path)), "check the path")
    if path.is_dir():
        raise _refuse("L001", f"`{path.name}` is a folder, not a log", Place(str(path)), "name one CSV or Parquet file")
    table = _read_parquet(path, missing, progress) if is_parquet(path) else _read_csv(path, missing, progress)
    if not len(table):
        raise _refuse("L002", "the log has a header and no rows", Place(str(path), 1), "export it again with its rows")
    return table


def _refuse(code: str, sentence: str, place: Place, help: str) -> BadInput:
    return BadInput([Diagnostic(code, sentence, place, help)])


# --- CSV -----------------------------------------------------------------------------------------------------------


def _read_csv(path: Path, missing: frozenset[str], progress: Progress) -> Table:
    try:
        with _open_text(path) as file:
            rows = csv.reader(file, delimiter=_separator(path), strict=True)
            return Table(path, _columns(path, rows, missing, progress))
    except UnicodeDecodeError:
        raise _refuse("L004", "the log is not UTF-8 text", Place(str(path), _line_of_byte(path)),
                      "save it again as UTF-8 (Excel: `CSV UTF-8`)") from None  # fmt: skip
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise _refuse(
            "L005", "the compressed log ends too early or is damaged", Place(str(path)), "copy it again"
        ) from None
    except csv.Error as error:
        raise _csv_fault(path, str(error)) from None


def _open_bytes(path: Path) -> IO[bytes]:
    file = path.open("rb")
    if file.peek(2)[:2] == b"\x1f\x8b":
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    return file


def _open_text(path: Path) -> IO[str]:
    return io.TextIOWrapper(_open_bytes(path), encoding="utf-8-sig", newline="")


def _separator(path: Path) -> str:
    with _open_text(path) as file:
        header = file.readline()
    return max(",;\t|", key=header.count)


def _columns(path: Path, rows: Iterator[list[str]], missing: frozenset[str], progress: Progress) -> dict[str, Column]:
    names = [name.strip() for name in next(rows, [])]
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
    if any("\x00" in name for name in names):
        raise _refuse(
            "L005", "the log holds bytes that are not text", here, "export it again as CSV, or name it .parquet"
        )
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


def _csv_fault(path: Path, said: str) -> BadInput:
    line = 1
    try:
        with _open_text(path) as file:
            rows = csv.reader(file, delimiter=_separator(path), strict=True)
            for _ in rows:
                line = rows.line_num + 1
    except csv.Error:
        pass
    about_quotes = any(word in said for word in ("quote", "EOF", "expected"))
    help = "a quote is opened and not closed, or stands inside a cell: double it" if about_quotes else said
    return _refuse("L008", "the log stops being readable as CSV here", Place(str(path), line), help)


def _line_of(path: Path, row: int) -> int:
    """The line data row `row` ends on: quoted cells may span several."""
    with _open_text(path) as file:
        rows = csv.reader(file, delimiter=_separator(path))
        next(rows)
        seen = -1
        for cells in rows:
            seen += bool(cells)
            if seen == row:
                break
        return rows.line_num


def _line_of_byte(path: Path) -> int:
    with _open_bytes(path) as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 0


# --- Parquet -------------------------------------------------------------------------------------------------------


def _read_parquet(path: Path, missing: frozenset[str], progress: Progress) -> Table:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("reading Parquet", "parquet") from None
    try:
        with pq.ParquetFile(path) as file:
            builders = {name: _ArrowBuilder(missing) for name in file.schema_arrow.names}
            done = 0
            for batch in file.iter_batches(batch_size=CHUNK):
                for name, builder in builders.items():
                    builder.add(batch.column(name))
                done += batch.num_rows
                progress(done)
    except (pa.ArrowException, OSError) as error:
        raise _refuse("L005", "the Parquet file ends too early or is damaged", Place(str(path)),
                      f"copy it again ({str(error).splitlines()[0][:120]})") from None  # fmt: skip
    return Table(path, {name: builder.column() for name, builder in builders.items()})


class _ArrowBuilder(Builder):
    """Grows a column from Arrow arrays, through their distinct values."""

    def add(self, cells: Any) -> None:  # pyarrow has no types
        encoded = cells if hasattr(cells, "dictionary") else cells.dictionary_encode()
        words = [None if word is None else _spell(word) for word in encoded.dictionary.to_pylist()]
        for word in dict.fromkeys(words):
            if word not in self._code_of:
                self._learn(word or "")
        lookup = np.array([*(self._code_of[word] for word in words), -1], np.int32)
        indices = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        self._chunks.append(lookup[indices])


def _spell(value: object) -> str:
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return repr(value) if isinstance(value, float) else str(value)
