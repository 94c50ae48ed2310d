"""Commands as someone types them, in this process."""

from __future__ import annotations

import msgspec

from airworthy.cli import main as command


class Typed(msgspec.Struct, frozen=True):
    """What one command came to."""

    exit: int
    out: str
    err: str


def typed(capsys, monkeypatch, *words):
    """Runs `airworthy WORDS...` through the real entry point, exit code and all."""
    monkeypatch.setattr("sys.argv", ["airworthy", *map(str, words)])
    try:
        command.main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    said = capsys.readouterr()
    return Typed(code, said.out, said.err)
