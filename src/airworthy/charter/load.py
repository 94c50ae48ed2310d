"""Loading a charter: the text becomes a frozen `Charter`, or every mistake in it is raised at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.base.errors import BadInput
from airworthy.charter.check.finding import Catalogued
from airworthy.charter.check.run import check, in_order
from airworthy.charter.decode import decode
from airworthy.charter.document import Document
from airworthy.charter.model import Charter, Declared
from airworthy.charter.parse import LARGEST, parse


def load(path: str | Path, known_claims: Mapping[str, Catalogued] | None = None) -> Charter:
    """The charter in the file at `path`.

    known_claims   the claims catalogue by id, against which claims are checked; None leaves them unchecked
    Raises BadInput with all mistakes, structure first, then what does not agree.
    """
    return loads(read(Path(path)), str(path), known_claims)


def loads(
    text: str | bytes, file: str = "charter.yaml", known_claims: Mapping[str, Catalogued] | None = None
) -> Charter:
    """The charter in `text`; `file` is the name its places carry. Raises BadInput with all mistakes."""
    charter, found = examine(text, file, known_claims)
    if charter is None:
        raise BadInput([d for d in found if d.severity == "mistake"])
    return charter


def examine(
    text: str | bytes, file: str, known_claims: Mapping[str, Catalogued] | None = None
) -> tuple[Charter | None, tuple[Diagnostic, ...]]:
    """The charter in `text`, or None where it has mistakes; and everything found, mistakes and warnings."""
    try:
        document = parse(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text, file)
    except BadInput as error:
        return None, error.diagnostics
    return _checked(document, known_claims)


def _checked(
    document: Document, known_claims: Mapping[str, Catalogued] | None
) -> tuple[Charter | None, tuple[Diagnostic, ...]]:
    declared, mistakes, damaged = decode(document, Declared)
    found = (*in_order(mistakes), *check(declared, document, known_claims, damaged))
    if any(d.severity == "mistake" for d in found):
        return None, found
    values = {name: getattr(declared, name) for name in Declared.__struct_fields__}
    return Charter(**values, document=document, warnings=found), found


def read(path: Path) -> bytes:
    """The bytes of the file at `path`, one more than a charter may have at most. Raises BadInput with D001."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        place = Place(str(path))
        raise BadInput([Diagnostic("D001", f"the charter cannot be opened: {reason}", place)]) from None
    except ValueError:
        raise BadInput(
            [Diagnostic("D001", "the charter cannot be opened: its name is not a path", Place("?"))]
        ) from None
