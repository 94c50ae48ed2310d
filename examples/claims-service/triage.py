"""The model, simulated: it is right about clear claims, and less so the fewer documents there are."""

from __future__ import annotations

import random
from dataclasses import dataclass

SURE = {1: 0.5, 2: 0.7, 3: 0.88, 4: 0.98}  # by how many documents came with the claim


@dataclass(frozen=True)
class Claim:
    """A claim as it comes in."""

    id: str
    kind: str
    amount: float
    documents: int


@dataclass(frozen=True)
class Verdict:
    """What to do with a claim. It names the claim, so that a permit to pay one is no permit to pay another."""

    claim: str
    action: str
    amount: float


def truth(claim: Claim) -> str:
    """What a clerk decides: nine of ten claims are paid."""
    return "pay" if random.Random(f"truth {claim.id}").random() < 0.9 else "refuse"


def triage(claim: Claim) -> tuple[Verdict, float]:
    """What the model would do, and how sure it says it is."""
    dice = random.Random(f"model {claim.id}")
    sure = SURE[claim.documents] + dice.uniform(0, 0.01)
    right = truth(claim)
    said = right if dice.random() < sure else {"pay": "refuse", "refuse": "pay"}[right]
    return Verdict(claim=claim.id, action=said, amount=claim.amount if said == "pay" else 0.0), sure


def claim(number: int) -> Claim:
    """The claim with this number, always the same."""
    dice = random.Random(number)
    kind = dice.choice(["car", "home", "travel"])
    amount = round(dice.lognormvariate(6, 1), 2)
    return Claim(id=f"{number:05d}", kind=kind, amount=amount, documents=dice.choice([1, 2, 3, 4, 4, 4]))
