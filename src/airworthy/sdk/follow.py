"""Waiting for a person: asks again until the decision is settled or the time is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial

from airworthy.client.attempt import atold as aheard
from airworthy.client.attempt import told as heard
from airworthy.client.line import Line
from airworthy.client.missed import KeyRefused, missed
from airworthy.exchange.told import Told

LONGEST_POLL_S = 25.0
GRACE_S = 0.5  # beyond the poll itself, for the answer to travel
FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 5.0


class Following:
    """Long polls through the line. An outage makes it wait longer, never answer otherwise."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def wait(self, told: Told, timeout: float | None) -> Told:
        for poll_s, pause_s in _polls(timeout):
            try:
                told = heard(partial(self._poll, told.id, poll_s), poll_s + GRACE_S)
            except Exception as error:  # the edge of a call, as in `client.attempt`
                _raise_mistake(error)
            if told.status == "settled":
                break
            time.sleep(pause_s)
        return told

    async def result(self, told: Told, timeout: float | None) -> Told:
        for poll_s, pause_s in _polls(timeout):
            try:
                told = await aheard(partial(self._poll, told.id, poll_s), poll_s + GRACE_S)
            except Exception as error:  # as above
                _raise_mistake(error)
            if told.status == "settled":
                break
            await asyncio.sleep(pause_s)
        return told

    def _poll(self, decision: str, wait_s: float) -> Future[Told]:
        return self._line.channel.told(decision, self._line.caller, wait_s=wait_s)


def _polls(timeout: float | None) -> Iterator[tuple[float, float]]:
    """How long to poll, and then to pause, until the time is over: at least once."""
    until = None if timeout is None else time.monotonic() + timeout
    pause = FIRST_PAUSE_S
    while True:
        left = LONGEST_POLL_S if until is None else max(0.0, until - time.monotonic())
        began = time.monotonic()
        yield min(left, LONGEST_POLL_S), min(pause, left)
        # A poll that came back at once was refused, or the other side does not wait: do not hammer it.
        pause = min(2 * pause, LONGEST_PAUSE_S) if time.monotonic() - began < 1 else FIRST_PAUSE_S
        if until is not None and time.monotonic() >= until:
            return


def _raise_mistake(error: Exception) -> None:
    if missed(error) is None or isinstance(error, KeyRefused):  # nobody would ever hear of it otherwise
        raise error
