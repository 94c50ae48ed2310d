"""`airworthy.testing`: a gateway for the tests of your own code. It routes as the test says; permits are real.

The fixture `gateway` comes with the package:

    def test_a_payment_waits_for_a_person(gateway):
        gateway.will("claims.triage", route="review")
        assert handle(claim, gateway).status == "waiting"
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from airworthy.base.clock import FixedClock
from airworthy.client.line import Line
from airworthy.exchange.ask import Answer, Missed, Verb
from airworthy.exchange.told import Told
from airworthy.record.decision import Route
from airworthy.sdk.gateway import Gateway
from airworthy.sdk.scripted import Script, Scripted
from airworthy.sdk.value import to_json

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
PATIENT_S = 30.0  # a busy machine must not turn a test into a fallback


class NumberedRandom:
    """The same bytes in every run: SHA-256 of a counter."""

    def __init__(self) -> None:
        self._n = 0

    def bytes(self, n: int) -> bytes:
        self._n += 1
        return hashlib.shake_256(str(self._n).encode()).digest(n)


class TestGateway(Gateway):
    """A gateway whose other end does what the test says. What nobody scripted goes to review."""

    __test__ = False

    def __init__(self, spool: Path, clock: FixedClock | None = None) -> None:
        self.clock = clock or FixedClock(START)
        random = NumberedRandom()
        self.scripted = Scripted(self.clock, random)
        super().__init__(Line(self.scripted, spool, budget_s=PATIENT_S, clock=self.clock, random=random))

    @property
    def decisions(self) -> tuple[Told, ...]:
        """Everything decided, in order, as it stands now."""
        return self.scripted.decisions

    def will(self, point: str, *, route: Route, effect: str = "") -> None:
        """From now on outputs at `point` get `route`; permits are for `effect`, by default for whichever comes.

        Raises ValueError for a word that is no route.
        """
        _check(route, Route)
        before = self.scripted.scripts.get(point, Script())
        self.scripted.scripts[point] = msgspec.structs.replace(before, route=route, effect=effect)

    def answers(self, point: str, verb: Verb, value: object = None) -> None:
        """A person will answer whatever waits at `point`, as soon as the code waits for it.

        Raises ValueError for a word that is no answer.
        """
        _check(verb, Verb)
        answer = Answer(verb=verb, seen="", value=None if value is None else to_json(value))
        before = self.scripted.scripts.get(point, Script())
        self.scripted.scripts[point] = msgspec.structs.replace(before, answer=answer)

    @contextmanager
    def down(self, why: Missed = "unreachable") -> Iterator[None]:
        """Nobody answers inside this block. Raises ValueError for a word that is no such reason."""
        _check(why, Missed)
        self.scripted.down = why
        try:
            yield
        finally:
            self.scripted.down = None


def _check(word: str, words: Any) -> None:
    """A test with a typo must not pass because nothing was scripted."""
    if word not in get_args(words):
        raise ValueError(f"`{word}` is none of: {', '.join(get_args(words))}")


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[TestGateway]:
    """A scripted gateway with a fixed clock and permits signed by a key that is thrown away."""
    with TestGateway(tmp_path / "spool") as gateway:
        yield gateway
