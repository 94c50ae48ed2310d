"""First looks of every kind of log, also the ones nobody should have."""

from __future__ import annotations

from functools import cache

import numpy as np
from hypothesis import strategies as st

from airworthy.base.clock import DAY
from airworthy.evidence.judged import Grouping, Judged
from airworthy.evidence.trial import FirstLook, look

LONG = "a name that goes on " * 8


def log(n, share, *, seed=50, score=None, weeks=0, people=None, groups=0, name="team", segments=()):
    """A log of `n` items; `score`: a kind or None; `weeks`: how long; `groups`: how many in one column."""
    rng = np.random.default_rng(seed)
    loss = (rng.random(n) < share).astype(float)
    scores = {
        None: None,
        "constant": np.full(n, 0.9),
        "informative": np.clip(0.9 - 0.5 * loss + rng.normal(0, 0.1, n), 0, 1),
        "blind": rng.random(n),
    }[score]
    at = np.sort(rng.integers(0, weeks * 7 * DAY, n)) if weeks else None
    person = None if people is None else (rng.random(n) < people).astype(float)
    words = [f"{name} {i}" for i in range(groups)]
    grouping = {name: Grouping(rng.integers(0, groups, n).astype(np.int32), words)} if groups else {}
    return Judged(loss, scores, at, person, grouping, segments)


LOGS = {
    "one right item": log(1, 0),
    "one wrong item": log(1, 1, score="constant", weeks=1),
    "four items": log(4, 0.5, score="blind", weeks=1, people=0.5),
    "all right": log(3_000, 0, score="constant", weeks=12),
    "all wrong": log(3_000, 1, score="blind", weeks=12, people=0),
    "no score": log(3_000, 0.03),
    "constant score": log(2_000, 0.04, score="constant"),
    "one week": log(600, 0.1, score="informative", weeks=1),
    "forty items": log(40, 0.1, score="informative", weeks=3, people=0.2, groups=3),
    "ordinary": log(4_000, 0.12, score="informative", weeks=20, people=0.2, groups=4),
    "segments": log(4_000, 0.12, score="informative", weeks=20, groups=3, segments=("team",)),
    "long names": log(4_000, 0.05, score="informative", weeks=20, groups=3, name=LONG, segments=(LONG,)),
    "twenty years": log(2_000, 0.1, score="blind", weeks=1_040),
}


@cache
def look_at(name: str) -> FirstLook:
    """The first look at one of LOGS."""
    return look(LOGS[name])


@st.composite
def any_log(draw):
    """A small log of any kind."""
    return log(
        draw(st.integers(1, 400)),
        draw(st.sampled_from([0, 0.001, 0.02, 0.1, 0.5, 1])),
        seed=draw(st.integers(0, 9)),
        score=draw(st.sampled_from([None, "constant", "informative", "blind"])),
        weeks=draw(st.sampled_from([0, 1, 2, 30])),
        people=draw(st.sampled_from([None, 0, 0.2, 1])),
        groups=draw(st.sampled_from([0, 1, 2, 5])),
        segments=(),
    )
