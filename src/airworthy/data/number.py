"""How a column writes its numbers: with a decimal point, a decimal comma, or in percent."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

_COMMA = re.compile(r"[-+]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?([eE][-+]?\d+)?\Z")  # `0,911`; `1.234,5` with thousands
_EITHER = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}\Z")  # `1,234`: one and a bit here, over a thousand there


def read_numbers(words: Sequence[str]) -> NDArray[np.float64]:
    """Each of `words` as a number, in the one way that reads most of them; shape (words,).

    A word that does not read so is NaN, or infinite. What is in percent is divided by 100. `1,234` is not read with a
    decimal comma where no other word tells that it is one.
    """
    best = np.array([_point(word) for word in words], np.float64)
    for way in _others(words) if not np.isfinite(best).all() else ():
        numbers = np.array([way(word) for word in words], np.float64)
        best = max(best, numbers, key=lambda read: np.isfinite(read).sum())
    return best


def _others(words: Sequence[str]) -> list[Callable[[str], float]]:
    """The ways besides a decimal point that anything in `words` speaks for."""
    bare = [word.rstrip("%").rstrip() for word in words]
    comma = not all(_EITHER.match(word) for word in bare if "," in word)
    percent = any(word.endswith("%") for word in words)
    return [*([_comma] if comma else []), *([_percent] if percent else []), *([_percent_comma] * (comma and percent))]


def _point(word: str) -> float:
    try:
        return np.nan if "_" in word else float(word)  # Python alone reads 1_000
    except ValueError:
        return np.nan


def _comma(word: str) -> float:
    return _point(word.replace(".", "").replace(",", ".")) if _COMMA.match(word) else np.nan


def _percent(word: str) -> float:
    return _point(f"{word[:-1].rstrip()}e-2") if word.endswith("%") else np.nan


def _percent_comma(word: str) -> float:
    if not word.endswith("%") or not _COMMA.match(bare := word[:-1].rstrip()):
        return np.nan
    return _percent(bare.replace(".", "").replace(",", ".") + "%")
