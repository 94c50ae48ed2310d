"""What a caller is told of a decision, from the record and the ask it was made of; now, again, or years later."""

from __future__ import annotations

from typing import Any

import msgspec

from airworthy.base.clock import moment
from airworthy.base.quantity import MILLION
from airworthy.decision.confidence import band
from airworthy.decision.doubt import doubts
from airworthy.decision.explain import explain
from airworthy.exchange.ask import Ask
from airworthy.exchange.permit import Permit
from airworthy.exchange.told import Sure, Told, Why
from airworthy.record.decision import DecisionMade, Reason, Route
from airworthy.record.review import DecisionSettled
from airworthy.record.trouble import ModelFailed
from airworthy.service.live.point import Point
from airworthy.stats.calibration import LEAST_LABELS


class Later(msgspec.Struct, frozen=True):
    """What has happened since a decision was made."""

    settled: DecisionSettled | None = None
    value: Any = None  # that people let be carried out
    permit: Permit | None = None
    digest: str = ""  # of what is pending now
    gone: bool = False  # its permit was taken back, or expired unused


NOTHING = Later()
GONE = Reason("permit.gone")


def tell(
    made: DecisionMade, ask: Ask, point: Point | None, later: Later = NOTHING, *, url: str = "", again: bool = False
) -> Told:
    """What to tell of a decision. `point` adds what is known of confidence now; None where its charter is gone."""
    settled = later.settled
    route: Route = settled.told if settled else made.told
    pending = settled is None and made.told in ("review", "escalate")
    reasons = made.reasons if settled is None else (*made.reasons, Reason(f"answered.{settled.how}"))
    if later.gone and route == "act":
        route, reasons = "fallback", (*reasons, GONE)
    return Told(
        id=made.id, point=f"{made.use_case}.{made.point}", subject=ask.subject, attempt=made.attempt,
        status="pending" if pending else "settled", route=route, proposed=ask.output,
        value=_value(made, ask, later), permit=later.permit, reasons=tuple(map(why, reasons)),
        confidence=_sure(made, point), doubts=doubts(ask, point.declared.output) if point else (), stage=made.stage,
        owner=made.owner, due_at=None if made.due is None else moment(made.due), policy=made.policy,
        digest=later.digest, trace=ask.trace,
        url=f"{url}/cases/{made.id}" if url and pending else "", again=again,
    )  # fmt: skip


def tell_failed(failed: ModelFailed, subject: str, output: Any, why_: Reason, *, again: bool = False) -> Told:
    """What to tell where the model gave nothing usable: the work is done as before."""
    return Told(
        id=failed.id, point=f"{failed.use_case}.{failed.point}", subject=subject, attempt=failed.attempt, status="settled",
        route="fallback", proposed=output, reasons=(why(why_),), again=again,
    )  # fmt: skip


def why(reason: Reason) -> Why:
    """A reason with its words."""
    return Why(reason.code, reason.about, explain(reason))


def _value(made: DecisionMade, ask: Ask, later: Later) -> Any:
    if later.gone:
        return None
    if later.settled is not None:
        return later.value if later.settled.told == "act" else None
    return ask.output if made.told == "act" else None


def _sure(made: DecisionMade, point: Point | None) -> Sure:
    score = None if made.score is None else made.score / MILLION
    if made.confidence is None:
        labels = point.measuring.labels if point else 0
        words = "the AI gave no confidence" if score is None else f"not yet measured ({labels} of {LEAST_LABELS})"
        found = Sure(band="Unknown", words=words)
    else:
        right = made.confidence.p / MILLION
        held = point.measuring.band(score) if point and score is not None else None
        low, high = held.interval if held else (None, None)
        words = _words(right, low, high, held.labels if held else made.confidence.n)
        found = Sure(band=band(made.confidence), words=words, p_correct=right, low=low, high=high, n=made.confidence.n)
    return msgspec.structs.replace(
        found, score=score, score_from=made.score_from, slice=made.segment, guarantee=_guarantee(made, point)
    )


def _words(right: float, low: float | None, high: float | None, n: int) -> str:
    span = "" if low is None or high is None else f" ({100 * (1 - high):.0f} to {100 * (1 - low):.0f})"
    return f"cases like this were wrong {100 * (1 - right):.0f} in 100{span}, n = {n}"


def _guarantee(made: DecisionMade, point: Point | None) -> str:
    if point is None or made.threshold is None:
        return ""
    budget = point.charter.error_budget
    return (
        f"of what is acted on in `{made.segment}`, at most {100 * float(budget.budget):g} in 100 are wrong on average; "
        f"the chance of ever having opened this gate wrongly is at most {100 * float(budget.risk):g} %"
    )
