"""A store in a folder: `log.db`, `keys.db`, `lock.db`, two key files. One process writes, any number read."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import ExitStack, closing
from pathlib import Path

from airworthy.base.clock import Clock, SystemClock
from airworthy.base.errors import StoreDamaged, StoreError
from airworthy.base.ids import Random, SystemRandom
from airworthy.ledger.note import SigningKey
from airworthy.record.store import Draft, Head, Receipt, Stored
from airworthy.storage.appender import Appender
from airworthy.storage.committer import Committer
from airworthy.storage.database import Database, create, open_for_writing
from airworthy.storage.head import BEHIND
from airworthy.storage.holder import Holder
from airworthy.storage.intake import Intake
from airworthy.storage.keyfile import make_keys, read_signing_key
from airworthy.storage.migrate import migrate
from airworthy.storage.reader import SqliteReader
from airworthy.storage.seen import Seen

ORIGIN = "airworthy.local/log"
PARTS = ("keys.db", "lock.db", "log.db")


def open_reader(folder: Path | str) -> SqliteReader:
    """The log in `folder`, for reading, also while another process appends. Never writes, needs no signing key."""
    return SqliteReader(Path(folder), SystemRandom())


def open_store(
    folder: Path | str, *, origin: str = ORIGIN, clock: Clock | None = None, random: Random | None = None
) -> SqliteStore:
    """The log in `folder`, made there under the name `origin` if there is none.

    Raises StoreLocked while another process writes to it, StoreDamaged where it is not the log that was signed.
    """
    return SqliteStore(Path(folder), origin, clock or SystemClock(), random or SystemRandom())


class SqliteStore(SqliteReader):
    """Keeps the promises of `record.store.Store` for a folder."""

    def __init__(self, folder: Path, origin: str, clock: Clock, random: Random) -> None:
        with ExitStack() as opened:
            _make_folder(folder)
            opened.callback(Holder(folder, clock).release)
            key = _signing_key(folder, origin, random)
            super().__init__(folder, random)
            # The writing connections close last, so that SQLite folds its write-ahead files into the three.
            appender = opened.enter_context(closing(Appender(folder, key, self.ring)))
            opened.callback(super().close)
            if self.key != key.verifier:
                raise StoreError(f"the signing key is not that of {self.origin}", code="R007")
            self._seen = _seen(self.log)
            self._committer = Committer(Intake(self.ring, random, self._seen), appender)
            opened.callback(self._committer.stop)
            self._opened = opened.pop_all()

    def submit(self, drafts: Sequence[Draft]) -> Future[tuple[Receipt, ...]]:
        return self._committer.submit(drafts)

    def append(self, drafts: Sequence[Draft]) -> tuple[Receipt, ...]:
        return self._committer.append(drafts)

    def bears(self, id: str) -> bool:
        return self._seen.may_hold(id.encode()) and super().bears(id)

    def decided(self, point: str, subject: str, attempt: int) -> Stored | None:
        once = self.ring.once(point, subject, attempt)
        return super().decided(point, subject, attempt) if self._seen.may_hold(once) else None

    def checkpoint(self) -> Head:
        return self._committer.sign().result()

    def close(self) -> None:
        """Writes and signs what is queued, then lets go of the folder."""
        self._opened.close()


def _seen(log: Database) -> Seen:
    """Everything an entry of the log can be found by."""
    seen = Seen()
    for (about,) in log.all("abouts"):
        seen.add(about.encode())
    for (once,) in log.all("onces"):
        seen.add(once)
    return seen


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder.name} cannot be made: {error.strerror}", code="R008") from None


def _signing_key(folder: Path, origin: str, random: Random) -> SigningKey:
    """The key of the log in `folder`; makes whatever a new log needs first.

    The name is written last: a log without one was never completed, and is made again.
    """
    if not _is_complete(folder / "log.db"):
        make_keys(folder, origin, random)
        for name in PARTS:
            create(folder / name)
        key = read_signing_key(folder)
        log = open_for_writing(folder / "log.db")
        with log.transaction() as writer:
            writer.many("name_log", [(str(key.verifier),)])
        log.close()
    migrate(folder / "log.db")
    _check_parts(folder)
    return read_signing_key(folder)


def _is_complete(path: Path) -> bool:
    if not path.exists():
        return False
    log = open_for_writing(path)
    try:
        return log.has_table("meta") and log.one("format") is not None
    finally:
        log.close()


def _check_parts(folder: Path) -> None:
    if not (folder / "lock.db").exists():
        raise StoreDamaged(
            "lock.db is missing, so nobody can tell what was signed before",
            code=BEHIND,
            help="bring it back from this machine; after a restore open a new generation of the log",
        )
    if not (folder / "keys.db").exists():
        raise StoreDamaged("keys.db is missing: names and content cannot be read", help="bring back its backup")
