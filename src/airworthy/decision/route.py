"""The route of one decision. Every step leaves a reason; the strictest step wins.

    1 in force    stage, grant, stop switch
    3 sources     defended at this moment
    4 rules       all of them
    5 confidence  calibrated, for people
    6 gate        the only step that can say `act`
    7 draws       audit sample, blind-first
    8 stage       shapes what the caller is told

Step 2, the idempotent answer to a repeated request, needs memory and stands in `service`.
INVARIANT: nothing here can make a route laxer than a step asked for; `tests/decision/test_route.py` holds it to that.
"""

from __future__ import annotations

import msgspec

from airworthy.base.quantity import MILLION, Ppm, ppm
from airworthy.charter.rules import strictest
from airworthy.decision.confidence import confidence
from airworthy.decision.draw import draw
from airworthy.decision.gate import gate
from airworthy.decision.policy import Policy
from airworthy.decision.request import Request, SourceRead
from airworthy.record.decision import Confidence, Draw, Reason, Route, allowed_by_rules


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A route with everything that led to it."""

    route: Route
    told: Route
    reasons: tuple[Reason, ...]
    rules: tuple[str, ...]
    segment: str
    epoch: int
    confidence: Confidence | None
    threshold: Ppm | None
    audit: Draw | None
    blind_first: Draw | None


def decide(request: Request, policy: Policy) -> Decision:
    """Where `request` may go under `policy`. At most 60 microseconds of CPU with five rules (`bench/decide.py`)."""
    asked: list[tuple[Route, Reason]] = []
    segment, score = policy.segment(request.item), request.stated
    sure = confidence(score, policy.measured)
    asked += _in_force(policy, request)
    asked += _model(policy, request)
    asked += _sources(policy, request.sources)
    fired = _rules(policy, request, sure, asked)
    asked.append(gate(policy, segment, score))
    if policy.irreversible and asked[-1][0] == "act" and sure is None:
        asked.append(("review", Reason("irreversible.not_measured")))
    route = strictest(one for one, _ in asked)
    audit = _awaited(policy, request, [reason for _, reason in asked])
    blind = _blind_first(policy, request) if route == "review" else None
    told, told_why = _told(policy, route)
    if policy.lacks:
        told_why = (*told_why, Reason(policy.lacks, policy.use_case))
    held = policy.gates.get(segment or "")
    return Decision(
        route=route,
        told=told,
        reasons=(*(reason for _, reason in asked), *told_why),
        rules=fired,
        segment=segment or "",
        epoch=held.epoch if held else 0,
        confidence=sure,
        threshold=None if held is None or held.threshold is None else ppm(held.threshold),
        audit=audit,
        blind_first=blind,
    )


def _in_force(policy: Policy, request: Request) -> list[tuple[Route, Reason]]:
    if policy.stopped:
        return [("fallback", Reason("stopped"))]
    if policy.granted_until is not None and request.now > policy.granted_until:
        return [("review", Reason("grant.expired"))]
    return []


def _model(policy: Policy, request: Request) -> list[tuple[Route, Reason]]:
    if request.model_version in ("", policy.model.version):
        return []
    return [("review", Reason("model.other"))]


def _sources(policy: Policy, read: tuple[SourceRead, ...]) -> list[tuple[Route, Reason]]:
    """Review for every required source that is not defended now, or was not read at all."""
    if not policy.required_sources:
        return []
    asked = [_source_reason(one) for one in read if one.source in policy.required_sources and one.state != "defended"]
    missing = policy.required_sources.difference(one.source for one in read)
    asked += [Reason("source.not_read", name) for name in sorted(missing)]
    return [("review", reason) for reason in asked]


def _source_reason(source: SourceRead) -> Reason:
    return Reason(f"source.{source.why or source.state}", source.source)


_RULE = {
    (True, False): "rule",
    (True, True): "rule.agrees",
    (None, False): "rule.not_evaluated",
    (None, True): "rule.not_evaluated",
}


def _rules(
    policy: Policy, request: Request, sure: Confidence | None, asked: list[tuple[Route, Reason]]
) -> tuple[str, ...]:
    """Adds what the rules ask for; returns the names of those that fired."""
    stated = sure.p / MILLION if sure is not None else request.stated
    fired = []
    for outcome in policy.rules.evaluate(request.item, request.output, stated, request.now):
        if outcome.fired is False:
            continue
        if outcome.fired:
            fired.append(outcome.rule)
        asked.append((outcome.asks_for, Reason(_RULE[outcome.fired, outcome.route == "act"], outcome.rule)))
    return tuple(fired)


_NEVER_AWAITED = frozenset({"stopped", "model.other"})  # such decisions say nothing of the work as it is done


def _awaited(policy: Policy, request: Request, reasons: list[Reason]) -> Draw | None:
    """Whether the truth of this decision is awaited: drawn alike of all that rules allow, acted on or not.

    What rules send to a person is never acted on, so a certificate must not be earned with it. One chance for all the
    rest keeps the labels of what is acted on and of what is not yet a fair sample of both.
    """
    if not allowed_by_rules(tuple(reasons)) or any(reason.code in _NEVER_AWAITED for reason in reasons):
        return None
    return draw(policy.seed, "audit", policy.point, request.subject, policy.audit_rate)


def _blind_first(policy: Policy, request: Request) -> Draw | None:
    if not policy.blind_first_rate:
        return None
    return draw(policy.seed, "blind", policy.point, request.subject, policy.blind_first_rate)


def _told(policy: Policy, route: Route) -> tuple[Route, tuple[Reason, ...]]:
    """What the caller hears at this stage. Only `default` under a live grant can hear `act`."""
    if policy.stage == "pilot":
        return strictest([route, "review"]), (Reason("stage.pilot"),)
    if policy.stage == "shadow":
        return "fallback", (Reason("stage.shadow"),)
    if policy.stage == "assist":
        return strictest([route, "review"]), (Reason("stage.assist"),)
    if route == "act" and policy.granted_until is None:
        return "review", (Reason("grant.none"),)
    return route, ()
