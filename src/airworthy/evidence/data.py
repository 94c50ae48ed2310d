"""Data: whether it holds up in decisions, not just in demos."""

from __future__ import annotations

from airworthy.base.quantity import MILLION
from airworthy.charter.model import Charter
from airworthy.evidence.facts import Facts
from airworthy.evidence.measurement import Figure, Measurement, Measures, Unmeasured, selective
from airworthy.stats.difference import newcombe


def sources_defended(facts: Facts, charter: Charter) -> Measurement:
    """Share of decisions all of whose required sources could be defended at that moment."""
    if not charter.sources:
        return Unmeasured("the charter names no source", "`sources` with owner, definition, freshness and basis")
    return Unmeasured(
        "no decision recorded the state of its sources; unknown is not defended", "checks of each source's contract"
    )


def fresh_at_decision(facts: Facts, charter: Charter) -> Measurement:
    """Share of decisions all of whose sources were as fresh as declared."""
    return Unmeasured("no decision recorded how old its sources were", "sources passed with each decision")


def definitions_agree(facts: Facts, charter: Charter) -> Measurement:
    """Share of values on which sources that define the same term agree."""
    return Unmeasured("no two sources were compared", "contracts with terms for each column")


def lineage_complete(facts: Facts, charter: Charter) -> Measurement:
    """Share of decisions whose sources name an upstream version."""
    return Unmeasured("no decision recorded the version of its sources", "sources passed with each decision")


def production_like_pilot(facts: Facts, charter: Charter) -> Measurement:
    """Share right in the pilot minus share right on all later work, in points of a share; judged once."""
    if charter.pilot is None:
        return Unmeasured("the charter names no pilot to compare with", "`pilot` in the charter, then a backtest")
    if facts.gap is None:
        if facts.finished is not None:
            return Unmeasured("the log ends with the pilot", "a log that goes on after the pilot")
        return Unmeasured("the pilot was not done again yet", "`airworthy backtest`")
    if missing := selective(facts, charter):
        return missing
    of = {one.name: one for one in facts.gap.slices}
    pilot, later = of["P0"], of["P3"]
    right = [(one.accuracy or 0) / MILLION * one.n for one in (pilot, later)]
    level = next(
        (float(one.level) for one in charter.claims if one.claim == "production-like-pilot" and one.level), 0.05
    )
    gap, low, high = newcombe(right[0], pilot.n, right[1], later.n, level=2 * level)  # each side at the level
    return Figure(gap, low, high, later.n, "item", facts.gap.at)


MEASURES: Measures = {
    "sources-defended": sources_defended,
    "fresh-at-decision": fresh_at_decision,
    "definitions-agree": definitions_agree,
    "lineage-complete": lineage_complete,
    "production-like-pilot": production_like_pilot,
}
