"""Carries out what was left in the inbox, each order once, and answers it when what it did is durable."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from pathlib import Path
from threading import Lock
from time import monotonic

from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import AirworthyError, StoreError
from airworthy.exchange.channel import Caller
from airworthy.exchange.told import Noted
from airworthy.service.inbox import Inbox, Order, Reply
from airworthy.service.live.governing import Governing

LOOK_EVERY_S = 0.05  # between two looks while many ask

_log = logging.getLogger("airworthy")


class Obeying:
    """The orders of one inbox. Any thread at once; nothing here raises, whatever stands in the folder.

    INVARIANT: an order whose file is still there is in `_carried` from the moment it was carried out, so that no disk
    that refuses the answer has it carried out twice.
    """

    def __init__(self, inbox: Inbox, governing: Governing) -> None:
        self._inbox, self._governing = inbox, governing
        self._looking, self._answering = Lock(), Lock()  # held by one thread at a time; nobody waits for `_looking`
        self._carried: dict[Path, Future[Noted]] = {}
        self._look_at = 0.0
        self._complaint = ""

    def look(self) -> None:
        """Carries out what was left. It waits for no disk: the answers come with `answer`."""
        if monotonic() < self._look_at or not self._looking.acquire(blocking=False):
            return
        try:
            self._look_at = monotonic() + LOOK_EVERY_S
            if self._inbox.changed():
                self._carry_out()
        except OSError as error:
            self._complain(error)
        finally:
            self._looking.release()

    def answer(self, patience_s: float) -> None:
        """Answers the orders whose records are durable within `patience_s` seconds; the others at a later call."""
        with self._answering:
            wait(list(self._carried.values()), patience_s)
            for file, noted in list(self._carried.items()):
                if noted.done():
                    self._answer(file, noted)

    def _carry_out(self) -> None:
        for file, order in self._inbox.orders():
            if file not in self._carried:
                self._carried[file] = _settled(partial(self._obey, order))

    def _answer(self, file: Path, noted: Future[Noted]) -> None:
        try:
            self._inbox.answer(file, _reply(noted))
        except OSError as error:
            self._complain(error)
        else:
            del self._carried[file]

    def _obey(self, order: Order | None) -> Future[Noted]:
        if order is None:
            raise StoreError("the order cannot be read", code="G057")
        caller = Caller(order.person, frozenset({"owner"}), bool(order.person))
        return order.given_to(self._governing, caller)

    def _complain(self, error: OSError) -> None:
        """Once, for as long as it stays the same."""
        if str(error) != self._complaint:
            self._complaint = str(error)
            _log.error("the inbox cannot be looked after: %s", error)


def _settled(ask: Callable[[], Future[Noted]]) -> Future[Noted]:
    """What `ask` returns; whatever it raises fails the future instead: one order must not keep the others waiting."""
    try:
        return ask()
    except Exception as error:  # the edge of one order
        failed: Future[Noted] = Future()
        failed.set_exception(error)
        return failed


def _reply(noted: Future[Noted]) -> Reply:
    try:
        done = noted.result()
    except AirworthyError as error:
        return Reply(refused=error.diagnostics)
    except Exception as error:  # the edge of one order
        _log.exception("an order could not be carried out")
        return Reply(refused=(Diagnostic("G057", f"the order cannot be carried out: {type(error).__name__}"),))
    return Reply(seq=done.seq, note=done.note)
