"""Read by mypy, not run: what is inferred for those who use the package. `test_typed.py` compares."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import reveal_type

import airworthy
from airworthy import Output, Permit


@dataclass(frozen=True)
class Triage:
    action: str


gateway = airworthy.connect()
decision = gateway.decide("claims.triage", subject="claim/1", output=Triage("pay"), score=0.9)
reveal_type(decision)
reveal_type(decision.value)
reveal_type(decision.wait())


@gateway.decision("claims.triage", subject=lambda claim: f"claim/{claim}")
def triage(claim: int) -> Triage:
    return Triage("pay")


@gateway.decision("claims.triage", subject=lambda claim: f"claim/{claim}")
async def atriage(claim: int) -> Triage:
    return Triage("pay")


@gateway.effect("claims.pay")
def pay(what: Triage, *, permit: Permit) -> str:
    return what.action


@gateway.effect("claims.pay")
async def apay(what: Triage, *, permit: Permit) -> str:
    return what.action


@airworthy.observe("claims", subject=lambda claim: f"claim/{claim}")
def observed(claim: int) -> Triage:
    return Triage("pay")


reveal_type(triage(7))
reveal_type(pay(Triage("pay"), permit=decision.permit))
reveal_type(observed(7))
reveal_type(gateway.decide_many("claims.triage", [Output("claim/1", Triage("pay"))])["claim/1"])


async def asynchronous(outputs: AsyncIterator[Output[Triage]]) -> None:
    reveal_type(await gateway.adecide("claims.triage", subject="claim/1", output=Triage("pay")))
    reveal_type(await atriage(7))
    reveal_type(await apay(Triage("pay"), permit=decision.permit))
    reveal_type(await decision.result())
    async for one in gateway.astream("claims.triage", outputs):
        reveal_type(one)


triage("7")
pay("claim", permit=decision.permit)
gateway.decide("claims.triage", subject="claim/1", output=Triage("pay"), scroe=0.9)
