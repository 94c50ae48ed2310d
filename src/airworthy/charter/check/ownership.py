"""Ownership: does everyone who must answer exist, and does the ladder reach someone in time?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from airworthy.base.diagnostic import Diagnostic, did_you_mean
from airworthy.base.quantity import say_span
from airworthy.charter.check.finding import Path, Subject, reading
from airworthy.charter.model import Declared
from airworthy.charter.people import Owner

ROLES = ("outcome", "trust", "accountable")
_TO = re.compile(r"(?:rotation/(?P<rotation>[a-z0-9-]+)|deputy\((?P<deputy>[a-z-]+)\)|(?P<plain>[a-z0-9-]+))\Z")
_OWNERS = ("owner", "trust", "accountable")

_WITHOUT_DEPUTY = {
    "outcome": "the outcome owner has no deputy, so the outcome belongs to no one while that seat is absent",
    "trust": "the trust owner has no deputy, so no one may stop the AI while that seat is absent",
    "accountable": "the accountable owner has no deputy, so no one answers for an error while that seat is absent",
}


def owner(charter: Declared, role: str) -> Owner:
    """The owner called `role`: outcome, trust or accountable."""
    found: Owner = getattr(charter.owners, role)
    return found


def holders(charter: Declared) -> dict[str, tuple[str, ...]]:
    """The people who hold each seat, from `seats` and from the owners' `person`."""
    held: dict[str, tuple[str, ...]] = {str(seat): people for seat, people in charter.seats.items()}
    for role in ROLES:
        one = owner(charter, role)
        if one.person and one.seat not in held:
            held[one.seat] = (one.person,)
    return held


@reading("mode", "owners")
def deputies(subject: Subject) -> Iterator[Diagnostic]:
    """Every owner has a deputy who is someone else; a solo charter needs none."""
    if subject.charter.mode == "solo":
        return
    for role in ROLES:
        one = owner(subject.charter, role)
        if one.deputy is None:
            yield subject.mistake("D008", ("owners", role), _WITHOUT_DEPUTY[role], "add `deputy:` with another seat")
        elif one.deputy == one.seat:
            sentence = f"the seat `{one.seat}` is its own deputy"
            yield subject.mistake("D008", ("owners", role, "deputy"), sentence, "name another seat")


@reading(
    "mode", "seats", "owners", "duties", "escalation", "wrong_means", "sources", "claims", "must_be_true", "approvals"
)
def seats_held(subject: Subject) -> Iterator[Diagnostic]:
    """Every seat that is named is held by someone; each missing one is reported where it is named first."""
    held = {seat for seat, people in holders(subject.charter).items() if people}
    missing: set[str] = set()
    for path, seat in _named_seats(subject.charter):
        if seat in held or seat in missing or subject.charter.mode == "solo":
            continue
        missing.add(seat)
        help = did_you_mean(seat, held) or f"add `{seat}: [a name]` under `seats:`"
        yield subject.mistake("D025", path, f"nobody holds the seat `{seat}`", help)


def _named_seats(charter: Declared) -> Iterator[tuple[Path, str]]:
    for role in ROLES:
        one = owner(charter, role)
        yield ("owners", role, "seat"), one.seat
        if one.deputy:
            yield ("owners", role, "deputy"), one.deputy
    for section in ("duties", "approvals"):
        yield from _seats_below((section,), getattr(charter, section))
    for i, step in enumerate(charter.escalation.steps):
        if (match := _TO.match(step.to)) and (seat := match["rotation"] or match["plain"]) and seat not in _OWNERS:
            yield ("escalation", "steps", i, "to"), seat
    yield ("wrong_means", "judge"), charter.wrong_means.judge
    for section, key in (("sources", "owner"), ("claims", "set_by"), ("must_be_true", "owner")):
        for i, entry in enumerate(getattr(charter, section)):
            if seat := getattr(entry, key):
                yield (section, i, key), seat


def _seats_below(path: Path, section: object) -> Iterator[tuple[Path, str]]:
    for name in getattr(section, "__struct_fields__", ()):
        value = getattr(section, name)
        if isinstance(value, str):
            yield (*path, name), value
        else:
            yield from _seats_below((*path, name), value)


@reading("mode", "seats", "owners")
def several_people(subject: Subject) -> Iterator[Diagnostic]:
    """In a team, the three owners are not one and the same person, and neither are a seat and its deputy."""
    charter, held = subject.charter, holders(subject.charter)
    if charter.mode == "solo":
        return
    people = [set(held.get(owner(charter, role).seat, ())) for role in ROLES]
    if len(everyone := set[str]().union(*people)) == 1 and all(people):
        sentence = f"{everyone.pop()} alone owns outcome, trust and accountability"
        yield subject.mistake_at_key("D026", ("owners",), sentence, "name another person, or write `mode: solo`")
        return
    for role in ROLES:
        one = owner(charter, role)
        both = set(held.get(one.seat, ())) | set(held.get(one.deputy or "", ()))
        if one.deputy and one.deputy in held and one.deputy != one.seat and len(both) == 1:
            sentence = f"{both.pop()} holds both `{one.seat}` and its deputy `{one.deputy}`"
            yield subject.mistake(
                "D026", ("owners", role, "deputy"), sentence, "give the deputy seat to another person"
            )


@reading("mode", "duties")
def duties_named(subject: Subject) -> Iterator[Diagnostic]:
    """A team says who owns performance, escalation and improvement."""
    if subject.charter.mode == "team" and subject.charter.duties is None:
        sentence = "nobody owns performance, escalation and improvement"
        yield subject.warning("D051", (), sentence, "add `duties:` with a seat for each part")


@reading("escalation", "seats")
def ladder(subject: Subject) -> Iterator[Diagnostic]:
    """Every rung leads to someone, and the whole ladder is walked before the hard deadline."""
    escalation = subject.charter.escalation
    if not escalation.steps:
        yield subject.mistake("D047", ("escalation", "steps"), "the escalation ladder has no steps", "add whom to ask")
    for i, step in enumerate(escalation.steps):
        at: Path = ("escalation", "steps", i)
        match = _TO.match(step.to)
        if match is None or (match["deputy"] and match["deputy"] not in _OWNERS):
            help = "write `rotation/<seat>`, `owner`, `trust`, `accountable`, `deputy(owner)` or a seat"
            yield subject.mistake("D043", (*at, "to"), f"step {i + 1} of the ladder leads to `{step.to}`", help)
        if step.wait == 0:
            sentence = f"step {i + 1} of the ladder gives nobody time to answer"
            yield subject.mistake("D046", (*at, "wait"), sentence, "wait at least a minute")
    yield from _ladder_in_time(subject)


def _ladder_in_time(subject: Subject) -> Iterator[Diagnostic]:
    escalation = subject.charter.escalation
    walks = escalation.repeat + 1
    takes = sum(step.wait for step in escalation.steps) * walks
    if takes > escalation.hard_deadline:
        times = "once" if walks == 1 else f"{walks} times"
        sentence = f"walking the ladder {times} takes {say_span(takes)}, past the hard deadline"
        help = f"wait less, or set `hard_deadline` to {say_span(takes)} or more"
        yield subject.mistake("D028", ("escalation", "hard_deadline"), sentence, help)


CHECKS = (deputies, seats_held, several_people, duties_named, ladder)
