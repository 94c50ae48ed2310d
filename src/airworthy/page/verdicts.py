"""Verdicts as people read them: the same words in the proof and at the terminal."""

from __future__ import annotations

import msgspec

from airworthy.claim.readiness import Readiness
from airworthy.claim.verdict import Verdict
from airworthy.evidence.facts import Facts
from airworthy.page import plot, words

READY = {"proven": "Ready for {stage}.", "refuted": "Not ready for {stage}.", "undecided": "Not yet ready for {stage}."}


def headline(name: str, found: Readiness) -> str:
    """`Not ready for assist. Incident-triage stays at shadow.`"""
    first = READY[found.word].format(stage=found.stage)
    if found.word == "proven":
        return f"{first} Every claim it needs is proven."
    if found.stage == found.present:
        return first
    return f"{first} {name.capitalize()} stays at {found.present}."


def number(verdict: Verdict) -> str:
    """`61.1 %`, `−13.3 points`; a dash where nothing was measured."""
    if verdict.measured is None:
        return words.DASH
    return _say(verdict, verdict.measured.value)


def span(verdict: Verdict) -> str:
    """`41.4 to 79.1`"""
    if verdict.measured is None:
        return ""
    digits = 2 if verdict.measured.high - verdict.measured.low < 0.002 else 1
    return words.between(verdict.measured.low, verdict.measured.high, digits)


def counted(verdict: Verdict) -> str:
    """`n = 18,457, item`; judged once where it does not hold at any time."""
    if verdict.measured is None:
        return ""
    once = "" if verdict.measured.any_time else "; judged once"
    return f"n = {words.count(verdict.measured.n)}, one {verdict.measured.of} each{once}"


def limit(verdict: Verdict) -> str:
    """`at most 5 points`, `≥` is left to the terminal."""
    sides = {"at_most": "at most", "at_least": "at least", "above": "above", "within": "within"}
    return f"{sides[verdict.side]} {_limit(verdict)}"


def laxer(verdict: Verdict) -> str:
    """`laxer than the catalogue: at most 5 points at level 0.05`; '' where it is not."""
    if not verdict.is_laxer:
        return ""
    usual = msgspec.structs.replace(
        verdict, limit=verdict.limit if verdict.usual_limit is None else verdict.usual_limit
    )
    level = f" at level {verdict.usual_level:g}" if verdict.level > verdict.usual_level else ""
    return f"laxer than the catalogue: {limit(usual)}{level}"


def sign(verdict: Verdict) -> str:
    """`≤ 5 pts` for narrow columns."""
    glyph = {"at_most": "≤", "at_least": "≥", "above": ">", "within": "±"}[verdict.side]
    return f"{glyph} {_limit(verdict)}".replace("points", "pts")


def _limit(verdict: Verdict) -> str:
    plain = f"{100 * verdict.limit:g}".replace("-", "−")
    return f"{plain} %" if verdict.unit == "share" else f"{plain} points"


def _say(verdict: Verdict, value: float) -> str:
    return words.percent(value) if verdict.unit == "share" else words.points(value)


def forecast(verdict: Verdict) -> str:
    """`about 380 more decisions, 9 days`; what it takes, with time where the rate is known."""
    if verdict.days is None:
        return verdict.takes
    days = max(1, round(verdict.days))
    return f"{verdict.takes}, about {words.plural(days, 'day')} at the rate seen"


def drawn(verdict: Verdict) -> str:
    """The interval against its limit as a small plot; '' where nothing was measured."""
    seen = verdict.measured
    if seen is None:
        return ""
    edge = verdict.limit
    if verdict.side == "within":
        reach = max(abs(seen.low), abs(seen.high), edge) * 1.25
        window = (-reach, reach)
    else:
        low, high = min(seen.low, edge), max(seen.high, edge)
        pad = max((high - low) * 0.25, 0.004)
        window = (low - pad, high + pad)
        if verdict.unit == "share":
            window = (max(0.0, window[0]), min(1.0, window[1]))
    return plot.against_limit(
        value=seen.value, low=seen.low, high=seen.high, limit=edge, at_most=verdict.side in ("at_most", "within"), window=window,
        both=verdict.side == "within", cls=verdict.word, label=limit(verdict),
    )  # fmt: skip


_FINDING = {
    "production-like-pilot": "on the real work it is right {size} less often than in the pilot ({span}; limit {limit})",
    "calibrated": "its confidence is {size} {above} what turns out right ({span}; limit {limit})",
    "no-worse-than-today": "it is right {size} less often than people without it ({span}; limit {limit})",
    "acted-error-within-budget": "of what it would act on, {value} was wrong ({span}; limit {limit})",
}


def finding(one: Verdict) -> str:
    """A refuted claim as a sentence without its full stop, such as: it is right 15.6 points less often than people."""
    seen = one.measured
    if seen is None:
        return f"{one.title.lower()}: {one.why}"
    form = _FINDING.get(one.claim, "{title}: {value} ({span}; limit {limit})")
    flip = seen.value < 0 and one.claim == "no-worse-than-today"
    low, high = (-seen.high, -seen.low) if flip else (seen.low, seen.high)
    return form.format(
        title=one.title.lower(), value=number(one), size=f"{100 * abs(seen.value):.1f} points", limit=limit(one),
        span=words.between(low, high), above="above" if seen.value > 0 else "below",
    )  # fmt: skip


def covered(facts: Facts) -> str:
    """`2,664 of 7,821 items, counter only`: how much of the later work the gate would act on, and of which kind."""
    made = facts.decisions
    later, acted = made.after_pilot, made.certified & made.after_pilot
    segments = sorted(set(made.segment[acted].tolist()) - {"all", ""})
    only = (
        f", {words.listed(segments)} only"
        if segments and len(segments) < len(set(made.segment[later].tolist()))
        else ""
    )
    return f"{words.count(acted.sum())} of {words.count(later.sum())} items{only}"


def lead(found: Readiness, covers: str) -> tuple[str, str]:
    """What it comes down to: a bold start and the rest. `covers` says how much the gate would act on."""
    if found.blocker is None and found.word != "proven":
        return (
            "A sandbox proves nothing.",
            "Every claim this stage needs holds, but a solo charter can grant nothing real.",
        )
    if found.blocker is None:
        proven = words.plural(len(found.needed), "claim")
        rest = f"All {proven} that stage {found.stage} needs are proven from what really happened."
        return "Nothing stands in the way.", rest
    refuted = [one for one in found.needed if one.word == "refuted"]
    if not refuted:
        open_ = words.plural(sum(one.word == "undecided" for one in found.needed), "claim is", "claims are")
        why = found.blocker.why
        return (
            f"{open_} undecided; none is refuted.",
            f"First: {found.blocker.title.lower()}. {why[0].upper()}{why[1:]}.",
        )
    acted = next(
        (one for one in found.needed if one.claim == "acted-error-within-budget" and one.word == "proven"), None
    )
    bold = "The records refute it."
    if acted:
        bold = f"What it would act on ({covers}) stays within its budget, wrong in {number(acted)} ({span(acted)}); the rest does not hold."
    said = "; ".join(finding(one) for one in refuted[:3])
    return bold, f"{said[0].upper()}{said[1:]}."
