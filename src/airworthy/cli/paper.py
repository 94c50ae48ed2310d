"""Writing a page where someone wants it: the whole of it or nothing, and never over something that is not ours."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.base.errors import BadInput

_OURS = b"Airworthy"
_LONGEST = 200  # characters of a file name
_LOOKED_AT = 1 << 16  # bytes of a page in which it says whose it is


def check_target(target: Path, *, log: Path, chosen: bool, option: str = "--page") -> None:
    """Raises BadInput before any work is done when `target` cannot take a page.

    chosen   someone named this file; otherwise only a page of ours is written over
    """
    if len(target.name) > _LONGEST or target.is_dir() or not target.parent.is_dir():
        raise _refuse(
            "U003",
            f"the page cannot be written to `{target}`",
            target,
            f"name a file in a folder that exists: {option} FILE",
        )
    if not target.exists():
        return
    if log.exists() and target.samefile(log):
        raise _refuse("U004", "the page would be written over the log", target, f"name another file: {option} FILE")
    if not chosen and not _is_ours(target):
        raise _refuse(
            "U004",
            "the page would be written over a file that is not a page of ours",
            target,
            "name another file, or this one: --page FILE",
        )


def write_page(target: Path, html: str) -> None:
    """Writes the whole page or nothing. Raises BadInput when the folder does not take it."""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".airworthy-", suffix=".html")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
                file.write(html)
            Path(name).chmod(0o644)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        sentence = f"the page cannot be written: {(error.strerror or 'no reason given').lower()}"
        raise _refuse("U003", sentence, target, "name another file: --page FILE") from None


def _is_ours(target: Path) -> bool:
    if not target.is_file():
        return False
    with target.open("rb") as file:
        return _OURS in file.read(_LOOKED_AT)


def _refuse(code: str, sentence: str, target: Path, help: str) -> BadInput:
    return BadInput([Diagnostic(code, sentence, Place(str(target)), help)])
