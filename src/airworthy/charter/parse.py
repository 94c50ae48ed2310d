"""YAML text to a document: the small, strict part of YAML a charter needs, and every way it can be refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml import events as ev
from ruamel.yaml.error import MarkedYAMLError

from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.base.errors import BadInput
from airworthy.charter.document import Document, Node, Scalar

LARGEST = 256 * 1024  # bytes; the longest charter we know has 20 kB, and the reader is pure Python
DEEPEST = 32

_INT = re.compile(r"[-+]?[0-9]{1,15}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,15}|[0-9]{1,15}(\.[0-9]{0,15})?)([eE][-+]?[0-9]{1,2})?\Z")
_WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")


def parse(data: bytes, file: str) -> Document:
    """The document in `data`. Raises BadInput with D001, D002, D013 or D042."""
    text = _text(data, file)
    reader = _Reader(Document(file, text))
    root = reader.read()
    if not isinstance(root.value, dict):
        sentence = "a charter is made of keys with values, and this is not"
        raise _refuse("D001", sentence, reader.document.place_of(root), "airworthy init writes a charter")
    return Document(file, text, root)


def _text(data: bytes, file: str) -> str:
    if len(data) > LARGEST:
        sentence = f"the file has {len(data):,} bytes, and a charter has at most {LARGEST:,}"
        raise _refuse("D001", sentence, Place(file), "keep data out of the charter: name the file it lies in")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _refuse("D001", "the file is not UTF-8 text", Place(file, line), "save it as UTF-8") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := _CONTROL.search(text):
        where = Document(file, text).span(found.start(), found.end())
        sentence = f"the file holds the control character U+{ord(found[0]):04X}"
        raise _refuse("D001", sentence, where, "delete it")
    return text


def _refuse(code: str, sentence: str, place: Place, help: str = "") -> BadInput:
    return BadInput([Diagnostic(code, sentence, place, help)])


class _Reader:
    """Builds nodes from the YAML events of one text, so that depth and aliases are bounded before anything grows."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._events = _events(document)
        self._mistakes: list[Diagnostic] = []

    def read(self) -> Node:
        """The root of the only YAML document in the text. Raises BadInput."""
        root: Node | None = None
        for event in self._events:
            if isinstance(event, ev.StreamStartEvent | ev.StreamEndEvent | ev.DocumentStartEvent | ev.DocumentEndEvent):
                continue
            if root is not None:
                raise self._refused(event, "the file holds more than one YAML document", "keep one charter a file")
            root = self._node(event, 1, None)
        if root is None or (root.value is None and not self.document.text.strip()):
            raise _refuse("D001", "the file is empty", Place(self.document.file), "airworthy init writes a charter")
        if self._mistakes:
            raise BadInput(self._mistakes)
        return root

    def _node(self, event: Any, depth: int, key: tuple[int, int] | None) -> Node:
        self._bound(event, depth)
        if isinstance(event, ev.ScalarEvent):
            return _scalar(event, key)
        style = "flow" if event.flow_style else "block"
        is_list = isinstance(event, ev.SequenceStartEvent)
        value, end = self._items(depth) if is_list else self._keys(depth)
        return Node(value, event.start_mark.index, end, key, style)

    def _items(self, depth: int) -> tuple[tuple[Node, ...], int]:
        items: list[Node] = []
        while not isinstance(event := next(self._events), ev.SequenceEndEvent):
            items.append(self._node(event, depth + 1, None))
        return tuple(items), event.end_mark.index

    def _keys(self, depth: int) -> tuple[dict[str, Node], int]:
        nodes: dict[str, Node] = {}
        while not isinstance(event := next(self._events), ev.MappingEndEvent):
            if not isinstance(event, ev.ScalarEvent):
                raise self._refused(event, "a key is a list or a mapping", "write the key as plain text")
            self._bound(event, depth)
            at = (event.start_mark.index, event.end_mark.index)
            if event.value in nodes:
                self._twice(event.value, nodes[event.value], at)
            nodes[event.value] = self._node(next(self._events), depth + 1, at)
        return nodes, event.end_mark.index

    def _twice(self, key: str, first: Node, at: tuple[int, int]) -> None:
        line = self.document.place_of_key(first).line
        sentence = f"`{key}` is given twice; the first stands on line {line}"
        self._mistakes.append(Diagnostic("D013", sentence, self.document.span(*at), "keep one of them"))

    def _bound(self, event: Any, depth: int) -> None:
        if depth > DEEPEST:
            raise self._refused(event, f"values are nested more than {DEEPEST} deep", "a charter needs six levels")
        if isinstance(event, ev.AliasEvent) or event.anchor is not None:
            raise self._refused(
                event, "a charter uses no YAML anchors or aliases", "write the value out where it is used"
            )
        if getattr(event, "tag", None) not in (None, "!"):
            raise self._refused(event, "a charter uses no YAML tags", "delete the tag")

    def _refused(self, event: Any, sentence: str, help: str) -> BadInput:
        start, end = event.start_mark.index, event.end_mark.index
        return _refuse("D042", sentence, self.document.span(start, max(end, start + 1)), help)


