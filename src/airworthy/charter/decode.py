"""A document to the frozen sections, with every mistake of structure at once, each at its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple, TypeVar, get_args

from airworthy.base.diagnostic import Diagnostic, did_you_mean
from airworthy.base.quantity import share, span_us
from airworthy.charter.document import Document, Node
from airworthy.charter.parse import plain_scalar
from airworthy.charter.questions import question_for
from airworthy.charter.shape import Key, form, shape
from airworthy.charter.term import Amount, Name, Section, Share, Span

S = TypeVar("S", bound=Section)
Path = tuple[str | int, ...]

ASK = "ask"  # stands where an answer is still missing
_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")


class Decoded(NamedTuple):
    """What could be read. Where something could not, a neutral value stands, and its section is called damaged."""

    value: Any
    mistakes: tuple[Diagnostic, ...]
    damaged: frozenset[str]


def decode(document: Document, section: type[S]) -> Decoded:
    """`document` as `section`, with every mistake of structure and the top-level keys that must not be relied on."""
    decoder = _Decoder(document)
    value = decoder.section(section, document.root, ())
    return Decoded(value, tuple(decoder.mistakes), frozenset(decoder.damaged))


class _Decoder:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.mistakes: list[Diagnostic] = []
        self.damaged: set[str] = set()

    def section(self, kind: type[S], node: Node, path: Path) -> S:
        """`node` as a section, after refusing the keys it does not have."""
        given = node.value if isinstance(node.value, dict) else {}
        keys = shape(kind).keys
        known = [k.name for k in keys]
        meant = {self._unknown(n, given[n], known, path) for n in given if n not in known}
        return kind(**{k.name: self._key(k, given.get(k.name), node, path, k.name in meant) for k in keys})

    def _key(self, key: Key, node: Node | None, holder: Node, path: Path, misspelt: bool) -> Any:
        at = (*path, key.name)
        if node is not None and (node.value is not None or key.required):
            return self.value(key.type, node, at)
        if not key.required:
            return key.default
        self.damaged.add(str(at[0]))
        if not misspelt:
            self._missing(key, holder, at)
        return _neutral(key.type)

    def value(self, kind: Any, node: Node, path: Path) -> Any:
        """`node` as a value of `kind`; a neutral one after noting why it is none."""
        if node.value == ASK and not node.style:
            sentence = f"`{say(path)}` is not answered yet"
            return self._refuse(kind, path, node, "D003", sentence, _asked(kind, path))
        match form(kind):
            case "section" if isinstance(node.value, dict):
                return self.section(kind, node, path)
            case "list" if isinstance(node.value, tuple):
                inner = get_args(kind)[0]
                return tuple(self.value(inner, n, (*path, i)) for i, n in enumerate(node.value))
            case "mapping" if isinstance(node.value, dict):
                inner = get_args(kind)[1]
                return {name: self.value(inner, n, (*path, name)) for name, n in node.value.items()}
            case "choice":
                return self._choice(kind, node, path)
            case "json":
                return node.plain()
            case "day" | "scalar" if not isinstance(node.value, dict | tuple):
                return self._scalar(kind, node, path)
        wanted, help = _WANTED[form(kind)]
        sentence = f"`{say(path)}` needs {wanted}"
        return self._refuse(kind, path, node, "D006", sentence, help if form(kind) == "scalar" else _help(kind))

    def _scalar(self, kind: Any, node: Node, path: Path) -> Any:
        read, code, wanted, help = _SCALARS[kind]
        try:
            return read(node, self.document)
        except ValueError:
            written = self.document.text[node.start : node.end].strip()
            sentence = (
                f"`{say(path)}` needs {wanted}, not `{_short(written)}`" if written else f"`{say(path)}` is empty"
            )
            return self._refuse(kind, path, node, code, sentence, help)

    def _choice(self, kind: Any, node: Node, path: Path) -> Any:
        choices = get_args(kind)
        if type(node.value) in (str, int) and node.value in choices:
            return node.value
        written = _short(self.document.text[node.start : node.end])
        if path == ("escalation", "nobody"):
            sentence = (
                f"the escalation ladder ends in `{written}`; when nobody answers, the work must still be done as before"
            )
            return self._refuse(kind, path, node, "D027", sentence, "write `nobody: fallback`")
        near = did_you_mean(str(node.value), map(str, choices))
        sentence = f"`{say(path)}` cannot be `{written}`"
        return self._refuse(kind, path, node, "D007", sentence, near or f"write {_either(choices)}")

    def _missing(self, key: Key, holder: Node, path: Path) -> None:
        where = f"`{say(path[:-1])}`" if len(path) > 1 else "the charter"
        place = self.document.place_of_key(holder) if len(path) > 1 else self.document.place(())
        sentence = f"{where} does not say `{key.name}`: {key.meaning.partition(';')[0].replace('`', '')}"
        self.mistakes.append(Diagnostic("D005", sentence, place, f"add `{key.name}:`"))

    def _unknown(self, name: str, node: Node, known: Sequence[str], path: Path) -> str:
        """Notes an unknown key and says which known one was probably meant; '' when none is near."""
        where = f"`{say(path)}`" if path else "a charter"
        near = did_you_mean(name, known)
        sentence = f"{where} has no key `{_short(name)}`"
        help = near or f"its keys are {', '.join(known)}"
        self.mistakes.append(Diagnostic("D004", sentence, self.document.place_of_key(node), help))
        return near.removeprefix("did you mean `").removesuffix("`?")

    def _refuse(self, kind: Any, path: Path, node: Node, code: str, sentence: str, help: str) -> Any:
        self.mistakes.append(Diagnostic(code, sentence, self.document.place_of(node), help))
        self.damaged.add(str(path[0]))
        return _neutral(kind)


def say(path: Path) -> str:
    """A path as people read it: `rules 2, when`. Lists count from 1."""
    words = [f" {step + 1}" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(words).lstrip(".")


def _neutral(kind: Any) -> Any:
    match form(kind):
        case "section":
            return kind(**{k.name: _neutral(k.type) if k.required else k.default for k in shape(kind).keys})
        case "list":
            return ()
        case "mapping":
            return {}
        case "choice":
            return get_args(kind)[0]
        case "day":
            return date(1970, 1, 1)
    return {bool: False, int: 0, float: 0.0}.get(getattr(kind, "__supertype__", kind), "")


def _text(node: Node, document: Document) -> str:
    """Text, or a number or word as it was written, so that `version: 1.10` stays `1.10`."""
    if isinstance(node.value, str):
        if not node.value.strip():
            raise ValueError
        return node.value.strip()
    if node.value is None:
        raise ValueError
    return document.text[node.start : node.end]


def _name(node: Node, document: Document) -> str:
    text = _text(node, document)
    if not _KEBAB.match(text) or len(text) > 80:
        raise ValueError
    return text


def _share(node: Node, _: Document) -> float:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float | str):
        raise ValueError
    return share(node.value)


def _span(node: Node, _: Document) -> int:
    if not isinstance(node.value, str):
        raise ValueError
    return span_us(node.value)


def _day(node: Node, _: Document) -> date:
    if not isinstance(node.value, str) or not _DAY.match(node.value):
        raise ValueError
    return date.fromisoformat(node.value)


def _number(node: Node, _: Document) -> float:
    if isinstance(node.value, str):
        return share(node.value)
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise ValueError
    return float(node.value)


def _whole(node: Node, _: Document) -> int:
    if type(node.value) is not int or node.value < 0:
        raise ValueError
    return node.value


def _flag(node: Node, _: Document) -> bool:
    if type(node.value) is not bool:
        raise ValueError
    return node.value


_Scalar = tuple[Callable[[Node, Document], Any], str, str, str]
_SCALARS: dict[Any, _Scalar] = {
    str: (_text, "D006", "text", "write it in words"),
    Name: (_name, "D012", "a name", "use lower-case letters, digits and single dashes, such as `service-owner`"),
    Share: (_share, "D009", "a share", "write a share between 0 and 1 such as `0.05`, or `5 %`"),
    Span: (_span, "D010", "a span of time", "write a whole number and s, m, h, d or w, such as `14d`"),
    date: (_day, "D011", "a date", "write it as year-month-day, such as `2026-03-21`"),
    Amount: (_number, "D006", "a number", "write a number such as `12.5`, or a share such as `85 %`"),
    int: (_whole, "D006", "a whole number, 0 or more", "write a number such as `3`"),
    bool: (_flag, "D006", "`true` or `false`", "write `true` or `false`, without quotes"),
}
_WANTED = {
    "section": ("keys below it", ""),
    "mapping": ("names with values below it", "write `name: value` lines, indented, or `{name: value}`"),
    "list": ("a list", "start each entry with `- `, or write `[one, two]`"),
    "scalar": ("one value", "write a single value, not a list or keys"),
    "day": ("a date", "write it as year-month-day, such as `2026-03-21`"),
}


def _help(kind: Any) -> str:
    """How a value of `kind` is written, with the keys it has."""
    match form(kind):
        case "section":
            keys = [key.name for key in shape(kind).keys]
            return f"its keys are {', '.join(keys)}; write `{keys[0]}: ...` on a line of its own, indented"
        case "list" if form(get_args(kind)[0]) == "section":
            return f"start each entry with `- `; {_help(get_args(kind)[0])}"
        case "choice":
            return f"write {_either(get_args(kind))}"
        case "scalar" if kind in _SCALARS:
            return _SCALARS[kind][3]
        case "json":
            return ""
    return _WANTED[form(kind)][1]


def _asked(kind: Any, path: Path) -> str:
    """The question that is open, and the form its answer has; of plain text there is nothing to say."""
    question, help = question_for(path), "" if kind is str else _help(kind)
    return f"{question} ({help})" if question and help else question or help


def is_written(kind: Any, text: str) -> bool:
    """Whether `text`, without quotes, is a value of the scalar type `kind`."""
    if kind not in _SCALARS:
        return False
    node = Node(plain_scalar(text), 0, len(text))
    try:
        _SCALARS[kind][0](node, Document("", text))
    except ValueError:
        return False
    return True


def _either(choices: Iterable[Any]) -> str:
    words = [f"`{c}`" for c in choices]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _short(text: str) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= 40 else f"{line[:37]}..."
