"""What of a charter binds: the digests that a record pins and a grant rests on.

A change of wording, of an owner or of the stage binds nothing; what decides a route, or what counts as wrong, does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from airworthy.base import canonical

# By section, the keys whose change starts a new epoch of evidence.
POLICY: Mapping[str, tuple[str, ...]] = {
    "decision_points": ("point", "input", "output", "irreversible"),
    "rules": ("when", "route", "points"),
    "wrong_means": ("sentence", "known_after", "loss"),
    "error_budget": (
        "budget",
        "risk",
        "monitoring_risk",
        "audit_rate",
        "audit_floor",
        "horizon",
        "missing_limit",
        "coverages",
        "segments",
        "outcomes",
    ),
    "sources": ("source", "fresh", "contract", "required"),
}
# Keys that came after the first format, with the value that says nothing new: at it they stay out of every digest, so
# that a charter keeps the digests it had.
LATER: Mapping[str, Any] = {
    "outcomes": "sampled",
    "blind_first": 0.05,
    "effect": None,
    "quorum": 1,
    "permit_for": 600_000_000,
    "tolerance": None,
}
PERMITS: Mapping[str, tuple[str, ...]] = {"decision_points": ("point", "effect", "quorum")}
MODEL: Mapping[str, tuple[str, ...]] = {"model": ("name", "version", "provider", "object", "recorded", "features")}


def policy_digest(declared: msgspec.Struct) -> str:
    """Digest of everything that decides a route; 64 hex characters. The order of rules and sources does not matter."""
    return _digest(_chosen(declared, POLICY))


def model_digest(declared: msgspec.Struct) -> str:
    """Digest of the model a charter names; 64 hex characters."""
    return _digest(_chosen(declared, MODEL))


def permit_digest(declared: msgspec.Struct) -> str:
    """Digest of what binds a permit: the policy, and which effects and how many people; 64 hex characters."""
    return _digest([_chosen(declared, POLICY), _chosen(declared, PERMITS)])


def charter_digest(declared: msgspec.Struct, keys: tuple[str, ...]) -> str:
    """Digest of every value under the top-level `keys`, wording included, comments and layout left out."""
    return _digest({key: getattr(declared, key) for key in keys})


def _chosen(declared: msgspec.Struct, binding: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    return {section: _keys(getattr(declared, section), keys) for section, keys in binding.items()}


def _keys(value: Any, keys: tuple[str, ...]) -> Any:
    if isinstance(value, tuple):
        chosen = [canonical_form(_keys(v, keys)) for v in value]
        return sorted(chosen, key=canonical.encode)
    return None if value is None else _said(value, keys)


def _said(value: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    held = {key: getattr(value, key) for key in keys}
    return {key: one for key, one in held.items() if key not in LATER or one != LATER[key]}


def _digest(value: object) -> str:
    return canonical.digest(canonical.encode(canonical_form(value)))


def canonical_form(value: Any) -> Any:
    """`value` inside the canonical profile: numbers with a fraction as decimal text, mappings as sorted pairs."""
    if isinstance(value, msgspec.Struct):
        return {name: canonical_form(one) for name, one in _said(value, value.__struct_fields__).items()}
    if isinstance(value, Mapping):
        return [[str(key), canonical_form(value[key])] for key in sorted(value)]
    if isinstance(value, list | tuple):
        return [canonical_form(v) for v in value]
    if isinstance(value, float):
        return repr(round(value, 9))
    return value.isoformat() if isinstance(value, date) else value
