"""Why a gateway gave no answer that counts, and what the caller is told instead: the fallback, never an act."""

from __future__ import annotations

from concurrent.futures import CancelledError
from typing import Any

from airworthy.base.errors import AirworthyError, NotAllowed, StoreError, StoreFull, Unavailable
from airworthy.exchange.ask import Missed
from airworthy.exchange.told import Told, Why

WORDS: dict[Missed, str] = {
    "unreachable": "the gateway could not be reached",
    "slow": "the gateway did not answer within the time there is",
    "overloaded": "the gateway had more to do than it can",
    "refused": "the gateway's answer could not be used",
    "store": "the gateway could not make anything durable",
}
CLOSED = "this gateway was closed"


class Unanswered(Unavailable):
    """No answer that counts, with why."""

    def __init__(self, why: Missed, sentence: str = "", *, code: str = "C001", help: str = "") -> None:
        super().__init__(sentence or WORDS[why], code=code, help=help or "the caller works as before meanwhile")
        self.why = why


class KeyRefused(NotAllowed):
    """The server does not know this key: expired, revoked or wrong. No mistake in the call, so the work goes on."""


def missed(error: BaseException) -> Missed | None:
    """Why `error` means that nobody answered; None where it is the caller's mistake and theirs to see.

    What is no error of ours is a defect on the way, and a defect must end in the fallback as well.
    """
    if isinstance(error, Unanswered):
        return error.why
    if isinstance(error, Unavailable):
        return "unreachable"
    if isinstance(error, TimeoutError):
        return "slow"
    if isinstance(error, StoreFull):
        return "overloaded"
    if isinstance(error, StoreError):
        return "store"
    if isinstance(error, AirworthyError) and not isinstance(error, KeyRefused):
        return None
    return "refused" if isinstance(error, Exception | CancelledError) else None


def fallback(*, id: str, point: str, subject: str, attempt: int, proposed: Any, why: Missed, words: str = "") -> Told:
    """What is told while no gateway answers: settled, no value, no permit. `id` is that of the spool entry."""
    reason = Why(f"client.{why}", "", words or WORDS[why])
    return Told(
        id=id,
        point=point,
        subject=subject,
        attempt=attempt,
        status="settled",
        route="fallback",
        proposed=proposed,
        reasons=(reason,),
    )
