"""All checks of the five pillars over one charter."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from airworthy.base.diagnostic import Diagnostic
from airworthy.charter.check import data, governance, judgement, limits, ownership, workflow
from airworthy.charter.check.finding import FIELDS, Catalogued, Subject
from airworthy.charter.document import Document
from airworthy.charter.model import Declared

CHECKS = (*ownership.CHECKS, *workflow.CHECKS, *data.CHECKS, *judgement.CHECKS, *governance.CHECKS, *limits.CHECKS)


def check(
    charter: Declared,
    document: Document,
    known_claims: Mapping[str, Catalogued] | None = None,
    damaged: frozenset[str] = frozenset(),
) -> tuple[Diagnostic, ...]:
    """Everything in `charter` that does not agree, in the order of its lines.

    damaged   top-level keys that could not be read; checks that rely on them do not run
    """
    subject = Subject(charter, document, known_claims)
    if "decision_points" not in damaged and any(workflow.schemas.find(subject)):
        damaged |= {FIELDS}
    found = [d for c in CHECKS if not c.reads & damaged for d in c.find(subject)]
    return in_order(found)


def in_order(found: Collection[Diagnostic]) -> tuple[Diagnostic, ...]:
    """`found` by line and column."""
    return tuple(sorted(found, key=lambda d: (d.place.line, d.place.column) if d.place else (0, 0)))
