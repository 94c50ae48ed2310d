"""The claims that are built in. A charter sets limits and may leave the rest as they stand here."""

from __future__ import annotations

from typing import Literal

import msgspec

from airworthy.charter.term import Stage

Pillar = Literal["ownership", "workflow", "data", "judgement", "governance"]
Side = Literal["at_most", "at_least", "above", "within"]  # within: between -limit and +limit
Unit = Literal["share", "points"]

PILLARS: tuple[Pillar, ...] = ("ownership", "workflow", "data", "judgement", "governance")
QUESTION: dict[Pillar, str] = {
    "ownership": "Who owns outcomes, and who answers?",
    "workflow": "Is AI embedded where work already happens?",
    "data": "Does the data hold up in decisions, not just demos?",
    "judgement": "What is it sure of, and when must a person decide?",
    "governance": "Can it be explained and defended, and does governance let it scale?",
}


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """One claim as the catalogue states it. Its measure has the same name, in `evidence/<pillar>.py`.

    limit   in shares of 1, also for points; None: the charter's error budget
    level   the chance allowed that `proven` is wrong
    stages  that need it
    action  what to do while it is not proven; who: the seat that does it
    """

    claim: str
    pillar: Pillar
    title: str
    side: Side
    limit: float | None
    unit: Unit = "share"
    level: float = 0.05
    stages: tuple[Stage, ...] = ("default",)
    action: str
    who: str


ALL_STAGES: tuple[Stage, ...] = ("pilot", "shadow", "assist", "default")
LATER: tuple[Stage, ...] = ("assist", "default")


def _claim(
    pillar: Pillar, claim: str, title: str, side: Side, limit: float | None, action: str, who: str, **more: object
) -> Spec:
    return msgspec.convert(
        {
            "claim": claim,
            "pillar": pillar,
            "title": title,
            "side": side,
            "limit": limit,
            "action": action,
            "who": who,
            **more,
        },
        Spec,
    )


CATALOGUE: tuple[Spec, ...] = (
    _claim("ownership", "seats-held", "Every seat is held", "at_least", 0.95, "Drill every seat once.", "accountable", stages=LATER),
    _claim("ownership", "seats-answer", "Every seat answers in time", "at_least", 0.85, "Drill each seat until it answers in time.", "accountable", stages=LATER),
    _claim("ownership", "no-orphans", "No decision without a live owner", "at_most", 0.001, "Fill the seat that was empty.", "outcome"),
    _claim("ownership", "escalations-answered", "Escalations are answered in time", "at_least", 0.85, "Shorten the ladder, or fill its seats.", "outcome"),
    _claim("ownership", "corrections-lead-to-change", "Corrections lead to change, and people are told", "at_least", 0.80, "Answer the oldest correction.", "outcome"),
    _claim("workflow", "used-by-default", "Used by default", "at_least", 0.80, "Look at what was bypassed, and why.", "outcome"),
    _claim("workflow", "sustained-use", "Use lasts", "at_least", 0.85, "Ask the team that stopped.", "outcome"),
    _claim("workflow", "effort-reduced", "Less manual effort", "above", 0.0, "Hold back 5 to 10 % of items at random.", "outcome"),
    _claim("workflow", "faster-and-more-consistent", "Faster and more consistent", "above", 0.0, "Send times from the system of record.", "outcome"),
    _claim("workflow", "friction-free", "Without friction", "at_least", 0.90, "Take away the step people repeat most.", "outcome"),
    _claim("workflow", "handoffs-reduced", "Fewer hand-offs", "above", 0.0, "Send the group of every event.", "outcome"),
    _claim("workflow", "rework-not-worse", "Rework is not worse", "at_most", 0.02, "Look at what was reopened.", "outcome", unit="points"),
    _claim("workflow", "not-abandoned", "Nobody abandons it in silence", "at_most", 0.10, "Ask the people who stopped.", "outcome"),
    _claim("workflow", "value-delivered", "The business result moves, net of cost", "above", 0.0, "Compare with held-back work.", "outcome"),
    _claim("data", "sources-defended", "Sources defended at decision time", "at_least", 0.98, "Check each source's contract.", "data"),
    _claim("data", "fresh-at-decision", "Sources fresh at decision time", "at_least", 0.98, "Pass each source with its decision.", "data"),
    _claim("data", "definitions-agree", "Definitions agree", "at_least", 0.99, "Decide which definition wins.", "data"),
    _claim("data", "lineage-complete", "Lineage is complete", "at_least", 0.99, "Pass versions with each decision.", "data"),
    _claim("data", "production-like-pilot", "The work looks like the pilot", "at_most", 0.05, "Narrow the use case to what the pilot saw, or make it good at the rest.", "outcome", unit="points", stages=LATER),
    _claim("judgement", "acted-error-within-budget", "Wrong among items acted on", "at_most", None, "Act on less, or make it righter; then gather new labels.", "trust"),
    _claim("judgement", "calibrated", "As sure as right overall", "within", 0.05, "Calibrate on all of the work, not on the pilot's.", "trust", unit="points", stages=LATER),
    _claim("judgement", "no-worse-than-today", "No worse than people without it", "above", -0.02, "Let people decide where they are better.", "outcome", unit="points", stages=LATER),
    _claim("judgement", "discerning-reviewers", "Reviewers tell right from wrong", "at_least", 0.50, "Show the evidence beside each field.", "trust", unit="points"),
    _claim("judgement", "no-rubber-stamp", "Reviewers accept what is wrong", "at_most", 0.20, "Seed known-wrong items, openly.", "trust"),
    _claim("judgement", "challenges-answered", "Challenges are answered", "at_least", 0.90, "Answer the oldest challenge.", "outcome"),
    _claim("judgement", "better-than-either-alone", "Better than people or AI alone", "above", 0.0, "Let people answer some cases blind first.", "trust", unit="points"),
    _claim("judgement", "same-input-same-answer", "Same input, same answer", "at_least", 0.98, "Ask again about a sample.", "trust"),
    _claim("governance", "governed-before-first-real-decision", "Governed before the first real decision", "at_least", 0.99, "Adopt the charter before deciding.", "accountable"),
    _claim("governance", "rules-in-force", "The rules were in force", "at_least", 0.99, "Record decisions under the adopted charter.", "accountable", stages=ALL_STAGES),
    _claim("governance", "duties-separated", "Nobody approves what they wrote", "at_least", 0.99, "Name an approver who did not author.", "accountable"),
    _claim("governance", "log-complete", "The log is complete, unmatched", "at_most", 0.01, "Reconcile the log with the system of record.", "accountable", stages=ALL_STAGES),
    _claim("governance", "log-anchored", "The log is anchored", "at_least", 0.99, "Commit each checkpoint with the charter.", "accountable"),
    _claim("governance", "replay-agrees", "Replay agrees, differing", "at_most", 0.01, "Replay decisions the auditor draws.", "accountable"),
    _claim("governance", "fallback-drilled", "The fallback works when drilled, failed", "at_most", 0.10, "Drill the fallback.", "outcome"),
    _claim("governance", "stop-drilled", "The stop switch works when drilled, failed", "at_most", 0.10, "Drill the stop switch.", "trust"),
    _claim("governance", "waivers-in-date", "Waivers past their date", "at_most", 0.01, "Close or renew each waiver.", "accountable"),
    _claim("governance", "governance-lead-time", "Requests answered in ten working days", "at_least", 0.80, "Answer the oldest request.", "accountable"),
)  # fmt: skip

BY_ID: dict[str, Spec] = {spec.claim: spec for spec in CATALOGUE}
