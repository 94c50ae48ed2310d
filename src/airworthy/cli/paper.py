"""Writing a file where someone wants it: the whole of it or nothing, and never over something that is not ours."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.base.errors import BadInput

_OURS = b"Airworthy"
_LONGEST = 200  # characters of a file name
_LOOKED_AT = 1 << 16  # bytes of a page in which it says whose it is


def check_target(
    target: Path,
    *,
    log: Path,
    chosen: bool,
    option: str = "--page",
    charter: Path | None = None,
    data: Path | None = None,
) -> None:
    """Raises BadInput before any work is done when `target` cannot take a page or a sheet.

    chosen   someone named this file; otherwise only a page of ours is written over
    data     the folder that keeps the log, or soon will
    Never written over, whoever names it: the log, the charter, anything that is no regular file. Nothing is written
    into a folder that keeps a log.
    """
    if len(target.name) > _LONGEST or target.is_dir() or not target.parent.is_dir():
        raise _refuse(
            "U003", f"`{target}` cannot be written", target, f"name a file in a folder that exists: {option} FILE"
        )
    said = _kept(target, log, charter, data)
    if said is None and not chosen and target.exists() and not _is_ours(target):
        said = "it would be written over a file that is not a page of ours"
    if said is not None:
        raise _refuse("U004", f"`{target}` is not written: {said}", target, f"name another file: {option} FILE")


def write_page(target: Path, html: str) -> None:
    """Writes the whole page or nothing. Raises BadInput when the folder does not take it."""
    write_whole(target, lambda file: file.write(html))


def write_whole(target: Path, write: Callable[[IO[str]], object]) -> None:
    """Lets `write` fill a file beside `target`, then puts it in its place: readers see the old one or the new one.

    Raises BadInput when the folder does not take it; whatever `write` raises leaves `target` as it was.
    """
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".airworthy-", suffix=target.suffix)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="") as file:
                write(file)
            Path(name).chmod(0o644)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        sentence = f"`{target}` cannot be written: {(error.strerror or 'no reason given').lower()}"
        raise _refuse("U003", sentence, target, "name another file") from None


def _kept(target: Path, log: Path, charter: Path | None, data: Path | None) -> str | None:
    """Why nobody may have `target` written over, or None."""
    above = {*target.absolute().parents, *target.resolve().parents}
    if any((folder / "log.db").exists() for folder in above) or (data is not None and data.resolve() in above):
        return "its folder keeps a log"
    if not target.exists():
        return None
    if not target.is_file():
        return "it is there and is no ordinary file"
    inputs = {"log": log, "charter": charter}
    same = (what for what, file in inputs.items() if file is not None and file.exists() and target.samefile(file))
    return next((f"it would be written over the {what}" for what in same), None)


def _is_ours(target: Path) -> bool:
    with target.open("rb") as file:
        return _OURS in file.read(_LOOKED_AT)


def _refuse(code: str, sentence: str, target: Path, help: str) -> BadInput:
    return BadInput([Diagnostic(code, sentence, Place(str(target)), help)])
