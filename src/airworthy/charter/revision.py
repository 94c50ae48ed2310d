"""The Git commit a charter was read at, for the record only: nothing depends on Git being there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec


class Revision(msgspec.Struct, frozen=True):
    """The last commit that changed the file, and whether the file has changed since."""

    commit: str
    changed: bool


def revision(path: str | Path) -> Revision | None:
    """The revision of the file at `path`; None where it is not committed, or Git is missing or slow."""
    file = Path(path)
    commit = _git(file, "log", "-1", "--format=%H", "--", file.name)
    if not commit:
        return None
    return Revision(commit, bool(_git(file, "status", "--porcelain", "--", file.name)))


def _git(file: Path, *arguments: str) -> str:
    command = ["git", "-C", str(file.parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
