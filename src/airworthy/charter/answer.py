"""What a person types at a question, as the part of a charter it answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from airworthy.charter.decode import ASK
from airworthy.charter.draft import merged
from airworthy.charter.questions import Part
from airworthy.charter.term import latin

_MONEY = re.compile(r"(\d{1,12}(?:\.\d{1,2})?)\s*([A-Z]{3})(?:\s+(?:a|an|per|each|every)\s+(.+))?\Z")


def answered(part: Part, text: str) -> dict[str, Any]:
    """The part of a charter that `text` answers; empty where the answer has to be written in the file."""
    charter: dict[str, Any] = {}
    for path in part.paths:
        read = _READ.get(path)
        if read is not None:
            charter = merged(charter, _nested(path, read(text.strip())))
    return charter


def can_be_typed(part: Part) -> bool:
    """Whether a line of text can answer `part`."""
    return any(path in _READ for path in part.paths)


def is_told(part: Part, known: Mapping[str, Any]) -> bool:
    """Whether `known`, nested as in a charter, already holds everything a line of text could answer of `part`."""
    paths = [path for path in part.paths if path in _READ]
    return bool(paths) and all(_at(known, path) not in (None, ASK) for path in paths)


def _at(held: Any, path: str) -> Any:
    """The value at a dotted path; of a list its first entry is meant."""
    for step in path.split("."):
        held = held[0] if isinstance(held, list) and held else held
        held = held.get(step) if isinstance(held, Mapping) else None
    return held


def _nested(path: str, value: Any) -> dict[str, Any]:
    """`value` at a dotted path; decision points and sources are lists, of which the first entry is meant."""
    head, _, rest = path.partition(".")
    inner = _nested(rest, value) if rest else value
    return {head: [inner] if rest and head in ("decision_points", "sources") else inner}


def kebab(text: str) -> str:
    """`text` as a name, or `ask` where no letter of it can stay."""
    return re.sub(r"[^a-z0-9]+", "-", latin(text)).strip("-")[:80].rstrip("-") or ASK


def _same(text: str) -> str:
    return text


def _seat(text: str) -> dict[str, str]:
    return {"seat": kebab(text)}


def _duty(text: str) -> dict[str, str]:
    return dict.fromkeys(("product", "operations", "risk", "business"), kebab(text))


def _number(digits: str) -> int | float:
    return float(digits) if "." in digits else int(digits)


def _money(text: str) -> Any:
    match = _MONEY.match(text)
    return {"amount": _number(match[1]), "currency": match[2]} if match else ASK


def _cost(text: str) -> Any:
    match = _MONEY.match(text)
    return {"amount": _number(match[1]), "currency": match[2], "per": match[3] or ASK} if match else ASK


def _output(text: str) -> Any:
    names = [n for n in re.split(r"[\s,]+", text) if n.isidentifier()]
    if not names:
        return ASK
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}


def _steps(text: str) -> list[dict[str, str]]:
    first = f"rotation/{kebab(text)}"
    return [{"to": to, "wait": "30m"} for to in (first, "owner", "deputy(owner)", "accountable")]


def _rule(text: str) -> list[dict[str, str]]:
    return [{"rule": "a-person-decides", "when": text, "route": "review", "why": "a person must decide this"}]


def _approvals(text: str) -> dict[str, str]:
    return dict.fromkeys(("shadow", "assist", "default", "rules", "model", "waiver"), kebab(text))


def _result(text: str) -> dict[str, str]:
    return {"sentence": text, "measure": ASK, "target": ASK}


def _must(text: str) -> list[dict[str, str]]:
    sentences = [s.strip() for s in text.split(";") if s.strip()]
    return [{"sentence": sentence, "owner": ASK} for sentence in sentences]


_READ: Mapping[str, Callable[[str], Any]] = {
    "title": _same,
    "use_case": kebab,
    "workflow.name": _same,
    "workflow.system_of_record": _same,
    "workflow.unit": _same,
    "workflow.eligible": _same,
    "workflow.today": _same,
    "decision_points.point": kebab,
    "decision_points.decides": _same,
    "decision_points.output": _output,
    "decision_points.fallback": _same,
    "decision_points.undo": _same,
    "owners.outcome": _seat,
    "owners.trust": _seat,
    "owners.accountable": _seat,
    "owners.outcome.deputy": kebab,
    "owners.trust.deputy": kebab,
    "owners.accountable.deputy": kebab,
    "duties.performance": _duty,
    "duties.escalation": _duty,
    "duties.improvement": _duty,
    "wrong_means.sentence": _same,
    "wrong_means.judge": kebab,
    "wrong_means.known_after": _same,
    "wrong_means.cost": _money,
    "wrong_means.undo": _same,
    "error_budget.horizon": _same,
    "error_budget.budget": _same,
    "sources.source": kebab,
    "sources.owner": kebab,
    "sources.definition": _same,
    "sources.basis": _same,
    "sources.fresh": _same,
    "rules": _rule,
    "escalation.steps": _steps,
    "approvals": _approvals,
    "running_cost": _cost,
    "business_result": _result,
    "must_be_true": _must,
}
