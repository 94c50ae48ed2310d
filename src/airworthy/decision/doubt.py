"""Which fields of an output may be wrong, and why: for the person who is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from airworthy.decision.confidence import DOUBTFUL
from airworthy.exchange.ask import Ask
from airworthy.exchange.told import Doubt

MOST_ALTERNATIVES = 4


def doubts(ask: Ask, schema: Mapping[str, Any]) -> tuple[Doubt, ...]:
    """Fields of `ask.output` that deserve a look, worst first.

    schema   the point's output schema
    A field is doubted when its own score is below 0.75, when repeated answers or probabilities name others, or when it
    is empty though the schema knows it.
    """
    fields = ask.output if isinstance(ask.output, Mapping) else {}
    found = [*_unsure(ask.scores), *_torn(ask, fields), *_empty(fields, schema)]
    return tuple(sorted(found, key=lambda one: (one.score is None, one.score or 0.0)))


def _unsure(scores: Mapping[str, float]) -> list[Doubt]:
    return [
        Doubt(field=name, why="the AI itself is unsure", score=one) for name, one in scores.items() if one < DOUBTFUL
    ]


def _torn(ask: Ask, fields: Mapping[str, Any]) -> list[Doubt]:
    """Fields on which repeated answers, or the probabilities of a single answer, do not agree."""
    found = []
    for name, value in fields.items() if ask.samples else ():
        others = Counter(str(one[name]) for one in ask.samples or () if isinstance(one, dict) and name in one)
        others.pop(str(value), None)
        if others:
            also = tuple(word for word, _ in others.most_common(MOST_ALTERNATIVES))
            found.append(Doubt(field=name, why="asked again, it answered otherwise", alternatives=also))
    chances = ask.proba
    if isinstance(chances, dict) and len(fields) == 1 and max(chances.values(), default=1.0) < DOUBTFUL:
        [(name, value)] = fields.items()
        ranked = sorted(chances, key=lambda word: -chances[word])
        also = tuple(word for word in ranked if word != str(value))[:MOST_ALTERNATIVES]
        found.append(Doubt(field=name, why="other answers are nearly as likely", alternatives=also))
    return found


def _empty(fields: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Doubt]:
    known = schema.get("properties", {})
    return [Doubt(field=name, why="it is missing") for name in known if fields.get(name) in (None, "")]
