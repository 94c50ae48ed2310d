"""Guessing which column is which, by name and content; for a suggestion, never for an answer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from airworthy.data.column import Column, misread
from airworthy.data.table import Table

_OUTPUT = ("predict", "output", "ai_", "model_", "said", "suggest", "answer", "pred", "response")
_TRUTH = ("truth", "actual", "label", "true", "correct", "final", "gold", "target", "resolved", "outcome")
_SCORE = ("confidence", "score", "prob", "certainty", "sure")
_TIME = ("decided_at", "time", "date", "created", "opened", "_at", "when")
_SEEN = 50  # distinct words looked at


def guess(table: Table) -> Mapping[str, str]:
    """Option -> column for those that something speaks for; each column once."""
    found: dict[str, str] = {}
    for option, (names, fits) in _KINDS.items():
        free = [name for name, column in table.columns.items() if name not in found.values() and fits(column)]
        named = next((name for word in names for name in free if word in name.lower()), None)
        if named is not None:
            found[option] = named
    return found


def is_share(column: Column) -> bool:
    """Numbers from 0 to 1, more than two of them."""
    if column.few(2) or column.unreadable_numbers():
        return False
    numbers = column.numbers[~np.isnan(column.numbers)]
    return bool(len(numbers) and numbers.min() >= 0 and numbers.max() <= 1)


def is_time(column: Column) -> bool:
    """Dates, nearly all of them in one form."""
    sample = column.words[:_SEEN]
    return column.instants is not None or (bool(sample) and len(misread(None, sample)) < len(sample) / 2)


def _is_said(column: Column) -> bool:
    return not column.missing.all()


_KINDS = {
    "--score": (_SCORE, is_share),
    "--time": (_TIME, is_time),
    "--truth": (_TRUTH, _is_said),
    "--output": (_OUTPUT, _is_said),
}
