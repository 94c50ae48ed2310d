"""Ownership: who answers. A name in a field proves nothing; answers do."""

from __future__ import annotations

from airworthy.charter.model import Charter
from airworthy.evidence.facts import Facts
from airworthy.evidence.measurement import Measurement, Measures, Unmeasured


def seats_held(facts: Facts, charter: Charter) -> Measurement:
    """Share of seats whose holder has answered; the charter only attests who they are."""
    if charter.mode == "solo":
        return Unmeasured("a solo charter is a sandbox: one person holds every seat", "a charter with `mode: team`")
    return Unmeasured(
        "the charter names who holds each seat; nobody has answered from one yet",
        "a drill to each seat, which this version cannot record yet",
    )


def seats_answer(facts: Facts, charter: Charter) -> Measurement:
    """Share of real and drill escalations answered within the ladder's time."""
    return Unmeasured("no escalation and no drill has happened", "drills, which this version cannot record yet")


def no_orphans(facts: Facts, charter: Charter) -> Measurement:
    """Share of decisions without a live owner."""
    return Unmeasured("nothing has acted yet, so no decision needed an owner", "real decisions at stage assist")


def escalations_answered(facts: Facts, charter: Charter) -> Measurement:
    """Share of escalated cases that a person decided before the fallback had to run."""
    return Unmeasured("no case has been escalated", "cases on the desk")


def corrections_lead_to_change(facts: Facts, charter: Charter) -> Measurement:
    """Share of corrections and challenges that led to a change, and the person told."""
    return Unmeasured("nobody has corrected or challenged an output yet", "cases on the desk")


MEASURES: Measures = {
    "seats-held": seats_held,
    "seats-answer": seats_answer,
    "no-orphans": no_orphans,
    "escalations-answered": escalations_answered,
    "corrections-lead-to-change": corrections_lead_to_change,
}
