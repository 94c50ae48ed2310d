"""A charter's text, in which every value knows where it stands."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from airworthy.base.diagnostic import Place

Scalar = str | int | float | bool | None
Plain = Scalar | list["Plain"] | dict[str, "Plain"]


class Node(NamedTuple):
    """One value and the characters it was written with. Positions count characters from the start of the text."""

    value: Scalar | tuple[Node, ...] | dict[str, Node]
    start: int
    end: int
    key: tuple[int, int] | None = None  # where the key of a mapping's value stands
    style: str = ""  # of a scalar: "" plain, "'" or '"' quoted, "|" or ">" block; of the others: "flow" or "block"

    def child(self, step: str | int) -> Node | None:
        """The value one `step` further down, or None."""
        found: Node | None = None
        if isinstance(self.value, dict) and isinstance(step, str):
            found = self.value.get(step)
        elif isinstance(self.value, tuple) and isinstance(step, int) and step < len(self.value):
            found = self.value[step]
        return found

    def plain(self) -> Plain:
        """The value as JSON types."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, tuple):
            return [node.plain() for node in self.value]
        return self.value


class Document:
    """The text of one charter with its values."""

    def __init__(self, file: str, text: str, root: Node | None = None) -> None:
        self.file = file
        self.text = text
        self.root = root if root is not None else Node(None, 0, 0)
        self._starts = [0, *(i + 1 for i, c in enumerate(text) if c == "\n")]

    def span(self, start: int, end: int) -> Place:
        """The characters from `start` to `end`, as far as they stand on one line."""
        line = bisect_right(self._starts, start)
        begin = self._starts[line - 1]
        stop = self._starts[line] - 1 if line < len(self._starts) else len(self.text)
        text = self.text[begin:stop]
        last = min(end, begin + len(text.rstrip()))
        return Place(self.file, line, start - begin + 1, max(1, last - start), text)

    def node(self, path: Sequence[str | int]) -> Node | None:
        """The value at `path`, or None."""
        node: Node | None = self.root
        for step in path:
            node = node.child(step) if node is not None else None
        return node

    def place(self, path: Sequence[str | int]) -> Place:
        """Where the value at `path` stands; its nearest holder when it was left out."""
        for length in range(len(path), 0, -1):
            node = self.node(path[:length])
            if node is not None:
                return self.place_of(node)
        return Place(self.file)

    def place_of(self, node: Node) -> Place:
        """A scalar or a flow collection by its own characters; a block, or nothing at all, by its key."""
        if node.key is not None and (node.style == "block" or node.start == node.end):
            return self.span(*node.key)
        if node.style in ("|", ">"):
            return self._first_line(node)
        return self.span(node.start, node.end)

    def place_of_key(self, node: Node) -> Place:
        """The key of `node`, or the node itself where it has none."""
        return self.span(*node.key) if node.key is not None else self.place_of(node)

    def within(self, node: Node, offset: int, length: int) -> Place:
        """The part of a text value that starts at character `offset` of it, wherever quotes and folds have put it."""
        at = list(_written_at(self.text, node))
        if offset >= len(at):
            end = at[-1] + 1 if at else node.start
            return self.span(end, end + 1)
        last = min(offset + length, len(at)) - 1
        return self.span(at[offset], at[last] + 1)

    def _first_line(self, node: Node) -> Place:
        first = next(_written_at(self.text, node), node.start)
        return self.span(first, node.end)


def _written_at(text: str, node: Node) -> Iterator[int]:
    """For each character of a text value, the position it was written at. Escapes are passed over, never decoded."""
    at = node.start
    if node.style in ("|", ">"):
        at = text.find("\n", at) + 1
    elif node.style in ("'", '"'):
        at += 1
    for char in str(node.value):
        found = _next(text, at, node.end, char)
        yield found if found is not None else min(at, max(node.start, node.end - 1))
        at = found + 1 if found is not None else at


def _next(text: str, at: int, end: int, char: str) -> int | None:
    """Where `char` is written at or after `at`: folded white space stands for any white space."""
    while at < end:
        if text[at] == char or (char.isspace() and text[at].isspace()):
            return at
        if not text[at].isspace() and text[at] not in "\\'":
            return None
        at += 1
    return None
