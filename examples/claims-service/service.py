"""A claims service whose payments need a permit: plain HTTP, one process, the gateway embedded in it.

POST /claims                 {"id", "kind", "amount", "documents"}: what becomes of the claim
POST /claims/{id}/decided    {"action"}: what a clerk decided in the end
POST /claims/{id}/pay        somebody tries to pay without a permit, and cannot
GET  /payments               what was paid
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import uvicorn
from litestar import Litestar, get, post
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.logging import LoggingConfig
from litestar.params import FromPath, JSONBody
from triage import Claim, Verdict, triage

import airworthy

gateway = airworthy.connect(os.environ.get("CLAIMS_DATA", ".airworthy"), charters="charter.yaml")
payments: dict[str, float] = {}  # by claim
decided: dict[str, airworthy.Decision[Verdict]] = {}


@dataclass
class Truth:
    """What a clerk decided in the end."""

    action: str


@gateway.effect("claims.pay", undo=lambda verdict: payments.pop(verdict.claim, None))
def pay(verdict: Verdict, *, permit: airworthy.Permit) -> float:
    """The only line that moves money."""
    payments[verdict.claim] = verdict.amount
    return verdict.amount


@post("/claims")
async def received(data: JSONBody[Claim]) -> dict[str, Any]:
    """A claim comes in: the model says what it would do, and the gateway where that may go."""
    verdict, sure = triage(data)
    decision = await gateway.adecide(
        "claims.triage", subject=f"claim/{data.id}", output=verdict, score=sure,
        item={"amount": data.amount, "kind": data.kind, "documents": data.documents},
        sources=(airworthy.Source(source="policies", as_of=datetime.now(UTC)),),
    )  # fmt: skip
    decided[data.id] = decision
    if decision.route == "act" and decision.value.action == "pay":
        pay(decision.value, permit=decision.permit)
    return {"claim": data.id, "route": decision.route, "why": [why.words for why in decision.reasons]}


@post("/claims/{claim:str}/decided")
async def known(claim: FromPath[str], data: JSONBody[Truth]) -> dict[str, str]:
    """A clerk decided, with or without the model: that is the truth."""
    if claim not in decided:
        raise NotFoundException("no such claim")
    amount = decided[claim].proposed.amount
    await gateway.aoutcome(decided[claim].id, value=Verdict(claim=claim, action=data.action, amount=amount))
    return {"claim": claim}


@post("/claims/{claim:str}/pay")
async def pay_anyway(claim: FromPath[str]) -> dict[str, str]:
    """Somebody wants to pay what nobody permitted."""
    if claim not in decided:
        raise NotFoundException("no such claim")
    try:
        pay(decided[claim].proposed, permit=decided[claim].permit)
    except airworthy.NotAllowed as refused:
        raise PermissionDeniedException(str(refused.diagnostics[0].sentence)) from None
    return {"claim": claim}


@get("/payments")
async def paid() -> dict[str, float]:
    """What was paid, by claim."""
    return payments


app = Litestar(
    [received, known, pay_anyway, paid],
    on_shutdown=[gateway.close],
    logging_config=LoggingConfig(log_exceptions="always", disable_stack_trace={403, 404}),
)

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "8050")), log_level="warning")
