"""What was in force: charters adopted, backtests run."""

from __future__ import annotations

import msgspec

from airworthy.record.decision import Model, Stage
from airworthy.record.envelope import Record


class CharterAdopted(Record, frozen=True, kw_only=True, tag="charter.adopted"):
    """From here on this charter is in force. Its text is a sealed payload."""

    charter: str  # digest of the file
    policy: str
    commit: str | None  # Git commit it was read at, None outside Git
    stage: Stage
    model_version: str = ""  # of the model it names, where a gateway adopted it


class RunStarted(Record, frozen=True, kw_only=True, tag="run.started"):
    """A backtest began: which log, which model, which charter."""

    run: str
    charter: str
    policy: str
    log: str  # digest of the log file
    plan: str  # digest of how the charter reads the log, splits the pilot and names the model
    items: int
    model: Model


UNDATED = "without a date"  # items left out for this reason are missing from the log


class LeftOut(msgspec.Struct, frozen=True):
    """Items a backtest could not use, and why."""

    why: str
    items: int


class RunFinished(Record, frozen=True, kw_only=True, tag="run.finished"):
    """A backtest reached the end of its log."""

    run: str
    items: int
    left_out: tuple[LeftOut, ...]
