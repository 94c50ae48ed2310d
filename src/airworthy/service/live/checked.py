"""What was asked, looked at before anything is decided: refused with every mistake, or ready to be decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from airworthy.base import canonical
from airworthy.base.clock import Micros, micros
from airworthy.base.diagnostic import Diagnostic, did_you_mean
from airworthy.base.errors import BadInput, NotFound
from airworthy.base.ids import is_id
from airworthy.charter.promise import Source as Declared
from airworthy.decision.request import Clause, SourceRead
from airworthy.decision.score import NoScore, Stated, stated
from airworthy.exchange.ask import Ask, Failure, Source
from airworthy.service.live.point import Point

MOST_BYTES = 256 * 1_024  # of one ask in canonical form
MOST_SOURCES = 64
AHEAD_US = 300_000_000  # a source may be this much younger than now: clocks differ


class Checked(msgspec.Struct, frozen=True):
    """An ask that can be decided, or whose output is malformed and falls back."""

    ask: Ask
    point: Point
    stated: Stated
    body: bytes  # canonical
    malformed: str  # which declared field breaks which keyword of its schema; empty: none does

    @property
    def once(self) -> tuple[str, str, int]:
        """What makes it the same ask."""
        return self.ask.point, self.ask.subject, self.ask.attempt


def check(ask: Ask, points: Mapping[str, Point]) -> Checked:
    """Raises NotFound for an unknown decision point, BadInput with every other mistake."""
    point = find(ask.point, points)
    found = [*_subject(ask.subject), *_sources(ask, point)]
    score, body = Stated(None, ""), b""
    try:
        score = stated(ask)
    except NoScore as error:
        found.append(Diagnostic("G003", f"the ask {error}", help="give a number from 0 to 1, or leave it out"))
    try:
        body = sealed(ask)
    except canonical.OutOfProfile as error:
        found.append(Diagnostic("G004", f"the ask has no canonical form: {error.diagnostics[0].sentence}"))
    for name, id in (("id", ask.id), ("parent", ask.parent)):
        if id and not is_id(id):
            help = "ids are made at random and stand in the log in clear; leave it out, or pass what was told"
            found.append(Diagnostic("G009", f"the {name} is no id of ours", help=help))
    if len(body) > MOST_BYTES:
        help = "send what the decision needs, and keep documents where they are"
        found.append(
            Diagnostic("G005", f"the ask is {len(body):,} bytes long, and {MOST_BYTES:,} are the most", help=help)
        )
    if found:
        raise BadInput(found)
    return Checked(ask, point, score, body, malformed(point, ask.output))


def find(name: str, points: Mapping[str, Point]) -> Point:
    """The decision point called `use-case.point`. Raises NotFound."""
    if name not in points:
        help = did_you_mean(name, points) or f"there are: {', '.join(sorted(points)) or 'none'}"
        raise NotFound("there is no such decision point", code="G001", help=help)
    return points[name]


def check_failure(failure: Failure, points: Mapping[str, Point]) -> Point:
    """The point a failure speaks of. Raises NotFound, BadInput."""
    point = find(failure.point, points)
    if found := list(_subject(failure.subject)):
        raise BadInput(found)
    return point


def sealed(asked: msgspec.Struct) -> bytes:
    """What was asked, in canonical form, as it is sealed beside the decision. Raises OutOfProfile."""
    try:
        plain = msgspec.to_builtins(asked)
    except RecursionError:
        raise canonical.OutOfProfile(f"a value is nested more than {canonical.DEEPEST} levels deep") from None
    return canonical.encode_trusted(canonical.profiled(plain))


def unsealed(body: bytes) -> dict[str, Any]:
    """What `sealed` was given, as plain JSON."""
    plain: dict[str, Any] = canonical.unprofiled(msgspec.json.decode(body))
    return plain


# What makes it another ask. How sure the AI was, and when a source was read, change from one try to the next.
SAME = ("output", "item", "requested_by", "model_version")


def differs_in(one: bytes, other: bytes) -> tuple[str, ...]:
    """In which of the things that matter two asks differ; in none where asking again is asking the same."""
    if one == other:
        return ()
    said, before = unsealed(one), unsealed(other)
    return tuple(name for name in SAME if not canonical.same(said.get(name), before.get(name)))


def malformed(point: Point, output: Any) -> str:
    """Which declared field breaks which keyword of the output schema; never a value. Empty where it is well-formed."""
    if point.validator.is_valid(output):
        return ""
    error = next(iter(point.validator.iter_errors(output)))
    declared = {str(step) for step in error.schema_path}
    at = ".".join(str(step) for step in error.instance_path if str(step) in declared) or "the output"
    return f"{at}: {error.schema_path[-1]}"


def read_sources(sources: tuple[Source, ...], point: Point, now: Micros) -> tuple[SourceRead, ...]:
    """Each source as it stands for this decision at `now`."""
    declared = {str(one.source): one for one in point.charter.sources}
    return tuple(_read(one, declared[one.source], now) for one in sources)


def _read(source: Source, declared: Declared, now: Micros) -> SourceRead:
    as_of = micros(source.as_of) if source.as_of is not None else None
    contract = declared.contract or ""
    if as_of is None or as_of > now + AHEAD_US or contract:
        # INVARIANT: a contract nobody has checked defends nothing.
        return SourceRead(source.source, "unknown", None, contract, as_of)
    why: Clause | None = "stale" if now - as_of > int(declared.fresh) else None
    return SourceRead(source.source, "not_defended" if why else "defended", why, contract, as_of)


def _subject(subject: str) -> list[Diagnostic]:
    if not subject.strip() or any(char < " " or char == "\x7f" for char in subject):
        return [Diagnostic("G002", "the subject is empty or holds control characters", help="name the work item")]
    return []


def _sources(ask: Ask, point: Point) -> list[Diagnostic]:
    known = {one.source for one in point.charter.sources}
    found = []
    if len(ask.sources) > MOST_SOURCES:
        found.append(Diagnostic("G006", f"the ask names {len(ask.sources)} sources; {MOST_SOURCES} are the most"))
    for source in ask.sources[:MOST_SOURCES]:
        if source.source not in known:
            help = did_you_mean(source.source, known) or "declare it in the charter"
            found.append(Diagnostic("G006", "the ask names a source the charter does not declare", help=help))
        if source.as_of is not None and source.as_of.tzinfo is None:
            found.append(
                Diagnostic("G007", "a source's `as_of` has no time zone", help="write such as 2026-11-22T06:00:00Z")
            )
    return found
