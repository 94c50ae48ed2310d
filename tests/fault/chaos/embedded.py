"""An embedded gateway, killed at one step of deciding, redeeming or acting: a child process for every step named.

python embedded.py FOLDER CHARTER STEP...     works in FOLDER/STEP; the effect is a line in `effects.jsonl` there
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Literal

from airworthy.client.line import Line
from airworthy.sdk.gateway import Gateway
from airworthy.service.open import open_gateway
from fault.chaos.notes import Notes, Ran

Step = Literal[
    "before asking", "asked", "decided", "told",
    "before redeeming", "redeeming", "redeemed", "in the effect", "effect done",
    "before ending", "ending", "ended",
]  # fmt: skip
AROUND = {
    "submit": ("before asking", "asked", "decided"),
    "redeem": ("before redeeming", "redeeming", "redeemed"),
    "ended": ("before ending", "ending", "ended"),
}


class Dying:
    """Ends the process before it asks, once it asked, or once the answer is durable and nobody has it."""

    def __init__(self, channel: Any, step: str) -> None:
        self._channel, self._step = channel, step

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._channel, name)
        return self._around(call, *AROUND[name]) if name in AROUND else call

    def reach(self, step: str) -> None:
        if step == self._step:
            os.kill(os.getpid(), signal.SIGKILL)

    def _around(self, call: Callable[..., Future[Any]], before: str, asked: str, durable: str) -> Any:
        def called(*args: Any) -> Future[Any]:
            self.reach(before)
            future = call(*args)
            self.reach(asked)
            future.result()
            self.reach(durable)
            return future

        return called


def live(folder: Path, charter: Path, step: str) -> None:
    """Decides and acts once."""
    channel = Dying(open_gateway(folder, [charter]), step)
    effects = Notes(folder / "effects.jsonl")
    gateway = Gateway(Line(channel, folder / "spool", budget_s=30.0))

    @gateway.effect("claims.pay", undo=lambda value: None)
    def pay(value: Any, *, permit: Any) -> None:
        channel.reach("in the effect")
        effects.write_durably(Ran(permit.terms.permit, permit.terms.decision, value))
        channel.reach("effect done")

    decision = decided(gateway)
    channel.reach("told")
    pay(decision.value, permit=decision.permit)


def decided(gateway: Gateway) -> Any:
    """The one decision this is about; asked again it is told again."""
    item = {"amount": 100.0, "kind": "car"}
    return gateway.decide(
        "claims.triage", subject="claim/1", output={"action": "pay", "amount": 100.0}, score=0.9, item=item
    )


def main(folder: str, charter: str, *steps: str) -> None:
    for step in steps:
        child = os.fork()  # every import is done, and no thread has started
        if not child:
            live(Path(folder) / step, Path(charter), step)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), step
        assert os.WTERMSIG(status) == signal.SIGKILL, step


if __name__ == "__main__":
    main(*sys.argv[1:])
