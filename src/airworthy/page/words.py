"""How a number is said. One place, so that the page, the terminal and the proof never differ."""

from __future__ import annotations

from airworthy.base.clock import moment
from airworthy.evidence.judged import Rate

DASH = "–"


def count(n: float) -> str:
    """`2,585`"""
    return f"{n:,.0f}"


def percent(share: float | None, digits: int = 1) -> str:
    """`17.0 %`; a dash where there is nothing. Something never reads as nothing, nor nearly all as all."""
    if share is None:
        return DASH
    least = 0.1**digits / 100
    if 0 < share < least / 2:
        return f"< {100 * least:.{digits}f} %"
    if 1 - least / 2 < share < 1:
        return f"> {100 * (1 - least):.{digits}f} %"
    return f"{_fixed(100 * share, digits)} %"


def whole_percent(share: float) -> str:
    """`12 %`; below one percent and near all it keeps a digit, so that something never reads as nothing."""
    return percent(share, 0 if share in (0, 1) or 0.01 <= share < 0.995 else 1)


def _fixed(number: float, digits: int, sign: str = "") -> str:
    """With a true minus sign, and without one before zero."""
    said = f"{number:{sign}.{digits}f}"
    return said.lstrip("+-") if float(said) == 0 else said.replace("-", "−")


def budget(share: float) -> str:
    """`5 %`, `0.5 %`"""
    return f"{100 * share:g} %"


def between(low: float, high: float, digits: int = 1) -> str:
    """`14.5 to 19.5`, in percent."""
    return f"{_fixed(100 * low, digits)} to {_fixed(100 * high, digits)}"


def interval(rate: Rate) -> str:
    """`14.5 to 19.5`"""
    return between(rate.low, rate.high)


def measured(rate: Rate) -> str:
    """`17.0 % (14.5 to 19.5, n = 2,585)`"""
    return f"{percent(rate.share)} ({interval(rate)}, n = {count(rate.n)})"


def right(rate: Rate) -> str:
    """The same rate said as the share that was right: `83.0 % (80.5 to 85.5, n = 2,585)`"""
    return f"{percent(1 - rate.share)} ({between(1 - rate.high, 1 - rate.low)}, n = {count(rate.n)})"


def points(difference: float) -> str:
    """`+0.4 points`, `−13.3 points`"""
    return f"{_fixed(100 * difference, 1, '+')} points"


def day(at: int) -> str:
    """`29 Feb 2016`"""
    when = moment(at)
    return f"{when.day} {when:%b %Y}"


def days(start: int, end: int) -> str:
    """`29 Feb to 3 Jun 2016`"""
    first, last = moment(start), moment(end)
    if first.date() == last.date():
        return day(start)
    head = f"{first.day} {first:%b}" + ("" if first.year == last.year else f" {first.year}")
    return f"{head} to {last.day} {last:%b %Y}"


def short(text: str, most: int = 40) -> str:
    """A name or a cell, cut where it is too long to be one."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def plural(n: int, one: str, many: str | None = None) -> str:
    """`1 item`, `2,585 items`"""
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def listed(words: list[str]) -> str:
    """`a, b and c`"""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
