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
        raise _refuse("D001", "a charter is a mapping of keys to values, and this is not", Place(file, 1, 1))
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
        self._document = document
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
        if root is None or (root.value is None and not self._document.text.strip()):
            raise _refuse("D001", "the file is empty", Place(self._document.file), "airworthy init writes a charter")
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
        line = self._document.place_of_key(first).line
        sentence = f"`{key}` is given twice; the first stands on line {line}"
        self._mistakes.append(Diagnostic("D013", sentence, self._document.span(*at), "keep one of them"))

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
        return _refuse("D042", sentence, self._document.span(start, max(end, start + 1)), help)


def _events(document: Document) -> Iterator[Any]:
    """The YAML events of a text. Raises BadInput for what is not YAML."""
    try:
        yield from YAML(typ="safe", pure=True).parse(document.text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = min(mark.index, len(document.text.rstrip("\n"))) if mark else 0
        sentence = f"this is not YAML: {_problem(error)}"
        raise _refuse("D002", sentence, document.span(at, at + 1), _hint(document.text, at)) from None
    except Exception as error:  # the reader fails in several ways of its own on text that is not YAML
        raise _refuse("D002", f"this is not YAML: {type(error).__name__}", Place(document.file)) from None


def _problem(error: MarkedYAMLError) -> str:
    parts = [str(p).strip().splitlines()[0] for p in (error.context, error.problem) if p]
    return ", ".join(parts) or "it cannot be read"


def _hint(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 :].split("\n", 1)[0]
    if "\t" in line:
        return "indent with spaces; YAML does not allow tabs"
    if ": " in line.partition(":")[2]:
        return "put the value in quotes: it holds a colon"
    return "look for an open quote or bracket, or an indent that does not fit"


def _scalar(event: Any, key: tuple[int, int] | None) -> Node:
    style = event.style or ""
    value = event.value if style else _plain(event.value)
    return Node(value, event.start_mark.index, event.end_mark.index, key, style)


def _plain(text: str) -> Scalar:
    """A plain scalar as YAML 1.2 core reads it; dates, other bases and very long numbers stay text."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INT.match(text):
        return int(text)
    return float(text) if _FLOAT.match(text) else text
