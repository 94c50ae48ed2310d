"""A mistake someone can mend: what is wrong, where it stands, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Literal

import msgspec


class Place(msgspec.Struct, frozen=True):
    """Where in a file something stands. Lines and columns count from 1; 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0
    length: int = 1
    text: str = ""  # the source line itself, so that a caret can be drawn without reading the file again

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


class Diagnostic(msgspec.Struct, frozen=True):
    """One mistake: a stable code, one lower-case sentence, its place, one line of help. A warning refuses nothing."""

    code: str
    sentence: str
    place: Place | None = None
    help: str = ""
    severity: Literal["mistake", "warning"] = "mistake"

    def __str__(self) -> str:
        lines = [f"{self.code} {self.sentence}"]
        if self.place is not None:
            lines.append(f"     {self.place}")
        if self.help:
            lines.append(f"     help: {self.help}")
        return "\n".join(lines)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """'did you mean `priority`?' for the nearest of `known`, or '' when nothing is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""
