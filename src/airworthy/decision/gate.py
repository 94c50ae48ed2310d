"""What the risk gate says of one score. It certifies in `stats.gate`; here it is only read."""

from __future__ import annotations

from airworthy.decision.policy import Policy
from airworthy.record.decision import Reason, Route


def gate(policy: Policy, segment: str | None, score: float | None) -> tuple[Route, Reason]:
    """`act` only at or above a certified threshold of a declared segment."""
    if segment is None:
        return "review", Reason("segment.unknown")
    if score is None:
        return "review", Reason("score.missing")
    held = policy.gates.get(segment)
    if held is None or held.threshold is None:
        return "review", Reason("gate.closed", segment)
    if score < held.threshold:
        return "review", Reason("gate.below", segment)
    return "act", Reason("gate.certified", segment)
