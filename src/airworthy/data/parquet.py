"""Reading a Parquet log: numbers and times as they lie in the file, words only of the columns someone asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.base.errors import BadInput, MissingExtra
from airworthy.data.column import NO_MOMENT, Builder, Column

BATCH = 65_536  # rows read at a time
_SAMPLE = 10_000  # rows in which too many distinct values are noticed early


def read_parquet(path: Path, missing: frozenset[str], progress: Callable[[int], None]) -> dict[str, Column]:
    """The file's columns by name. Raises BadInput when it is damaged, MissingExtra without pyarrow."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("reading Parquet", "parquet") from None
    try:
        with pq.ParquetFile(path) as file:
            schema, batches, done = file.schema_arrow, [], 0
            _check_names(path, schema.names)
            for batch in file.iter_batches(batch_size=BATCH):
                batches.append(batch)
                done += batch.num_rows
                progress(done)
        table = pa.Table.from_batches(batches, schema=schema)
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        sentence = "the Parquet file ends too early or is damaged"
        raise BadInput([Diagnostic("L005", sentence, Place(str(path)), "copy it again")]) from None
    return {name: _column(table.column(i), missing) for i, name in enumerate(schema.names)}


def _check_names(path: Path, names: Sequence[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        sentence = f"the file names column `{twice}` twice"
        raise BadInput([Diagnostic("L006", sentence, Place(str(path)), "give each column its own name")])


def _column(cells: Any, missing: frozenset[str]) -> Column:
    """`cells` is a pyarrow.ChunkedArray; pyarrow has no types."""
    import pyarrow as pa

    kind = cells.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _Times(cells, missing)
    marked = any(_is_finite(word) for word in missing)  # -999 and the like stand for nothing here
    if not marked and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return _Numbers(cells, missing)
    return _Lazy(cells, missing)


def _is_finite(word: str) -> bool:
    try:
        return bool(np.isfinite(float(word)))
    except ValueError:
        return False


class _Lazy(Column):
    """Cells as they lie in the file; sorted into words when someone asks for them."""

    def __init__(self, cells: Any, missing: frozenset[str]) -> None:
        self._cells = cells
        self._missing_words = missing

    def __len__(self) -> int:
        return len(self._cells)

    def take(self, rows: NDArray[np.int64]) -> Column:
        return Column(self.codes[rows], self.words)

    def few(self, most: int) -> bool:
        return _distinct(self._cells.slice(0, _SAMPLE)) <= most and len(self.words) <= most

    @cached_property
    def _encoded(self) -> Column:
        builder = Builder(self._missing_words)
        for chunk in self._cells.chunks:
            _encode(builder, chunk)
        return builder.column()

    @property
    def codes(self) -> NDArray[np.int32]:  # type: ignore[override]
        return self._encoded.codes

    @property
    def words(self) -> tuple[str, ...]:  # type: ignore[override]
        return self._encoded.words


class _Numbers(_Lazy):
    """Numbers, read without passing through text."""

    @property
    def missing(self) -> NDArray[np.bool_]:
        return np.isnan(self.numbers)

    @property
    def keys(self) -> NDArray[np.int64]:
        return self.numbers.view(np.int64)

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        import pyarrow as pa

        values = self._cells.cast(pa.float64(), safe=False).fill_null(float("nan"))
        return np.asarray(values.to_numpy(), np.float64)

    def unreadable_numbers(self) -> list[str]:
        return super().unreadable_numbers() if np.isinf(self.numbers).any() else []

    def take(self, rows: NDArray[np.int64]) -> Column:
        return _Numbers(self._cells.take(rows), self._missing_words)


class _Times(_Lazy):
    """Times the file itself declares as such; without a zone they are read as UTC."""

    @property
    def keys(self) -> NDArray[np.int64]:
        return self.instants

    @cached_property
    def instants(self) -> NDArray[np.int64]:
        import pyarrow as pa

        cells = self._cells.cast(pa.timestamp("us", tz=getattr(self._cells.type, "tz", None)), safe=False)
        return np.asarray(cells.cast(pa.int64()).fill_null(NO_MOMENT).to_numpy(), np.int64)

    def take(self, rows: NDArray[np.int64]) -> Column:
        return _Times(self._cells.take(rows), self._missing_words)


def _distinct(cells: Any) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return int(pc.count_distinct(cells).as_py())
    except pa.ArrowNotImplementedError:  # lists and structs
        return 0


def _encode(builder: Builder, chunk: Any) -> None:
    """Adds a chunk through its distinct values, or cell by cell where Arrow has no dictionary for its type."""
    import pyarrow as pa

    try:
        encoded = chunk if hasattr(chunk, "dictionary") else chunk.dictionary_encode()
    except pa.ArrowNotImplementedError:
        builder.add([_spell(value) for value in chunk.to_pylist()])
        return
    indices = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    builder.add_coded([_spell(value) for value in encoded.dictionary.to_pylist()], indices)


def _spell(value: object) -> str | None:
    if value is None:
        return None
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return repr(value) if isinstance(value, float) else str(value)
