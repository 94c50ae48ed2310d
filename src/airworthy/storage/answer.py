"""How the committer answers whoever waits for it."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Lock
from typing import Protocol, TypeVar

from airworthy.record.store import Receipt

T = TypeVar("T")
Receipts = tuple[Receipt, ...]


class Answer(Future[T]):
    """A future that cannot be called back: what is queued will be written."""

    def cancel(self) -> bool:
        return False


class Append(Protocol):
    """Where the outcome of one append goes, once."""

    def set_result(self, result: Receipts) -> None: ...

    def set_exception(self, exception: BaseException) -> None: ...

    def done(self) -> bool: ...


class Wait:
    """An answer for one thread that waits: a bare lock, since a future's condition costs more than writing the entry.

    INVARIANT: the lock is held until there is an answer; the other fields are set before it is let go, and then stay.
    """

    def __init__(self) -> None:
        self._unanswered = Lock()
        self._unanswered.acquire()
        self._receipts: Receipts = ()
        self._error: BaseException | None = None
        self._done = False

    def set_result(self, result: Receipts) -> None:
        self._receipts, self._done = result, True
        self._unanswered.release()

    def set_exception(self, exception: BaseException) -> None:
        self._error, self._done = exception, True
        self._unanswered.release()

    def done(self) -> bool:
        return self._done

    def result(self) -> Receipts:
        """Blocks until the answer is there; once, by one thread. Raises what the append failed with."""
        self._unanswered.acquire()
        if self._error is not None:
            raise self._error
        return self._receipts
