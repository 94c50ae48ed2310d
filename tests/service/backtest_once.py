"""Runs one backtest in a process of its own, slowly enough to be killed in the middle: CHARTER DATA."""

from __future__ import annotations

import sys
from pathlib import Path

from airworthy.base.clock import SystemClock
from airworthy.service import backtest
from airworthy.storage.sqlite import open_store
from service.worlds import loaded

if __name__ == "__main__":
    charter, data = Path(sys.argv[1]), Path(sys.argv[2])
    store = open_store(data)
    backtest.BATCH = 64
    told = backtest.Backtest(loaded(charter), charter.parent, SystemClock())
    told.run(store, progress=lambda doing, done, of: print(doing, done, store.size(), flush=True))
    store.close()
