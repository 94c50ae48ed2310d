"""How much one pure decision costs: beside CEL alone, beside a chain of ifs, and beside building the same structs.

    python bench/decide.py

CPU time of this process, best of several repeats; ratios are what to compare, the microseconds are of one machine. The
chain of ifs is what one would write by hand: no reasons, no calibration, no draw, and its rules are not data. The
limit is a function that is told the answer and only builds the decision.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from airworthy.base.clock import HOUR, Micros
from airworthy.charter.promise import Rule
from airworthy.charter.rules import Rules
from airworthy.charter.work import DecisionPoint
from airworthy.decision.policy import Measured, Policy, SegmentGate
from airworthy.decision.request import Request, SourceRead
from airworthy.decision.route import Decision, decide
from airworthy.record.decision import Confidence, Draw, Model, Reason
from airworthy.stats.calibration import Calibrator

PROMISED_US = 60.0
NOW = Micros(1_790_000_000_000_000)
POINT = DecisionPoint(
    point="payment",
    decides="whether the claim is paid",
    fallback="a clerk decides",
    input={
        "type": "object",
        "properties": {"amount": {"type": "number"}, "kind": {"type": "string"}, "country": {"type": "string"}},
    },
    output={"type": "object", "properties": {"pay": {"type": "boolean"}}},
)
WHEN = (
    "item.amount > 1000.0",
    "confidence < 0.3",
    'item.kind == "travel" && item.amount > 500.0',
    'item.country in ["XX", "YY", "ZZ"]',
    "output.pay && item.amount < 0.0",
)


def main() -> None:
    rules = Rules([Rule(rule=f"r{i}", when=when, route="review", why="so") for i, when in enumerate(WHEN)], POINT)
    policy = Policy(
        use_case="claims", point="payment", charter="c" * 64, digest="p" * 64, stage="default",
        model=Model("us", "m", "1"),
        rules=rules, gates={"car": SegmentGate(0.8, 1, 400), "home": SegmentGate(None)}, segment_by="kind",
        measured=Measured(Calibrator(kind="logistic", labels=500), "d" * 64, 500), granted_until=Micros(NOW + HOUR),
        required_sources=frozenset({"claims", "rates"}), audit_rate=0.05, blind_first_rate=0.05, seed=bytes(32),
    )  # fmt: skip
    acted = Request(
        point="payment", subject="C-1001", item={"amount": 20.0, "kind": "car", "country": "DE"}, output={"pay": True},
        score=0.95, sources=(SourceRead("claims", "defended"), SourceRead("rates", "defended")), now=NOW,
    )  # fmt: skip
    reviewed = Request(
        point="payment", subject="C-1002", item={"amount": 2e4, "kind": "home", "country": "DE"}, output={"pay": True},
        score=0.95, sources=(SourceRead("claims", "not_defended", "stale"),), now=NOW,
    )  # fmt: skip
    assert decide(acted, policy).told == "act"
    assert decide(reviewed, policy).told == "review"

    ours, other = best(lambda: decide(acted, policy)), best(lambda: decide(reviewed, policy))
    cel = best(lambda: rules.evaluate(acted.item, acted.output, 0.95, NOW))
    chain, limit = best(lambda: by_hand(acted)), best(lambda: told(acted))
    print("one decision, five rules, two sources, calibration, gate, draws, reasons; microseconds CPU")
    show("decide, acted on", ours, ours)
    show("decide, reviewed for three reasons", other, ours)
    show("the five rules alone, in CEL", cel, ours)
    show("a chain of ifs by hand, without reasons", chain, ours)
    show("the limit: only building the same decision", limit, ours)
    kept = max(ours, other) <= PROMISED_US
    print(f"{'kept  ' if kept else 'BROKEN'} a decision takes at most {PROMISED_US:g} us")


def by_hand(request: Request) -> str:
    item, score = request.item, request.score
    if any(source.state != "defended" for source in request.sources):
        return "review"
    if item["amount"] > 1000.0 or score is None or score < 0.3 or item["country"] in ("XX", "YY", "ZZ"):
        return "review"
    if (item["kind"] == "travel" and item["amount"] > 500.0) or (request.output["pay"] and item["amount"] < 0.0):
        return "review"
    return "act" if item["kind"] == "car" and score >= 0.8 else "review"


def told(request: Request) -> Decision:
    return Decision(
        route="act", told="act", reasons=(Reason("gate.certified", "car"),), rules=(), segment="car", epoch=1,
        confidence=Confidence(950_000, 500, "d"), threshold=800_000, audit=Draw(50_000, False), blind_first=None,
    )  # fmt: skip


def best(work: Callable[[], object], *, times: int = 5_000, repeats: int = 7) -> float:
    """Microseconds CPU of one call, best of `repeats`."""
    found = []
    for _ in range(repeats):
        started = time.process_time()
        for _ in range(times):
            work()
        found.append((time.process_time() - started) / times * 1e6)
    return min(found)


def show(what: str, us: float, ours: float) -> None:
    print(f"  {what:<46}{us:>8.2f} us   decide costs {ours / us:>6.1f} times this")


if __name__ == "__main__":
    main()
