"""Workflow: whether the AI sits inside the work. Denominators come from the system of record."""

from __future__ import annotations

from airworthy.charter.model import Charter
from airworthy.evidence.facts import Facts
from airworthy.evidence.measurement import Measurement, Measures, Unmeasured

_INFLUENCES_NOTHING = "so far the AI influences nothing: pilot and shadow are only recorded"


def _no_commits(what: str) -> Unmeasured:
    return Unmeasured(f"{_INFLUENCES_NOTHING}, so {what}", "commits from the system of record at stage assist")


def used_by_default(facts: Facts, charter: Charter) -> Measurement:
    """Share of matured eligible items whose commit follows a decision started by policy."""
    return _no_commits("no item flowed through it by default")


def sustained_use(facts: Facts, charter: Charter) -> Measurement:
    """Share of eligible user-weeks in which use lasted."""
    return _no_commits("nobody has used it; 12 whole weeks of use are the least")


def effort_reduced(facts: Facts, charter: Charter) -> Measurement:
    """Minutes per item against a random hold-back or the baseline."""
    if charter.baseline is None or charter.baseline.minutes_per_item is None:
        return Unmeasured(
            "no minutes per item were measured before the AI", "a baseline, or a random hold-back of 5 to 10 %"
        )
    return _no_commits("no minutes were saved or lost")


def faster_and_more_consistent(facts: Facts, charter: Charter) -> Measurement:
    """Change in median and in spread of the time from eligible to committed."""
    return _no_commits("no time from eligible to committed can have changed")


def friction_free(facts: Facts, charter: Charter) -> Measurement:
    """Share of touched items without leaving the system, re-entering context or reconciling by hand."""
    return _no_commits("nobody has touched an item with it")


def handoffs_reduced(facts: Facts, charter: Charter) -> Measurement:
    """Change in hand-offs per matured item."""
    return _no_commits("no hand-off can have changed")


def rework_not_worse(facts: Facts, charter: Charter) -> Measurement:
    """Change in items corrected or reopened within 30 days."""
    return _no_commits("nothing was reworked because of it")


def not_abandoned(facts: Facts, charter: Charter) -> Measurement:
    """Share of users who stopped without a word."""
    return _no_commits("nobody can have abandoned it")


def value_delivered(facts: Facts, charter: Charter) -> Measurement:
    """The business result the charter names, net of running cost, against hold-back or baseline."""
    if charter.business_result is None:
        return Unmeasured("the charter names no business result", "`business_result` with a measure and a target")
    return _no_commits(f"“{charter.business_result.sentence}” cannot have moved")


MEASURES: Measures = {
    "used-by-default": used_by_default,
    "sustained-use": sustained_use,
    "effort-reduced": effort_reduced,
    "faster-and-more-consistent": faster_and_more_consistent,
    "friction-free": friction_free,
    "handoffs-reduced": handoffs_reduced,
    "rework-not-worse": rework_not_worse,
    "not-abandoned": not_abandoned,
    "value-delivered": value_delivered,
}
