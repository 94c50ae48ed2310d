"""So many at once, and no more: whoever finds no room is told at once."""

from __future__ import annotations

from types import TracebackType

from airworthy.web.problem import Overloaded


class Room:
    """Places for one kind of work. Used by the loop's thread: `with room: ...`."""

    def __init__(self, most: int, code: str, sentence: str) -> None:
        self.most = most
        self.taken = 0
        self._code = code
        self._sentence = sentence

    def __enter__(self) -> None:
        """Raises Overloaded (503, Retry-After) where every place is taken."""
        if self.taken >= self.most:
            raise Overloaded(self._code, self._sentence)
        self.taken += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.taken -= 1
