"""Workflow: are the decision points usable, and does the log say what it would have to say?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airworthy.base.diagnostic import Diagnostic, did_you_mean
from airworthy.charter.check.finding import FIELDS, Path, Subject, reading, repeated
from airworthy.charter.environment import kind_of
from airworthy.charter.work import Filter

_NAMED = {"decision_points": "point", "rules": "rule", "sources": "source", "claims": "claim"}
LEAST_HELD_OUT = 0.01  # of a pilot; below it a hundred items hold not one out
_TYPES = ("string", "integer", "number", "boolean", "array", "object")


@reading(*_NAMED, "pilot")
def names_once(subject: Subject) -> Iterator[Diagnostic]:
    """No two decision points, rules, sources, claims or filters share a name."""
    for section, key in _NAMED.items():
        for i, name in repeated(getattr(entry, key) for entry in getattr(subject.charter, section)):
            sentence = f"the {key.replace('_', ' ')} `{name}` is given twice"
            yield subject.mistake("D024", (section, i, key), sentence, "give one of them another name")
    pilot = subject.charter.pilot
    for i, name in repeated(f.filter for f in (pilot.curation if pilot else ())):
        sentence = f"the filter `{name}` is given twice"
        yield subject.mistake("D024", ("pilot", "curation", i, "filter"), sentence, "give one of them another name")


@reading("decision_points")
def points(subject: Subject) -> Iterator[Diagnostic]:
    """There is a decision point, and each says whether its action can be taken back."""
    if not subject.charter.decision_points:
        sentence = "the charter has no decision point, so the AI decides nothing"
        yield subject.mistake("D047", ("decision_points",), sentence, "add the place where an output is used")
    for i, point in enumerate(subject.charter.decision_points):
        if point.irreversible == (point.undo is not None):
            says = "says both `undo` and" if point.irreversible else "says neither `undo` nor"
            sentence = f"decision point `{point.point}` {says} `irreversible: true`"
            help = "say how an action is taken back, or that it cannot be"
            yield subject.mistake("D036", ("decision_points", i, "point"), sentence, help)
        if point.quorum < 1:
            sentence = f"decision point `{point.point}` needs {point.quorum} people to accept, so nobody would have to"
            yield subject.mistake("D061", ("decision_points", i, "quorum"), sentence, "write 1 or more")
        if point.permit_for <= 0:
            sentence = f"a permit of decision point `{point.point}` would expire before it is given"
            yield subject.mistake("D062", ("decision_points", i, "permit_for"), sentence, "write such as `10m`")


@reading("decision_points")
def schemas(subject: Subject) -> Iterator[Diagnostic]:
    """Input and output are objects whose properties have types a rule can use."""
    for i, point in enumerate(subject.charter.decision_points):
        yield from _object(subject, ("decision_points", i, "input"), point.input)
        yield from _object(subject, ("decision_points", i, "output"), point.output)


def _object(subject: Subject, path: Path, schema: Mapping[str, Any]) -> Iterator[Diagnostic]:
    properties = schema.get("properties")
    if schema.get("type") != "object" or not isinstance(properties, Mapping) or not properties:
        sentence = f"the {path[-1]} of a decision point is no object with properties"
        help = "write `type: object` and `properties:` with one entry a field"
        yield subject.mistake_at_key("D037", path, sentence, help)
        return
    for name, inner in properties.items():
        yield from _property(subject, (*path, "properties", name), inner)
    required = schema.get("required", [])
    for i, name in enumerate(required if isinstance(required, list) else []):
        if name not in properties:
            sentence = f"the {path[-1]} requires `{name}`, which is not among its properties"
            yield subject.mistake("D037", (*path, "required", i), sentence, did_you_mean(str(name), properties))


def _property(subject: Subject, path: Path, schema: Any) -> Iterator[Diagnostic]:
    if not isinstance(schema, Mapping):
        yield subject.mistake("D037", path, f"the field `{path[-1]}` has no schema", "write `{type: string}`")
    elif isinstance(schema.get("properties"), Mapping):
        for name, inner in schema["properties"].items():
            yield from _property(subject, (*path, "properties", name), inner)
    elif kind_of(schema) is None:
        at = (*path, "type") if "type" in schema else path
        sentence = f"the field `{path[-1]}` has no type a rule can use"
        help = did_you_mean(str(schema.get("type")), _TYPES) or f"its type is one of {', '.join(_TYPES)}"
        yield subject.mistake("D037", at, sentence, help)


@reading("model", "log")
def model(subject: Subject) -> Iterator[Diagnostic]:
    """The model can be run, or its outputs are in the log; one that is asked live needs only its name."""
    ai, log = subject.charter.model, subject.charter.log
    if ai is None or (log is None and ai.object is None and not ai.recorded):
        return
    if ai.recorded == (ai.object is not None):
        says = "both `object` and" if ai.recorded else "neither `object` nor"
        help = "name `module:object`, or say that the log holds its outputs"
        yield subject.mistake_at_key("D039", ("model",), f"the model says {says} `recorded: true`", help)
    elif ai.recorded and (log is None or log.output is None):
        sentence = "the model's outputs are recorded, but no column of a log holds them"
        yield subject.mistake("D039", ("model", "recorded"), sentence, "add `output:` under `log:`")
    elif ai.object is not None and not _is_reference(ai.object):
        sentence = f"`{ai.object}` is not of the form `module:object`"
        yield subject.mistake("D039", ("model", "object"), sentence, "write such as `triage:model`")


def _is_reference(text: str) -> bool:
    module, colon, name = text.partition(":")
    return bool(colon) and name.isidentifier() and all(part.isidentifier() for part in module.split("."))


@reading("log", "model")
def no_answer_among_features(subject: Subject) -> Iterator[Diagnostic]:
    """The model is never given what is known only afterwards."""
    log, ai = subject.charter.log, subject.charter.model
    if log is None:
        return
    known_later = {log.truth.column, *log.end} | {c for c in (log.output, log.score, log.outcome_at) if c}
    for section, columns in (("log", log.features), ("model", ai.features if ai else ())):
        for i, column in enumerate(columns):
            if column in known_later:
                sentence = f"the model is given `{column}`, which is known only afterwards"
                yield subject.mistake("D040", (section, "features", i), sentence, "take it out of `features`")


@reading("log")
def no_answer_as_output(subject: Subject) -> Iterator[Diagnostic]:
    """What is compared with the truth is not the truth itself.

    One column may hold both where an item has several events: the output stands in the first, the truth in the last.
    """
    log = subject.charter.log
    if log is None:
        return
    told_apart = bool(log.event_order) and log.truth.take == "last"
    for key, column in (("output", None if told_apart else log.output), ("score", log.score)):
        if column == log.truth.column:
            sentence = f"`{key}` and `truth` of the log are one column, `{column}`, so nothing could ever be wrong"
            help = "name another column" + (", or say `event_order:`" if key == "output" else "")
            yield subject.mistake("D059", ("log", key), sentence, help)


@reading("decision_points", FIELDS, "log")
def judged_by_a_backtest(subject: Subject) -> Iterator[Diagnostic]:
    """A log is read as one decision with one field, so a second one is never judged by it."""
    charter = subject.charter
    if charter.log is None or not charter.decision_points:
        return
    help = "write a charter for each of the others, or judge them live"
    if (points := len(charter.decision_points)) > 1:
        sentence = f"there are {points} decision points, and a backtest judges only the first"
        yield subject.warning("D060", ("decision_points", 1, "point"), sentence, help)
    first = charter.decision_points[0]
    if (fields := len(first.output.get("properties") or ())) > 1:
        sentence = f"the output has {fields} fields, and a backtest judges only the first"
        yield subject.warning("D060", ("decision_points", 0, "output", "properties"), sentence, help)


@reading("pilot", "log")
def pilot(subject: Subject) -> Iterator[Diagnostic]:
    """The pilot's shares add up, it has a log, and each filter says one thing."""
    trial = subject.charter.pilot
    if trial is None:
        return
    if subject.charter.log is None:
        yield subject.mistake_at_key("D041", ("pilot",), "the pilot has no log to be read from", "add `log:`")
    if len(trial.split) != 3 or abs(sum(trial.split) - 1) > 1e-9:
        sentence = f"the pilot is split into {len(trial.split)} shares that add up to {sum(trial.split):g}"
        help = "give three shares that add up to 1: to train, to calibrate, to hold out"
        yield subject.mistake("D041", ("pilot", "split"), sentence, help)
    elif trial.split[2] < LEAST_HELD_OUT:
        sentence = f"the pilot holds out {100 * trial.split[2]:g} % of its items, so nothing says how well it went"
        help = f"hold out {100 * LEAST_HELD_OUT:g} % or more, such as `[0.6, 0.2, 0.2]`"
        yield subject.mistake("D041", ("pilot", "split", 2), sentence, help)
    if not trial.seeds:
        sentence = "the pilot names no seed, so not one split of it is made"
        yield subject.mistake("D041", ("pilot", "seeds"), sentence, "leave `seeds:` out, or write `[0, 1, 2, 3, 4]`")
    for i, one in enumerate(trial.curation):
        if _says(one) != 1:
            sentence = f"the filter `{one.filter}` says {_says(one)} of `complete`, `at_most` and `commonest`"
            yield subject.mistake("D048", ("pilot", "curation", i, "filter"), sentence, "say exactly one")


def _says(one: Filter) -> int:
    return sum((bool(one.complete), bool(one.at_most), one.commonest is not None))


CHECKS = (
    names_once,
    points,
    schemas,
    model,
    no_answer_among_features,
    no_answer_as_output,
    judged_by_a_backtest,
    pilot,
)
