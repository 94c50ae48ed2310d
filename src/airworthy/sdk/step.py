"""A step of a workflow: decisions made inside it name it as their parent, and share one trace."""

from __future__ import annotations

from contextvars import ContextVar, Token
from types import TracebackType

from airworthy.base.clock import Clock
from airworthy.base.ids import Random, new_id

_CURRENT: ContextVar[Step | None] = ContextVar("airworthy_step", default=None)


class Step:
    """Entered with `with`, also in async code; each task sees the steps it was started in.

    id      what decisions made inside name as `parent`
    trace   the same for a step and all steps inside it
    """

    def __init__(self, name: str, clock: Clock, random: Random) -> None:
        outer = _CURRENT.get()
        self.name = name
        self.id = new_id(clock.now(), random)  # it stands in the log in clear, and a name might say too much
        self.trace: str = outer.trace if outer else new_id(clock.now(), random)
        self._token: Token[Step | None] | None = None

    def __enter__(self) -> Step:
        self._token = _CURRENT.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _CURRENT.reset(self._token)
            self._token = None


def carried() -> dict[str, str]:
    """What a decision made here carries: the step as `parent`, and the trace. Empty outside every step."""
    step = _CURRENT.get()
    return {"parent": step.id, "trace": step.trace} if step else {}
