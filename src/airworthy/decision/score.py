"""One number for how sure the AI says it is, whatever it gave: score, probabilities, answers, log-probabilities.

It ranks; nothing is promised of it. Which of them it was made of is recorded with every decision.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from airworthy.base import canonical
from airworthy.exchange.ask import Ask


class Stated(msgspec.Struct, frozen=True):
    """The AI's own confidence in [0, 1], None where it gave none, and what it was made of."""

    score: float | None
    made_from: str  # stated, probability, samples, log-probabilities, fields; empty: nothing


class NoScore(ValueError):
    """What was given cannot be read as a confidence; says why."""


def stated(ask: Ask) -> Stated:
    """The confidence in `ask`. Raises NoScore where it holds a number that is none, or says it twice."""
    given = [name for name in ("score", "proba", "samples", "logprobs") if getattr(ask, name) is not None]
    if len(given) > 1:
        raise NoScore(f"gives {' and '.join(f'`{name}`' for name in given)}; give one")
    if ask.score is not None:
        return Stated(_share(ask.score, "score"), "stated")
    if ask.proba is not None:
        return Stated(_largest(ask.proba), "probability")
    if ask.samples is not None:
        return Stated(_agreement(ask.samples, ask.output), "samples")
    if ask.logprobs is not None:
        return Stated(_likelihood(ask.logprobs), "log-probabilities")
    if ask.scores:
        return Stated(min(_share(one, f"scores.{field}") for field, one in ask.scores.items()), "fields")
    return Stated(None, "")


def _share(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:  # NaN is neither
        raise NoScore(f"`{name}` is not a number from 0 to 1")
    return float(value)


def _largest(proba: Mapping[str, float] | list[float]) -> float:
    """The probability of the likeliest answer."""
    shares = list(proba.values()) if isinstance(proba, Mapping) else proba
    if not shares:
        raise NoScore("`proba` is empty")
    return max(_share(one, "proba") for one in shares)


def _agreement(samples: list[Any], output: Any) -> float:
    """The share of repeated answers equal to the output."""
    if not samples:
        raise NoScore("`samples` is empty")
    try:
        agreeing = [one for one in samples if canonical.same(one, output)]
    except canonical.OutOfProfile as error:
        raise NoScore(f"`samples` cannot be compared: {error.diagnostics[0].sentence}") from None
    return len(agreeing) / len(samples)


def _likelihood(logprobs: list[float]) -> float:
    """The geometric mean of the tokens' probabilities: it does not fall with length."""
    if not logprobs:
        raise NoScore("`logprobs` is empty")
    if not all(isinstance(one, int | float) and -math.inf < one <= 0 for one in logprobs):
        raise NoScore("`logprobs` holds a number that is no logarithm of a probability")
    return math.exp(math.fsum(logprobs) / len(logprobs))
