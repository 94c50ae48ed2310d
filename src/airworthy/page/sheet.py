"""A page as one self-contained file: styles and scripts inside, nothing loaded from anywhere."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

_UNIT = re.compile(r"(?<=\d) (?=%)|(?<=n) (?==)|(?<==) (?=\d)")  # the space in `85.4 %` and in `n = 5,000`


def render(template: str, **context: object) -> str:
    """The page `template` filled with `context`. Everything is escaped unless it is Markup."""
    css = Markup(_text("tokens.css") + _text("report.css"))  # ours, and quotes in it must stay quotes
    return _environment().get_template(template).render(css=css, **context)


def _text(name: str) -> str:
    return resources.files("airworthy.page").joinpath("template", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FunctionLoader(_text), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["bound"] = bound
    return made


def bound(words: str) -> str:
    """Words whose numbers keep their unit on the same line. Markup stays Markup."""
    return type(words)(_UNIT.sub("\u00a0", words))
