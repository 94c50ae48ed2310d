"""What changed between two charters, where, and what the change costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from airworthy.base.diagnostic import Place
from airworthy.charter.digest import MODEL, POLICY
from airworthy.charter.model import Charter, Declared
from airworthy.charter.promise import Claim, MustBeTrue, Rule, Source
from airworthy.charter.term import Section
from airworthy.charter.work import DecisionPoint, Filter

Effect = Literal["epoch", "claim", "none"]
Path = tuple[str | int, ...]

# Entries of these lists are the same entry while they keep their name, wherever they stand.
_NAMED: Mapping[type[Section], str] = {
    DecisionPoint: "point",
    Rule: "rule",
    Source: "source",
    Claim: "claim",
    MustBeTrue: "sentence",
    Filter: "filter",
}
_LISTS = ("decision_points", "rules", "sources", "claims")
_BINDING = {**POLICY, **MODEL}
_CLAIM = ("measure", "limit", "level", "window", "stages")


class Change(msgspec.Struct, frozen=True):
    """One value that is no longer what it was.

    name      where, in words: `rules.vip-needs-a-person.when`
    effect    `epoch`: evidence starts anew and grants fall; `claim`: the verdict of that claim is judged anew;
              `none`: wording, owners, stage
    before    the value as it was written, "" where there was none
    after     as it is written now, "" where there is none
    """

    name: str
    effect: Effect
    before: str
    after: str
    before_place: Place | None
    after_place: Place | None


class _Difference(NamedTuple):
    name: tuple[str, ...]
    before: Path | None
    after: Path | None


def changes(before: Charter, after: Charter) -> tuple[Change, ...]:
    """Every difference between two charters in the order of the model; comments and layout are none.

    Some change has effect `epoch` exactly when the policy digest or the model digest differs.
    """
    old, new = before.policy_digest + before.model_digest, after.policy_digest + after.model_digest
    found = [d for key in Declared.__struct_fields__ for d in _key(before, after, key)]
    return tuple(_change(d, before, after, may_bind=old != new) for d in found)


def _key(before: Charter, after: Charter, key: str) -> Iterator[_Difference]:
    return _compare(getattr(before, key), getattr(after, key), _Difference((key,), (key,), (key,)))


def _compare(old: Any, new: Any, at: _Difference) -> Iterator[_Difference]:
    if old == new:
        return
    if isinstance(old, Section) and type(old) is type(new):
        for name in old.__struct_fields__:
            yield from _compare(getattr(old, name), getattr(new, name), _below(at, name, name, name))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _compare_pairs(old, new, {k: k for k in old}, {k: k for k in new}, at)
    elif isinstance(old, tuple) and isinstance(new, tuple) and (key := _name_key(old, new)):
        old_at = {getattr(v, key): i for i, v in enumerate(old)}
        new_at = {getattr(v, key): i for i, v in enumerate(new)}
        yield from _compare_pairs(old, new, old_at, new_at, at)
    else:
        yield at


def _compare_pairs(
    old: Any, new: Any, old_at: Mapping[str, Any], new_at: Mapping[str, Any], at: _Difference
) -> Iterator[_Difference]:
    """Entries with one name in both, then those that are gone or new."""
    for name in [*old_at, *(n for n in new_at if n not in old_at)]:
        i, j = old_at.get(name), new_at.get(name)
        below = _below(at, name, i, j)
        if i is not None and j is not None:
            yield from _compare(old[i], new[j], below)
        else:
            yield below


def _below(at: _Difference, name: str, old: str | int | None, new: str | int | None) -> _Difference:
    before = (*at.before, old) if at.before is not None and old is not None else None
    after = (*at.after, new) if at.after is not None and new is not None else None
    return _Difference((*at.name, name), before, after)


def _name_key(old: tuple[Any, ...], new: tuple[Any, ...]) -> str | None:
    """The key that names the entries of two lists; None where they have none, or a name is used twice."""
    key = _NAMED.get(type((old + new)[0]))
    if key is None or any(len({getattr(v, key) for v in entries}) < len(entries) for entries in (old, new)):
        return None
    return key


def _change(found: _Difference, before: Charter, after: Charter, *, may_bind: bool) -> Change:
    effect = _effect(found.name)
    was, is_now = _written(before, found.before), _written(after, found.after)
    return Change(
        name=".".join(found.name),
        effect=effect if may_bind or effect != "epoch" else "none",
        before=was,
        after=is_now,
        before_place=before.place(*found.before) if found.before and was else None,
        after_place=after.place(*found.after) if found.after and is_now else None,
    )


def _effect(name: tuple[str, ...]) -> Effect:
    """What a change at `name` costs: the key of its section, one step deeper in a list, decides."""
    section, depth = name[0], 2 if name[0] in _LISTS else 1
    key = name[depth] if len(name) > depth else None
    if section == "claims":
        return "claim" if key is None or key in _CLAIM else "none"
    binding = _BINDING.get(section, ())
    return "epoch" if binding and (key is None or key in binding) else "none"


def _written(charter: Charter, path: Path | None) -> str:
    """The value at `path` as its first line was written; "" where it is left out."""
    node = charter.document.node(path) if path else None
    if node is None:
        return ""
    first, *rest = charter.document.text[node.start : node.end].strip().split("\n")
    return f"{first} ..." if rest else first
