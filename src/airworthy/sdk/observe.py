"""`airworthy.observe`: no charter yet. It records what a function gives, and never interferes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar, cast

from airworthy.base.canonical import encode_trusted, profiled
from airworthy.base.clock import Clock, SystemClock
from airworthy.base.ids import Random, SystemRandom, new_id
from airworthy.base.quantity import Ppm, ppm, share
from airworthy.record.envelope import Actor, Record
from airworthy.record.observation import ObservationMade, TruthLearnt
from airworthy.record.store import Content, Draft
from airworthy.sdk.notebook import Notebook, Observed, Tally, notebook
from airworthy.sdk.value import plain

P = ParamSpec("P")
R = TypeVar("R")
T_co = TypeVar("T_co", covariant=True)

FOLDER = Path(".airworthy/observed")
DATA_CLASS = "work"


class Observation:
    """What is known of one observed name: its health, and where truths go."""

    def __init__(self, name: str, folder: Path, clock: Clock, random: Random) -> None:
        self.name = name
        self.tally = Tally(name)
        self._folder, self._clock, self._random = folder, clock, random

    def outcome(self, subject: str, truth: object) -> None:
        """Records what turned out to be true about an item. Never raises; look at `health`."""
        try:
            truth_learnt = TruthLearnt(**self._common(), actor=Actor("system"))
            self._put(truth_learnt, subject, _content("truth", truth))
        except Exception as error:  # the whole point: nothing of ours reaches the caller
            self.tally.failed(error, "truth")

    def made(self, subject: str, output: object, score_ppm: Ppm | None, item: Content | None) -> None:
        """Records one call. Raises whatever its parts do."""
        made = ObservationMade(**self._common(), actor=Actor("model"), score=score_ppm)
        self._put(made, subject, item, _content("output", output))

    def health(self) -> Observed:
        """Counts since the process began."""
        return self.tally.health()

    def flush(self, timeout: float = 5.0) -> bool:
        """Whether everything so far is written, or counted as failed, within `timeout` seconds. For tests, and ends."""
        return self._book().flush(timeout)

    def _common(self) -> dict[str, Any]:
        now = self._clock.now()
        return {"id": new_id(now, self._random), "ts": now, "at": now, "use_case": self.name}

    def _put(self, record: Record, subject: str, *contents: Content | None) -> None:
        sealed = tuple(content for content in contents if content)
        self._book().put(Draft(record=record, subject=str(subject), contents=sealed), self.tally)

    def _book(self) -> Notebook:
        return notebook(self._folder)


class Watched(Protocol[P, T_co]):
    """The observed function: called as before."""

    observed: Observation

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T_co: ...


class Observing:
    """The decorator `observe` gives."""

    def __init__(
        self,
        observation: Observation,
        subject: Callable[..., str],
        item: Callable[..., Any] | None,
        score: Callable[[Any], float] | None,
        output: Callable[[Any], Any] | None,
    ) -> None:
        self._observation = observation
        self._subject, self._item, self._score, self._output = subject, item, score, output

    def __call__(self, fn: Callable[P, R]) -> Watched[P, R]:
        watched: Any = self._async(fn) if inspect.iscoroutinefunction(fn) else self._sync(fn)
        watched.observed = self._observation
        return cast("Watched[P, R]", watched)

    def _sync(self, fn: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(fn)
        def watched(*args: P.args, **kwargs: P.kwargs) -> R:
            given = self._given(*args, **kwargs)
            result = fn(*args, **kwargs)
            self._record(given, result)
            return result

        return watched

    def _async(self, fn: Callable[P, Awaitable[Any]]) -> Callable[P, Any]:
        @functools.wraps(fn)
        async def watched(*args: P.args, **kwargs: P.kwargs) -> Any:
            given = self._given(*args, **kwargs)
            result = await fn(*args, **kwargs)
            self._record(given, result)
            return result

        return watched

    def _given(self, *args: Any, **kwargs: Any) -> tuple[str, Content | None] | None:
        """Subject and item as they are before the function can change them; None where they cannot be told."""
        part = "item"
        try:
            item = _content("input", self._item(*args, **kwargs) if self._item else None)
            part = "subject"
            return self._subject(*args, **kwargs), item
        except Exception as error:  # the whole point: nothing of ours reaches the caller
            self._observation.tally.failed(error, part)
            return None

    def _record(self, given: tuple[str, Content | None] | None, result: Any) -> None:
        self._observation.tally.count("calls")
        if given is None:
            return
        try:
            output = self._output(result) if self._output else result
            self._observation.made(given[0], output, self._stated(result), given[1])
        except Exception as error:  # as above
            self._observation.tally.failed(error, "output")

    def _stated(self, result: Any) -> Ppm | None:
        """The score in millionths; None where none was stated, or it is none: the output is worth a record without."""
        try:
            score = self._score(result) if self._score else None
            return None if score is None else ppm(share(float(score)))
        except Exception as error:  # as above
            self._observation.tally.failed(error, "score")
            return None


def observe(
    name: str,
    *,
    subject: Callable[..., str],
    score: Callable[[Any], float] | None = None,
    output: Callable[[Any], Any] | None = None,
    item: Callable[..., Any] | None = None,
    folder: str | Path = FOLDER,
    clock: Clock | None = None,
    random: Random | None = None,
) -> Observing:
    """A decorator: the function works as before, and what it gives is recorded beside it.

    subject  of the function's arguments: the work item's identity, by which its truth is found later
    score    of the result: how sure the AI was, 0 to 1; recorded as not stated where it is no such number
    output   of the result: what the AI said, by default all of it
    item     of the function's arguments: what the AI was given, as a dict, dataclass, struct or model
    """
    observation = Observation(name, Path(folder), clock or SystemClock(), random or SystemRandom())
    return Observing(observation, subject, item, score, output)


def learnt(name: str, subject: str, truth: object, *, folder: str | Path = FOLDER) -> None:
    """Records what turned out to be true about an item observed under `name`, maybe weeks later. Never raises."""
    Observation(name, Path(folder), SystemClock(), SystemRandom()).outcome(subject, truth)


def _content(purpose: str, value: object) -> Content | None:
    return None if value is None else Content(purpose, DATA_CLASS, encode_trusted(profiled(plain(value))))
