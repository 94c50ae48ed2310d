"""Quantities with units: shares in parts per million, spans of time in microseconds."""

from __future__ import annotations

import re
from typing import NewType

from airworthy.base.clock import DAY, HOUR, SECOND, WEEK

Ppm = NewType("Ppm", int)  # a share, 1_000_000 is all of it

MILLION = 1_000_000
_SPAN = re.compile(r"(\d+)\s*(s|m|h|d|w)\Z")
_UNIT = {"s": SECOND, "m": 60 * SECOND, "h": HOUR, "d": DAY, "w": WEEK}
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%\Z")


def ppm(share: float) -> Ppm:
    """A share in [0, 1] as parts per million, rounded half to even."""
    return Ppm(round(share * MILLION))


def span_us(text: str) -> int:
    """`90s`, `10m`, `4h`, `14d`, `2w` as microseconds. Raises ValueError saying the form."""
    match = _SPAN.match(text.strip())
    if not match:
        raise ValueError("write a whole number and s, m, h, d or w, such as `14d`")
    return int(match[1]) * _UNIT[match[2]]


def say_span(us: int) -> str:
    """Microseconds as the largest unit that divides them: `14d`."""
    for unit in ("w", "d", "h", "m", "s"):
        if us and us % _UNIT[unit] == 0 and not (unit == "w" and us // _UNIT[unit] < 2):
            return f"{us // _UNIT[unit]}{unit}"
    return f"{us / SECOND:g}s"


def share(value: float | int | str) -> float:
    """`0.05`, `5 %` or `"5%"` as a share in [0, 1]. Raises ValueError saying the form."""
    if isinstance(value, str):
        match = _PERCENT.match(value.strip())
        if not match:
            raise ValueError("write a share such as `0.05` or `5 %`")
        value = float(match[1]) / 100
    if not 0 <= value <= 1:
        raise ValueError("a share lies between 0 and 1")
    return float(value)
