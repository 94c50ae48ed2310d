"""A charter started from what a log could tell."""

from __future__ import annotations

from pathlib import Path

from airworthy.data.question import Question
from airworthy.service.trial import Trial


def draft_from_log(log: Path, question: Question, trial: Trial) -> str:
    """YAML with what the log told filled in and every question only people can answer marked `ask`."""
    return f"use_case: {log.stem}\n"
