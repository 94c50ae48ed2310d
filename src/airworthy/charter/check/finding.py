"""What every check is given, and how it says what it found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from airworthy.base.diagnostic import Diagnostic
from airworthy.charter.document import Document
from airworthy.charter.model import Declared

Path = tuple[str | int, ...]

FIELDS = "decision_points/fields"  # read by checks that need every field of every decision point to have a type


class Catalogued(Protocol):
    """What a check asks of a claim in the catalogue, which lies above this floor and comes as an argument."""

    @property
    def side(self) -> str:
        """`at_most`, `at_least`, `above` or `within`."""

    @property
    def unit(self) -> str:
        """`share` or `points`."""


class Subject(NamedTuple):
    """The charter under check. `known_claims` is None where the catalogue is not at hand."""

    charter: Declared
    document: Document
    known_claims: Mapping[str, Catalogued] | None = None

    def mistake(self, code: str, path: Path, sentence: str, help: str = "") -> Diagnostic:
        """Something that must be mended at `path` before the charter can be loaded."""
        return Diagnostic(code, sentence, self.document.place(path), help)

    def warning(self, code: str, path: Path, sentence: str, help: str = "") -> Diagnostic:
        """Something at `path` that refuses nothing."""
        return Diagnostic(code, sentence, self.document.place(path), help, "warning")

    def mistake_at_key(self, code: str, path: Path, sentence: str, help: str = "") -> Diagnostic:
        """As `mistake`, at the key of the value instead of the value."""
        node = self.document.node(path)
        place = self.document.place_of_key(node) if node is not None else self.document.place(path)
        return Diagnostic(code, sentence, place, help)


class Check(NamedTuple):
    """One check, and the top-level keys it relies on: it does not run when one of them could not be read."""

    find: Callable[[Subject], Iterator[Diagnostic]]
    reads: frozenset[str]


def reading(*keys: str) -> Callable[[Callable[[Subject], Iterator[Diagnostic]]], Check]:
    """Decorates a check with the top-level keys it reads."""
    return lambda find: Check(find, frozenset(keys))


def repeated(names: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Each name that stood earlier in `names`, with its index."""
    seen: Counter[str] = Counter()
    for i, name in enumerate(names):
        if seen[name]:
            yield i, name
        seen[name] += 1
