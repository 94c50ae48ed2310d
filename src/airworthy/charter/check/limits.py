"""Limits: can the number a claim is held against be a value of its measure at all, and who set it?"""

from __future__ import annotations

from collections.abc import Iterator

from airworthy.base.diagnostic import Diagnostic
from airworthy.charter.check.finding import Catalogued, Subject, reading

_BUDGET = "acted-error-within-budget"  # the claim whose limit is the error budget where none is written


@reading("claims")
def possible_limits(subject: Subject) -> Iterator[Diagnostic]:
    """A limit lies where the claim's measure can fall on both of its sides."""
    for i, claim in enumerate(subject.charter.claims):
        known = (subject.known_claims or {}).get(claim.claim)
        lowest = _lowest(known)
        if claim.limit is not None and not lowest <= claim.limit <= 1:
            sentence = f"the limit of `{claim.claim}` is {claim.limit:g}, outside {lowest} to 1"
            help = f"write {'a share' if lowest == 0 else 'a number'} such as `0.05`, or `5 %`"
            yield subject.mistake("D056", ("claims", i, "limit"), sentence, help)


def _lowest(claim: Catalogued | None) -> int:
    """Differences may be negative; shares, and the distance allowed to both sides, may not."""
    if claim is None or claim.side == "above":
        return -1
    return 0 if claim.unit == "share" or claim.side == "within" else -1


@reading("claims", "error_budget")
def no_more_than_the_budget(subject: Subject) -> Iterator[Diagnostic]:
    """The claim about what is acted on promises the error budget, or less."""
    budget = subject.charter.error_budget.budget
    for i, claim in enumerate(subject.charter.claims):
        if claim.claim == _BUDGET and claim.limit is not None and claim.limit > budget:
            sentence = f"the limit of `{_BUDGET}` is {claim.limit:g}, above the error budget of {budget:g}"
            yield subject.mistake("D057", ("claims", i, "limit"), sentence, "leave it out, or raise `budget:`")


@reading("claims")
def somebody_set_it(subject: Subject) -> Iterator[Diagnostic]:
    """A limit or a level that differs from the catalogue's was set by somebody."""
    for i, claim in enumerate(subject.charter.claims):
        if claim.set_by is None and (claim.limit is not None or claim.level is not None):
            what = "limit" if claim.limit is not None else "level"
            sentence = f"nobody is named who set the {what} of `{claim.claim}`"
            yield subject.warning("D058", ("claims", i, "claim"), sentence, "add `set_by:` with a seat")


CHECKS = (possible_limits, no_more_than_the_budget, somebody_set_it)
