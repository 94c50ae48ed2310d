"""A client process: threads that decide, act under their permits and say what was true, until it is killed.

python client.py URL KEY FOLDER NAME RUN THREADS BUDGET_MS     SIGTERM ends it in good order
"""

from __future__ import annotations

import signal
import sys
from itertools import count
from pathlib import Path
from threading import Event, Thread

import airworthy
from airworthy.base.errors import AirworthyError
from fault.chaos.notes import Asked, Noted, Notes, Ran, Redeeming, Refused, Told

BY_HAND_S = 0.5  # work done without the AI takes its time


class Work:
    """What every thread does, again and again, about subjects nobody else asks about."""

    def __init__(self, gateway: airworthy.Gateway, folder: Path, name: str) -> None:
        self.gateway, self.name, self.over = gateway, name, Event()
        self.notes = Notes(folder / f"{name}.jsonl")
        self.effects = Notes(folder / "effects.jsonl")
        self.pay = gateway.effect("claims.pay", undo=lambda value: None)(self._paid)

    def run(self, thread: int) -> None:
        for i in count():
            if self.over.is_set():
                return
            self.one(f"{self.name}/{thread}/{i}", i)

    def one(self, subject: str, i: int) -> None:
        amount = 100.0 + i
        self.notes.write(Asked(subject))
        decision = self.gateway.decide(
            "claims.triage", subject=subject, output={"action": "pay", "amount": amount}, score=0.6 + i % 40 / 100,
            item={"amount": 9_000.0 if i % 8 == 7 else amount, "kind": "car"},
        )  # fmt: skip
        fell_back = any(why.code.startswith("client.") for why in decision.reasons)
        self.notes.write(Told(subject, decision.id, decision.route, fell_back))
        if decision.permit is not None:
            self.act(decision.value, decision.permit)
        if fell_back:
            self.over.wait(BY_HAND_S)
        noted = self.gateway.outcome(decision.id, correct=True)
        self.notes.write(Noted(decision.id, noted.id, noted.seq))

    def act(self, value: object, permit: airworthy.Permit) -> None:
        self.notes.write(Redeeming(permit.terms.permit))
        try:
            self.pay(value, permit=permit)
        except AirworthyError as error:
            self.notes.write(Refused(permit.terms.permit, error.diagnostics[0].sentence))

    def _paid(self, value: object, *, permit: airworthy.Permit) -> None:
        self.effects.write_durably(Ran(permit.terms.permit, permit.terms.decision, value))


def main(url: str, key: str, folder: str, name: str, run: str, threads: str, budget_ms: str) -> None:
    spool = Path(folder) / f"spool-{name}"
    with airworthy.connect(url, key=key, spool=spool, budget_ms=float(budget_ms)) as gateway:
        work = Work(gateway, Path(folder), f"{name}-{run}")
        signal.signal(signal.SIGTERM, lambda *_: work.over.set())
        at_work = [Thread(target=work.run, args=(i,)) for i in range(int(threads))]
        for thread in at_work:
            thread.start()
        print("working", flush=True)
        for thread in at_work:
            thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
