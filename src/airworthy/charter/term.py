"""The scalar types a charter is written in, and the frozen base of its sections."""

from __future__ import annotations

import unicodedata
from typing import Literal, NewType

import msgspec

Name = NewType("Name", str)  # kebab-case: lower-case letters, digits and single dashes
Share = NewType("Share", float)  # in [0, 1]; written `0.05` or `5 %`
Span = NewType("Span", int)  # microseconds; written `90s`, `10m`, `4h`, `14d`, `2w`
Amount = NewType("Amount", float)  # a number with the unit its neighbour states; written `12.5`, or `85 %` for a share

Stage = Literal["pilot", "shadow", "assist", "default"]
Route = Literal["act", "review", "escalate", "fallback"]
Mode = Literal["team", "solo"]
Role = Literal["provider", "deployer", "both"]
Take = Literal["first", "last"]
Outcomes = Literal["all", "sampled"]
Framework = Literal["nist-ai-rmf-1.0", "iso-iec-42001-2023", "eu-ai-act-2024-1689"]

STAGES: tuple[Stage, ...] = ("pilot", "shadow", "assist", "default")
ROUTES: tuple[Route, ...] = ("act", "review", "escalate", "fallback")  # from lax to strict

_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "å": "aa", "ł": "l"})


def latin(text: str) -> str:
    """`text` in lower case, letters with marks in those a name may have: `Störung` as `stoerung`, `café` as `cafe`."""
    spelt = unicodedata.normalize("NFC", text).lower().translate(_SPELT_OUT)
    return "".join(char for char in unicodedata.normalize("NFKD", spelt) if not unicodedata.combining(char))


class Section(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A group of keys of a charter.

    The docstring of each section is its reference: the first sentence, then one line a key. The published schema
    and `docs/reference/charter.md` are made from it.
    """


class Money(Section, frozen=True, kw_only=True):
    """An amount of money.

    amount    how much
    currency  three letters, such as `EUR`
    """

    amount: Amount
    currency: str
