"""An AI output on its way to a decision point, and what came of many of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypedDict, TypeVar, Unpack

from airworthy.base.canonical import OutOfProfile, profiled
from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput
from airworthy.exchange.ask import MOST_AT_ONCE, Ask, Source
from airworthy.sdk.decision import Decision
from airworthy.sdk.said import checked
from airworthy.sdk.step import carried
from airworthy.sdk.value import plain, to_json

T = TypeVar("T")


class With(TypedDict, total=False):
    """What may be said beside an output; `exchange.ask.Ask` tells what each means."""

    attempt: int
    item: Any  # what the AI was given: a dict, dataclass, struct or model
    score: float | None
    proba: Mapping[str, float] | Sequence[float] | None
    samples: Sequence[Any] | None
    logprobs: Sequence[float] | None
    scores: Mapping[str, float]
    sources: Sequence[Source]
    context: str
    requested_by: str
    model_version: str
    parent: str  # by default the step it is made in
    trace: str


class Output(Generic[T]):
    """One output about one subject, for `decide_many` and `astream`. Its repr shows neither."""

    __slots__ = ("beside", "output", "subject")

    def __init__(self, subject: str, output: T, **beside: Unpack[With]) -> None:
        self.subject, self.output, self.beside = subject, output, beside

    def __repr__(self) -> str:
        return f"Output(attempt {self.beside.get('attempt', 1)})"


def ask(point: str, subject: str, output: object, beside: With) -> Ask:
    """What is asked of the gateway. Raises BadInput (C010, C012) where it could not even be asked."""
    said: dict[str, Any] = {**carried(), **beside}
    item = said.pop("item", None)
    sources = tuple(said.pop("sources", ()))
    named = {"point": point, "subject": subject, "sources": sources, "item": {} if item is None else to_json(item)}
    return checked(Ask, _finite(said) | named | {"output": to_json(output)})


def _finite(said: dict[str, Any]) -> dict[str, Any]:
    """As JSON types. A score that is no number must not pass for one that was never given, as NaN would in JSON."""
    return {name: _plain(name, value) for name, value in said.items()}


def _plain(name: str, value: object) -> Any:
    try:
        json = plain(value)
        profiled(json)
    except (OutOfProfile, TypeError, ValueError) as error:
        sentence = error.diagnostics[0].sentence if isinstance(error, OutOfProfile) else str(error)
        raise _refuse("C012", f"`{name}` cannot be asked: {sentence}", "give plain data and finite numbers") from None
    return json


def check_together(asks: Sequence[Ask]) -> None:
    """Raises BadInput (C013, C014) for outputs that cannot be one batch: told apart by subject and attempt alone."""
    first: dict[tuple[str, int], int] = {}
    for n, ask in enumerate(asks, 1):
        if first.setdefault((ask.subject, ask.attempt), n) < n:
            said = f"outputs {first[ask.subject, ask.attempt]} and {n} have the same subject and attempt"
            raise _refuse("C013", said, "count `attempt` up where an item came back, and send an output once")
    if len(asks) > MOST_AT_ONCE:
        raise _refuse("C014", f"{len(asks):,} outputs are too many for one transaction",
                      f"send at most {MOST_AT_ONCE} at once, or use `astream`")  # fmt: skip


class Decisions(Mapping[tuple[str, int], Decision[T]]):
    """Decisions by subject and attempt, never by position: `found["claim/1"]`, or `found["claim/1", 2]`."""

    def __init__(self, decisions: Sequence[Decision[T]]) -> None:
        self._found = {(one.subject, one.attempt): one for one in decisions}

    def __getitem__(self, key: str | tuple[str, int]) -> Decision[T]:
        """Raises KeyError; also where only the subject is given and it has more than one attempt."""
        if isinstance(key, tuple):
            return self._found[key]
        of_subject = [one for (subject, _), one in self._found.items() if subject == key]
        if len(of_subject) != 1:
            raise KeyError(f"{key} has {len(of_subject)} decisions here; name the attempt where there are several")
        return of_subject[0]

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _refuse(code: str, sentence: str, help: str) -> BadInput:
    return BadInput([Diagnostic(code, sentence, help=help)])
