"""What people say about a decision: their answer while it is pending, and what turned out to be true."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict, TypeVar, get_args

import msgspec

from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput
from airworthy.exchange.ask import Answer, Asked, Outcome, Verb
from airworthy.record.decision import LabelClass
from airworthy.sdk.value import to_json

A = TypeVar("A", bound=Asked)


class Truth(TypedDict, total=False):
    """What may be said of an outcome; `exchange.ask.Outcome` tells what each means."""

    correct: bool
    value: Any  # the true output, in the form of the output
    unknown: bool
    label: LabelClass
    observed_at: datetime
    corrects: bool
    person_value: Any  # what a person did without the AI


class Said(TypedDict, total=False):
    """What may be said with an answer."""

    value: Any  # the whole corrected output, with `correct`
    reason: str
    blind: bool  # given before the AI's output was shown


def outcome(decision: str, said: Truth) -> Outcome:
    """What is sent of an outcome. Raises BadInput (C010, C012)."""
    values = {name: to_json(value) for name, value in said.items() if name in ("value", "person_value")}
    return checked(Outcome, {**said, **values, "decision": decision})


def answer(verb: Verb, seen: str, said: Said) -> Answer:
    """What is sent of an answer about what was shown under the digest `seen`. Raises BadInput (C010, C012)."""
    if verb not in get_args(Verb):
        raise _refuse(f"`{verb}` is no answer of a person", f"one of: {', '.join(get_args(Verb))}")
    value = said.get("value")
    return checked(Answer, {**said, "verb": verb, "seen": seen, "value": None if value is None else to_json(value)})


def checked(into: type[A], fields: dict[str, Any]) -> A:
    """What is asked, with every type looked at here: over HTTP the server would, and embedded nobody else does."""
    try:
        asked = msgspec.convert(fields, into)
        msgspec.json.encode(asked)  # a lone surrogate in a subject must not be met first by the spool
    except (msgspec.ValidationError, TypeError, UnicodeEncodeError) as error:
        raise _refuse(f"this cannot be asked: {error}") from None
    return asked


def _refuse(sentence: str, help: str = "") -> BadInput:
    return BadInput([Diagnostic("C012", sentence, help=help)])
