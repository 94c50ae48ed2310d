"""One error tree. Every error has a code, a sentence, a place where it has one, and help.

AirworthyError
├── BadInput       what a person gave us cannot be used; carries every diagnostic at once
├── OutOfRange     an argument outside what a formula allows; a defect of the caller
├── MissingExtra   an optional library is not installed
├── NotFound       what was named is not here
├── Conflict       it contradicts what is recorded
├── NotAllowed     whoever asks may not
└── StoreError     the store cannot be used safely; callers fall back
    ├── StoreLocked    another process holds it
    ├── StoreDamaged   bytes are not what was written
    ├── StoreFull      nothing more can be made durable
    └── Unavailable    the gateway did not answer in time, or not at all
"""

from __future__ import annotations

from collections.abc import Sequence

from airworthy.base.diagnostic import Diagnostic, Place


class AirworthyError(Exception):
    """Anything we refuse, with a code and help."""

    code = "X000"

    def __init__(self, sentence: str, *, code: str | None = None, place: Place | None = None, help: str = "") -> None:
        self.diagnostics: tuple[Diagnostic, ...] = (Diagnostic(code or self.code, sentence, place, help),)
        super().__init__(sentence)

    def __str__(self) -> str:
        return "\n\n".join(str(d) for d in self.diagnostics)


class BadInput(AirworthyError):
    """What a person gave us cannot be used. Carries every mistake found, not only the first."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        if not diagnostics:
            raise ValueError("BadInput needs at least one diagnostic")
        super().__init__(diagnostics[0].sentence)
        self.diagnostics = tuple(diagnostics)


class OutOfRange(AirworthyError, ValueError):
    """An argument outside the range its formula allows; names the argument."""

    code = "S001"

    def __init__(self, argument: str, value: object, allowed: str) -> None:
        super().__init__(f"`{argument}` is {value!r}, which is outside {allowed}")
        self.argument = argument


class MissingExtra(AirworthyError):
    """An optional library is not installed; says which command installs it."""

    code = "U001"

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs a library that is not installed", help=f'run: pip install "airworthy-ai[{extra}]"'
        )


class NotFound(AirworthyError):
    """What was named is not here."""

    code = "G404"


class Conflict(AirworthyError):
    """It contradicts what is recorded."""

    code = "G409"


class NotAllowed(AirworthyError):
    """Whoever asks may not."""

    code = "G403"


class StoreError(AirworthyError):
    """The store cannot be used safely."""

    code = "R001"


class StoreLocked(StoreError):
    """Another process holds the store."""

    code = "R003"


class StoreDamaged(StoreError):
    """Bytes in the store are not what was written."""

    code = "R004"


class StoreFull(StoreError):
    """Nothing more can be made durable."""

    code = "R005"


class Unavailable(StoreError):
    """The gateway did not answer in time, or not at all."""

    code = "R020"
