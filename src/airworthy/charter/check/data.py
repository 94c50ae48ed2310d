"""Data: is there a source, and can it be fresh?"""

from __future__ import annotations

from collections.abc import Iterator

from airworthy.base.diagnostic import Diagnostic
from airworthy.charter.check.finding import Subject, reading


@reading("sources")
def sources(subject: Subject) -> Iterator[Diagnostic]:
    """There is at least one source; without one no decision can be defended."""
    if not subject.charter.sources:
        sentence = "no source is declared, so no decision can be defended by its data"
        yield subject.warning("D050", (), sentence, "add `sources:`")


@reading("sources")
def freshness(subject: Subject) -> Iterator[Diagnostic]:
    """A source may have some age: nothing is ever read at the moment it becomes true."""
    for i, source in enumerate(subject.charter.sources):
        if source.fresh == 0:
            sentence = f"the source `{source.source}` must be 0 old, which nothing ever is"
            yield subject.mistake("D046", ("sources", i, "fresh"), sentence, "write such as `1h`")


@reading("retention", "error_budget")
def kept_until_judged(subject: Subject) -> Iterator[Diagnostic]:
    """Records and payloads outlive the moment their decision is judged."""
    retention = subject.charter.retention
    for key in ("records", "payloads") if retention else ():
        if getattr(retention, key) < subject.charter.error_budget.horizon:
            sentence = f"{key} are deleted before the decisions they belong to are judged"
            yield subject.mistake("D053", ("retention", key), sentence, "keep them longer than the horizon")


CHECKS = (sources, freshness, kept_until_judged)
