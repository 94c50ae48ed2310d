"""Which group of items breaks it: every value of every column, searched openly and paid for."""

from __future__ import annotations

import msgspec
import numpy as np

from airworthy.evidence.judged import Grouping, Judged, Rate, rates

FEWEST = 50  # items a group needs before it is looked at
MOST_WORDS = 60  # values a column may have to count as grouping
SHOWN = 5


class Group(msgspec.Struct, frozen=True):
    """One group of items, and what the AI's own confidence said about it."""

    column: str
    word: str
    rate: Rate
    expected: float  # share wrong its confidence says; without confidences, the share of all other items
    excess: float  # wrong items beyond what all items would lead one to expect


class Search(msgspec.Struct, frozen=True):
    """The groups that break it, worst first, and how many were looked at to find them."""

    columns: tuple[str, ...]
    looked_at: int
    groups: tuple[Group, ...]


def search(judged: Judged, *, level: float) -> Search:
    """Groups whose share wrong is surely above both the overall share and what their confidence says.

    The level is divided by the number of groups looked at, so that with nothing to find something is shown in at
    most `level` of all logs.
    """
    usable = {name: g for name, g in judged.groups.items() if 2 <= len(g.words) <= MOST_WORDS}
    fewest = max(FEWEST, len(judged) // 500)
    counts = {name: np.bincount(g.codes[g.codes >= 0], minlength=len(g.words)) for name, g in usable.items()}
    looked_at = sum(int((c >= fewest).sum()) for c in counts.values())
    if not looked_at:
        return Search(tuple(usable), 0, ())
    found = [
        group
        for name, grouping in usable.items()
        for group in _groups(judged, name, grouping, fewest, level / looked_at)
    ]
    found.sort(key=lambda group: -group.excess)
    return Search(tuple(usable), looked_at, tuple(found[:SHOWN]))


def _groups(judged: Judged, name: str, grouping: Grouping, fewest: int, level: float) -> list[Group]:
    known = grouping.codes >= 0
    codes = grouping.codes[known]
    size = len(grouping.words)
    n = np.bincount(codes, minlength=size)
    wrong = np.bincount(codes, judged.loss[known], minlength=size)
    overall = float(judged.loss.mean())
    doubt = np.full(len(judged), overall) if judged.score is None else 1 - judged.score
    offset = overall - float(doubt.mean())  # how overconfident it is everywhere: not this group's doing
    said = np.bincount(codes, doubt[known], minlength=size)
    large = np.flatnonzero(n >= fewest)
    groups = []
    for code, measured in zip(large.tolist(), rates(wrong[large], n[large], level=level), strict=True):
        expected = float(said[code] / n[code])
        floor = max(overall, expected + offset)
        if measured.low > floor:
            excess = float(wrong[code] - n[code] * floor)
            groups.append(Group(name, grouping.words[code], measured, expected, excess))
    return groups
