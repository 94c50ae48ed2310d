"""Every refusal as application/problem+json, with a status, a code and help (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from airworthy.base.canonical import OutOfProfile
from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import (
    AirworthyError,
    BadInput,
    Conflict,
    NotAllowed,
    NotFound,
    OutOfRange,
    StoreError,
    StoreFull,
)
from airworthy.exchange.told import Problem, Told

MEDIA_TYPE = b"application/problem+json"
RETRY_AFTER_S = 1

Headers = tuple[tuple[bytes, bytes], ...]

_STATUS: tuple[tuple[type[AirworthyError], int], ...] = (
    (BadInput, 422),
    (OutOfProfile, 422),
    (OutOfRange, 422),
    (NotFound, 404),
    (Conflict, 409),
    (NotAllowed, 403),
    (StoreError, 503),
)
_RETRY: Headers = ((b"retry-after", str(RETRY_AFTER_S).encode()),)


class Refused(AirworthyError):
    """A request the server refuses before anything behind it is asked, or a defect it hides from the caller."""

    def __init__(self, status: int, code: str, sentence: str, *, help: str = "", headers: Headers = ()) -> None:
        super().__init__(sentence, code=code, help=help)
        self.status = status
        self.headers = headers


class Overloaded(Refused):
    """There is no room for one more; the same request may pass a moment later."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(503, code, sentence, help="fall back, or try again later", headers=_RETRY)


def not_by_this_method(allowed: str) -> Refused:
    """`allowed`: methods the path is served by, as the Allow header spells them."""
    allow = ((b"allow", allowed.encode()),)
    return Refused(
        405, "H006", "the path is served, but not by this method", help="see its Allow header", headers=allow
    )


def unexpected(request: str) -> Refused:
    """What a caller is told of a defect of ours: the id under which the log has the rest."""
    return Refused(500, "H013", "a defect of ours stopped this request", help=f"tell us, with the request id {request}")


def given_up() -> Refused:
    """What a caller is told whose request outlasted the server: it may have been recorded, and asking again tells."""
    return Overloaded("H027", "the server ended before this was answered")


def status_of(error: AirworthyError) -> int:
    """The HTTP status of `error`; 500 for a kind nobody expected here."""
    if isinstance(error, Refused):
        return error.status
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def headers_of(error: AirworthyError) -> Headers:
    """Headers the caller needs beside the problem itself."""
    if isinstance(error, Refused):
        return error.headers
    return _RETRY if isinstance(error, StoreFull) else ()


def problem(error: AirworthyError) -> Problem:
    """`error` as it crosses the boundary."""
    first, *further = error.diagnostics
    status = status_of(error)
    return Problem(
        type=f"urn:airworthy:error:{first.code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=first.sentence,
        code=first.code,
        help=first.help,
        docs=_docs(first.code),
        errors=tuple(_line(one) for one in further),
    )


MALFORMED = "G010"


def malformed(told: Told) -> Problem:
    """The problem of an output its schema does not allow. It is on record, and its work falls back all the same."""
    why = told.reasons[0]
    return Problem(
        type=f"urn:airworthy:error:{MALFORMED}", title=HTTPStatus(422).phrase, status=422, detail=why.words,
        code=MALFORMED,
        help="mend the output, or the charter's schema of it; the work falls back", docs=_docs(MALFORMED), told=told,
    )  # fmt: skip


def _docs(code: str) -> str:
    return f"docs/reference/errors/{code[0]}.md#{code.lower()}"


def encoded(error: AirworthyError) -> bytes:
    """The bytes of the problem; a text that is no UTF-8, such as a broken file name, is spelt out."""
    said = problem(error)
    try:
        return msgspec.json.encode(said)
    except UnicodeEncodeError:
        return msgspec.json.encode(msgspec.structs.replace(said, detail=ascii(said.detail), errors=()))


def _line(one: Diagnostic) -> str:
    return f"{one.code} {one.sentence}" + (f" ({one.help})" if one.help else "")
