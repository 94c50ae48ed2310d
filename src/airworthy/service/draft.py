"""A charter started from what a log could tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airworthy.base.clock import Micros
from airworthy.charter.draft import draft
from airworthy.charter.term import latin
from airworthy.data.question import Question
from airworthy.data.table import Table, read
from airworthy.evidence.search import Group
from airworthy.evidence.trial import FirstLook
from airworthy.service.trial import look_at

MOST_ENUM = 12  # values a field may have to be listed in its schema
MOST_FIELDS = 12
LOOKED_AT = 4  # columns that may identify an item before we stop looking


def draft_from_log(log: Path, question: Question, table: Table, look: FirstLook) -> str:
    """A charter with what the log told filled in, and every question only people can answer marked `ask`."""
    return draft({}, known(log, question, table, look))


def known_from_log(log: Path, question: Question | None, *, now: Micros | None = None) -> Mapping[str, Any]:
    """What a log tells of a charter, nested as there. Without a question only its name. `now` as in `look_at`."""
    if question is None:
        return {"use_case": slug(log.name), "log": {"path": str(log)}}
    table = read(log)
    return known(log, question, table, look_at(table, question, now=now).look)


def known(log: Path, question: Question, table: Table, look: FirstLook) -> Mapping[str, Any]:
    """The parts of a charter that the log, the columns named and the first look answer.

    A charter tells its segments apart by one field: the first column named with `--segment` that can be one.
    """
    named = [name for name in table.columns if _is_field(name, table, question)]
    fields = sorted(named, key=lambda name: name not in question.segments)[:MOST_FIELDS]
    said: dict[str, Any] = {
        "use_case": slug(log.name),
        "stage": "shadow",
        "decision_points": [
            {
                "point": slug(question.output),
                "input": _schema({name: _type(table, name) for name in fields}),
                "output": _schema({slug(question.output, "_"): {"type": _output_type(question)}}),
            }
        ],
        "log": _log(log, question, table, fields),
        "model": {"recorded": True, "name": "ask", "version": "ask", "provider": "ask"},
    }
    if look.person:
        people = look.person[0]
        said["baseline"] = {
            "right": f"{100 * (1 - people.share):.1f} %",
            "items": people.n,
            "measured": f"column {question.person} of {log.name}",
        }
    if question.tolerance is not None:
        said["wrong_means"] = {"sentence": f"it is further than {question.tolerance:g} from what turned out to be true"}
    if segment := next((name for name in question.segments if name in fields), None):
        said["error_budget"] = {"segments": {"by": segment, "values": sorted(table[segment].words)}}
    rules = [_rule(group) for group in look.search.groups[:1] if group.column in fields]
    return said | ({"rules": rules} if rules else {})


def _log(log: Path, question: Question, table: Table, fields: list[str]) -> dict[str, Any]:
    named: dict[str, Any] = {"path": str(log), "item": question.item or _identity(table, question) or "ask"}
    named["eligible_at"] = question.time or "ask"
    named["truth"] = {"column": question.truth or "ask", "take": "last"}
    optional = {
        "date_format": question.date_format,
        "output": question.output,
        "score": question.score,
        "tolerance": question.tolerance,
        "human": {"column": question.person, "take": "first"} if question.person else None,
        "features": fields,
    }
    return named | {key: value for key, value in optional.items() if value not in (None, "", [])}


def _identity(table: Table, question: Question) -> str | None:
    """The first column that was named as nothing else and has another value in every row."""
    named = set(question.columns().values())
    left = [name for name in table.columns if name not in named and not table[name].few(len(table) // 2)]
    return next((name for name in left[:LOOKED_AT] if len(table[name].words) == len(table)), None)


def _is_field(name: str, table: Table, question: Question) -> bool:
    """A column the AI may have been given: sorts items into groups and was not named as something else."""
    used = set(question.columns().values()) - set(question.segments)
    return name not in used and 2 <= len(table[name].words) <= 60 and re.fullmatch(r"[A-Za-z_]\w*", name) is not None


def _type(table: Table, name: str) -> dict[str, Any]:
    words = table[name].words
    return {"type": "string", "enum": sorted(words)} if len(words) <= MOST_ENUM else {"type": "string"}


def _output_type(question: Question) -> str:
    return "string" if question.tolerance is None else "number"


def _schema(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _rule(group: Group) -> dict[str, Any]:
    """The rule the worst group asks for, with its own test."""
    name = f"{slug(group.column)}-{slug(group.word)}-needs-a-person"
    return {
        "rule": name,
        "when": f'item.{group.column} == "{_escaped(group.word)}"',
        "route": "review",
        "why": f"{group.rate.wrong:.0f} of {group.rate.n} wrong in the log",
        "tests": [{"given": {"item": {group.column: group.word}}, "route": "review"}],
    }


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"')


def slug(text: str, dash: str = "-") -> str:
    """`Predicted group.csv.gz` as `predicted-group`: a name the charter takes."""
    stem = re.sub(r"(\.csv|\.gz|\.parquet|\.pq)+$", "", latin(text))
    return re.sub(r"[^a-z0-9]+", dash, stem).strip(dash) or "unnamed"
