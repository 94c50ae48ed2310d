"""A small use case that can run live, and gateways on it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from airworthy.base.clock import DAY, HOUR, FixedClock, Micros, moment
from airworthy.charter.load import loads
from airworthy.charter.model import Charter
from airworthy.claim.catalogue import BY_ID
from airworthy.exchange.ask import Ask, GrantAsked, Outcome
from airworthy.exchange.channel import Caller
from airworthy.service.gateway import Gateway
from airworthy.service.open import open_in_memory

NOW = Micros(1_790_000_000_000_000)
APP = Caller("claims-service", frozenset({"application"}))
EVE = Caller("Eve", frozenset({"reviewer"}), True)
FINN = Caller("Finn", frozenset({"reviewer"}), True)
CLEO = Caller("Cleo", frozenset({"owner"}), True)
DAN = Caller("Dan", frozenset({"owner"}), True)

TEXT = """\
airworthy: 1
use_case: claims
title: Pay clear claims at once
stage: default

workflow:
  {name: Claims, system_of_record: the claims system, unit: claim, today: a clerk decides, eligible: every claim}

decision_points:
  - point: triage
    decides: whether the claim is paid
    input:
      type: object
      properties:
        amount: {type: number}
        kind: {type: string, enum: [car, home]}
    output:
      type: object
      properties:
        action: {type: string, enum: [pay, refuse]}
        amount: {type: number}
      required: [action]
      additionalProperties: false
    fallback: a clerk decides the claim
    undo: the payment is asked back
    effect: pay

seats:
  claims-owner: [Ana]
  claims-deputy: [Ben]
  trust-owner: [Cleo]
  director: [Dan]
  clerks: [Eve, Finn, Gil]

owners:
  outcome: {seat: claims-owner, deputy: claims-deputy}
  trust: {seat: trust-owner, deputy: claims-deputy}
  accountable: {seat: director, deputy: trust-owner}

duties:
  performance: {product: claims-owner, operations: clerks, risk: trust-owner, business: director}
  escalation: {product: claims-owner, operations: clerks, risk: trust-owner, business: director}
  improvement: {product: claims-owner, operations: clerks, risk: trust-owner, business: director}

escalation:
  hard_deadline: 4h
  steps:
    - {to: rotation/clerks, wait: 30m}
    - {to: owner, wait: 30m}
  nobody: fallback

wrong_means: {sentence: a clerk would have decided otherwise, judge: clerks, known_after: 1d, loss: {action: 1}}

error_budget:
  budget: 10 %
  risk: 10 %
  monitoring_risk: 5 %
  audit_rate: 20 %
  horizon: 1d
  missing_limit: 50 %
  coverages: [50 %, 100 %]
  outcomes: all

rules:
  - {rule: large-needs-a-person, when: item.amount > 5000.0, route: review, why: large sums are looked at}

approvals: {shadow: trust-owner, assist: trust-owner, default: trust-owner}
"""


class Fixed:
    """Random bytes from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def bytes(self, n: int) -> bytes:
        return self._random.randbytes(n)


def charter(*changes: tuple[str, str], text: str = TEXT) -> Charter:
    """The charter, with pieces of its text replaced."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return loads(text, "claims.yaml", BY_ID)


def in_memory(*changes: tuple[str, str], clock: FixedClock | None = None, seed: int = 1, **more: object) -> Gateway:
    """A gateway without a disk."""
    return open_in_memory([charter(*changes)], clock=clock or FixedClock(NOW), random=Fixed(seed), **more)


def ask(subject: str, *, action: str = "pay", amount: float = 100.0, **more: object) -> Ask:
    """One AI output about a claim."""
    given = {"score": 0.9, "item": {"amount": amount, "kind": "car"}} | more
    return Ask(point="claims.triage", subject=subject, output={"action": action, "amount": amount}, **given)


def granted(gateway: Gateway, stage: str = "default", days: int = 90, by: Caller = CLEO) -> None:
    """An owner lets it run."""
    until = moment(gateway._core.now()) + timedelta(days=days)
    gateway.grant(GrantAsked(use_case="claims", stage=stage, until=until), by).result()


def decided(gateway: Gateway, *asks: Ask, caller: Caller = APP):
    """What was told; a single answer for a single ask."""
    told = gateway.submit(asks, caller).result()
    return told[0] if len(told) == 1 else told


def opened(
    gateway: Gateway, clock: FixedClock, *, wrong: Callable[[int], bool] = lambda i: False, n: int = 500
) -> None:
    """Works until the gate has opened: `n` claims, their truth known, their labels matured."""
    for start in range(0, n, 100):
        told = gateway.submit(
            [ask(f"early/{i}", score=0.5 + i % 50 / 100) for i in range(start, start + 100)], APP
        ).result()
        for i, one in enumerate(told, start):
            gateway.outcome(Outcome(decision=one.id, correct=not wrong(i)), APP).result()
        clock.move(HOUR)
    clock.move(2 * DAY)
    gateway.tick()
