"""How a column writes its numbers: with a decimal point, a decimal comma, or in percent."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_COMMA = re.compile(r"[-+]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?\Z")  # `0,911`, and `1.234,5` with dots between thousands
_EITHER = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}\Z")  # `1,234`: one and a bit here, over a thousand there


def read_numbers(words: Sequence[str]) -> NDArray[np.float64]:
    """Each of `words` as a number, in the one way that reads them all; shape (words,).

    A column that is all in percent is divided by 100. Where no way reads them all they are read with a decimal
    point, and what does not read so is NaN, or infinite. `1,234` is not read where nothing else tells which it is.
    """
    plain = np.array([_point(word) for word in words], np.float64)
    if np.isfinite(plain).all():
        return plain
    percent = all(word.endswith("%") for word in words)
    bare = [word.rstrip("%").rstrip() for word in words] if percent else list(words)
    for spelt in (bare, _with_points(bare)):
        numbers = np.array([_point(f"{word}e-2" if percent else word) for word in spelt], np.float64)
        if np.isfinite(numbers).all():
            return numbers
    return plain


def _point(word: str) -> float:
    try:
        return np.nan if "_" in word else float(word)  # Python alone reads 1_000
    except ValueError:
        return np.nan


def _with_points(words: Sequence[str]) -> list[str]:
    """`words` with their decimal commas as points; as they are where not all have one meaning."""
    commas = [word for word in words if "," in word]
    if all(_EITHER.match(word) for word in commas) or not all(_COMMA.match(word) for word in words):
        return list(words)
    return [word.replace(".", "").replace(",", ".") for word in words]
