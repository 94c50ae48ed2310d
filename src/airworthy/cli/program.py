"""The command as it was typed, so that what we print next can be typed too."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAME = "airworthy"


def typed(command: str) -> str:
    """`airworthy prove ...` as it works here: by name where the shell finds it, else by the path it was called by."""
    head, _, rest = command.partition(" ")
    called = Path(sys.argv[0])
    if head != NAME or called.name != NAME or shutil.which(NAME):
        return command
    return f"{_shown(called)} {rest}"


def _shown(called: Path) -> str:
    relative = os.path.relpath(called)
    return str(called) if relative.startswith("..") else relative
