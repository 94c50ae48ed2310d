"""Facts written out, without a log behind them."""

from __future__ import annotations

import numpy as np

from airworthy.base.clock import HOUR
from airworthy.evidence.facts import Decisions, Facts

START = 1_790_000_000_000_000


def facts(n=0, **known):
    """`n` decisions of live work an hour apart; `known` sets columns of decisions or fields of the facts."""
    columns = {
        "at": START + HOUR * np.arange(n), "score": np.full(n, np.nan), "confidence": np.full(n, np.nan),
        "certified": np.zeros(n, bool), "stage": np.full(n, "shadow"), "work": np.full(n, "later_other"),
        "segment": np.full(n, "all"), "sources_seen": np.zeros(n, np.int64), "awaited": np.ones(n, bool),
        "loss": np.full(n, np.nan),
        "person_loss": np.full(n, np.nan),
    }  # fmt: skip
    decisions = Decisions(**{name: np.asarray(known.pop(name, usual)) for name, usual in columns.items()})
    usual = {
        "charters": (), "started": None, "finished": None, "gap": None, "opened": (), "closed": (), "simulated": (),
        "first_seq": 0, "last_seq": 0, "other_policies": 0,
    }  # fmt: skip
    return Facts(decisions=decisions, **(usual | known))
