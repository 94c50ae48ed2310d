"""Opening the three files with apsw, and saying in our words what SQLite reports.

INVARIANT: nothing but apsw opens these files in this process: closing any other handle on them would drop SQLite's
locks, and a second process could then write.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

import apsw

from airworthy.base.errors import StoreDamaged, StoreError, StoreFull, StoreLocked
from airworthy.storage.statement import statements

_WRITE = apsw.SQLITE_OPEN_READWRITE
_CREATE = _WRITE | apsw.SQLITE_OPEN_CREATE
_READ = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
_WAIT_MS = 5_000
_PAGE = 8_192  # bytes; an entry and what is sealed beside it seldom fit 4 KiB, and each page is two system calls
_PRAGMAS = (
    f"page_size = {_PAGE}",  # first: it holds for a file without tables, and only until there is a write-ahead file
    "journal_mode = WAL",
    "synchronous = FULL",
    "secure_delete = ON",
    "trusted_schema = OFF",
)
_WAL_PAGES = 2_000  # between checkpoints of SQLite's own; as many bytes as measured best


class Database:
    """One connection and its named statements. Any thread at once; they take turns."""

    def __init__(self, connection: apsw.Connection, file: str) -> None:
        self.sql = statements("sqlite", file)
        self.file = file
        self._connection = connection
        self._lock = Lock()

    def all(self, name: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock, translated(f"reading {self.file}.db"):
            return self._connection.execute(self.sql[name], values).fetchall()

    def row(self, name: str, values: Sequence[Any] = ()) -> Any:
        """The first row, None where there is none."""
        rows = self.all(name, values)
        return rows[0] if rows else None

    def one(self, name: str, values: Sequence[Any] = ()) -> Any:
        """The first column of the first row, None where there is no row."""
        row = self.row(name, values)
        return row[0] if row else None

    def has_table(self, name: str) -> bool:
        """True when the table was made."""
        with self._lock, translated(f"reading {self.file}.db"):
            return bool(self._connection.table_exists("main", name))

    def integrity(self) -> list[str]:
        """What SQLite's own check of pages and indexes finds, one sentence each."""
        with self._lock, translated(f"checking {self.file}.db"):
            rows = self._connection.execute("PRAGMA integrity_check").fetchall()
        return [str(row[0]) for row in rows if row[0] != "ok"]

    @contextmanager
    def transaction(self) -> Iterator[Writer]:
        """Everything inside becomes durable together when the block ends, or not at all."""
        with self._lock, translated(f"writing {self.file}.db"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Writer(self._connection, self.sql)
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def close(self) -> None:
        """May be called twice."""
        with self._lock, translated(f"closing {self.file}.db"):
            self._connection.close(True)

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


class Writer:
    """Writing inside one transaction."""

    def __init__(self, connection: apsw.Connection, sql: dict[str, str]) -> None:
        self._connection = connection
        self._sql = sql

    def many(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        """Runs a statement once per row."""
        if rows:
            self._connection.executemany(self._sql[name], rows)

    def changed(self, name: str, values: Sequence[Any]) -> int:
        """Runs a statement and counts the rows it changed."""
        self._connection.execute(self._sql[name], values)
        return self._connection.changes()


def create(path: Path) -> None:
    """Makes the file with its tables, as far as they are not there yet."""
    with translated(f"creating {path.name}"):
        connection = _writable(path, _CREATE)
        connection.execute(statements("sqlite", path.stem)["schema"])
        connection.close()


def open_for_writing(path: Path) -> Database:
    """The file, durable at every commit. Never makes one: an empty file in place of a lost one would hide the loss."""
    with translated(f"opening {path.name}"):
        return Database(_writable(path, _WRITE), path.stem)


def _writable(path: Path, flags: int) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=flags)
    connection.set_busy_timeout(_WAIT_MS)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.wal_autocheckpoint(_WAL_PAGES)
    return connection


def open_for_reading(path: Path) -> Database:
    """The file as it is; nothing is ever written to it."""
    if not path.is_file():
        raise StoreError(f"there is no {path.name} in {path.parent.name}", code="R008")
    with translated(f"opening {path.name}"):
        try:
            connection = _readable(path, "")
        except (apsw.CantOpenError, apsw.ReadOnlyError):
            if _has_tail(path):
                raise
            # A folder nobody can write to, with everything in the main file: no reader needs to see another's locks.
            connection = _readable(path, "?immutable=1")
    return Database(connection, path.stem)


def _readable(path: Path, options: str) -> apsw.Connection:
    connection = apsw.Connection(f"file:{quote(str(path.absolute()))}{options}", flags=_READ)
    connection.set_busy_timeout(_WAIT_MS)
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    return connection


def _has_tail(path: Path) -> bool:
    tail = path.with_name(path.name + "-wal")
    return tail.exists() and tail.stat().st_size > 0


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turns what SQLite raises into a StoreError that says what was being done."""
    try:
        yield
    except apsw.FullError:
        raise StoreFull(f"the disk is full ({doing})", help="free some space, then open the store again") from None
    except (apsw.CorruptError, apsw.NotADBError, apsw.SQLError, UnicodeDecodeError) as error:
        raise StoreDamaged(
            f"the file is not what was written ({doing}: {error})", help="bring back a copy; keep lock.db as it is"
        ) from None
    except (apsw.BusyError, apsw.LockedError):
        raise StoreLocked(f"another program holds the file ({doing})") from None
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError, apsw.AuthError) as error:
        raise StoreError(
            f"the file cannot be opened ({doing}: {error})", code="R008", help="check who may read and write the folder"
        ) from None
    except apsw.Error as error:
        raise StoreError(
            f"the disk failed ({doing}: {error})", help="check the disk, then open the store again"
        ) from None
