"""Records as a pilot would write them."""

from __future__ import annotations

from airworthy.base.canonical import encode
from airworthy.base.clock import Micros
from airworthy.base.quantity import Ppm
from airworthy.record.decision import DecisionMade, Model, OutcomeLearnt, Reason, Run
from airworthy.record.envelope import Actor
from airworthy.record.store import Content, Draft

START = 1_790_000_000_000_000


def decision(i: int) -> DecisionMade:
    return DecisionMade(
        id=f"d{i:025d}",
        ts=Micros(START + i * 1_000_000),
        at=Micros(START + i * 1_000_000),
        use_case="triage",
        point="route",
        attempt=1,
        stage="shadow",
        charter="c" * 64,
        policy="f" * 64,
        epoch=0,
        segment="all",
        model=Model("local", "bayes", "1"),
        score=Ppm(900_000),
        confidence=None,
        threshold=None,
        route="review",
        told="fallback",
        reasons=(Reason("gate_closed", "all"),),
        run=Run("r1", i, "pilot"),
        actor=Actor("model"),
    )


def outcome(i: int) -> OutcomeLearnt:
    return OutcomeLearnt(
        id=f"o{i:025d}",
        ts=Micros(START + i * 1_000_000 + 1),
        at=Micros(START + i * 1_000_000 + 1),
        use_case="triage",
        decision=f"d{i:025d}",
        label="outcome",
        loss=Ppm(0),
        actor=Actor("person", "reviewer"),
    )


def sealed(i: int) -> Draft:
    """A decision about a named ticket, with what went in and what came out."""
    return Draft(
        record=decision(i),
        subject=f"INC-canary-{i % 50}",
        contents=(
            Content("input", "work", encode({"text": f"the printer on floor {i} is canary-on-fire"})),
            Content("output", "work", encode({"team": "canary-printers"})),
        ),
    )


def judged(i: int) -> Draft:
    """An outcome a named person gave."""
    return Draft(record=outcome(i), subject=f"INC-canary-{i % 50}", person="kim.canary@example.com")


def mixed(n: int, start: int = 0) -> list[Draft]:
    """Decisions and outcomes in turn."""
    return [sealed(i) if i % 2 == 0 else judged(i - 1) for i in range(start, start + n)]