def _events(document: Document) -> Iterator[Any]:
    """The YAML events of a text. Raises BadInput for what is not YAML."""
    try:
        yield from YAML(typ="safe", pure=True).parse(document.text)
    except MarkedYAMLError as error:
        raise _not_yaml(error, document) from None
    except Exception as error:  # the reader fails in several ways of its own on text that is not YAML
        raise _refuse("D002", f"this is not YAML: {type(error).__name__}", Place(document.file)) from None


def _not_yaml(error: MarkedYAMLError, document: Document) -> BadInput:
    """The reader's error in our words, at the place where someone has to look."""
    said = f"{error.context or ''} {error.problem or ''}"
    if "mapping values" in said and error.problem_mark and not _second_colon(document, error.problem_mark.index):
        said = "expected <block end>"
    _, sentence, at_opening, help = next(t for t in _TROUBLE if t[0] in said)
    mark = (error.context_mark if at_opening else None) or error.problem_mark or error.context_mark
    at = min(mark.index, len(document.text.rstrip("\n"))) if mark else 0
    return _refuse("D002", f"this is not YAML: {sentence}", document.span(at, at + 1), help)


def _second_colon(document: Document, at: int) -> bool:
    """Whether a key stands before position `at` on its line: then a value holds a colon, else the indent is wrong."""
    place = document.span(at, at + 1)
    return ": " in place.text[: place.column - 1]


# Words of the reader, our sentence, whether to point at where the trouble was opened, help. The last one always fits.
_TROUBLE = (
    ("escape character", "an escape is unknown", False, "write the backslash twice, or use single quotes"),
    ("quoted scalar", "a quote is opened here and not closed", True, "close the quote"),
    ("flow sequence", "a bracket is opened here and not closed", True, "close it with `]`"),
    ("flow mapping", "a brace is opened here and not closed", True, "close it with `}`"),
    ("mapping values are not allowed", "there is a second colon", False, "put the value in quotes: it holds a colon"),
    ("'\\t'", "a tab stands where only spaces may", False, "use spaces"),
    ("could not find expected ':'", "a key has no colon", False, "write `key: value`"),
    ("expected <block end>", "the indent fits no line before it", False, "line it up with its neighbours"),
    ("", "it cannot be read from here on", False, "look for an open quote, or an indent that does not fit"),
)


def _scalar(event: Any, key: tuple[int, int] | None) -> Node:
    style = event.style or ""
    value = event.value if style else plain_scalar(event.value)
    return Node(value, event.start_mark.index, event.end_mark.index, key, style)


def plain_scalar(text: str) -> Scalar:
    """A plain scalar as YAML 1.2 core reads it; dates, other bases and very long numbers stay text."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INT.match(text):
        return int(text)
    return float(text) if _FLOAT.match(text) else text
