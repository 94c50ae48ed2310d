"""Plots as SVG: drawn twice, wide and slim, so that a phone reads them too. Colours come from the page's tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from math import floor, log10

import msgspec

WIDTHS = (("wide", 648), ("slim", 326))


class Frame(msgspec.Struct, frozen=True):
    """A plot's data window and where it lies on the sheet."""

    width: int
    height: int
    x: tuple[float, float]
    y: tuple[float, float]
    left: int = 40
    right: int = 16
    top: int = 16
    bottom: int = 40

    def px(self, x: float) -> float:
        """Data x as a place on the sheet, kept inside it."""
        low, high = self.x
        share = 0.0 if high == low else (x - low) / (high - low)
        return round(self.left + min(1.0, max(0.0, share)) * (self.width - self.left - self.right), 1)

    def py(self, y: float) -> float:
        """Data y as a place on the sheet, kept inside it."""
        low, high = self.y
        share = 0.0 if high == low else (y - low) / (high - low)
        return round(self.height - self.bottom - min(1.0, max(0.0, share)) * (self.height - self.top - self.bottom), 1)


class Tick(msgspec.Struct, frozen=True):
    """A mark on an axis."""

    at: float
    label: str


def sheet(label: str, height: int, draw: Callable[[int], str]) -> str:
    """The plot at both widths; `draw(width)` gives the inside. `label` is what a screen reader says."""
    return "\n".join(
        f'<svg class="{name}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(label)}">{draw(width)}</svg>'
        for name, width in WIDTHS
    )


def text(x: float, y: float, words: str, *, cls: str = "tk", anchor: str = "start") -> str:
    """Words at a place."""
    return f'<text x="{x:g}" y="{y:g}" class="{cls}" text-anchor="{anchor}">{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, cls: str) -> str:
    """A straight line."""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" class="{cls}"/>'


def dot(x: float, y: float, cls: str = "dot", r: float = 4) -> str:
    """A point."""
    return f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" class="{cls}"/>'


def axes(frame: Frame, xs: Sequence[Tick], ys: Sequence[Tick], caption: str = "") -> str:
    """Grid lines for `ys`, labels for both, the x axis, and what x is."""
    floor = frame.height - frame.bottom
    end = frame.width - frame.right
    parts = [line(frame.left, floor, end, floor, "ax")]
    for tick in ys:
        y = frame.py(tick.at)
        parts.append(line(frame.left, y, end, y, "gr"))
        parts.append(text(frame.left - 8, y + 4, tick.label, anchor="end"))
    parts += [text(frame.px(tick.at), floor + 20, tick.label, anchor="middle") for tick in xs]
    if caption:
        parts.append(text(frame.left, frame.height - 4, caption, cls="cap"))
    return "".join(parts)


def path(frame: Frame, points: Sequence[tuple[float, float]], cls: str = "ln") -> str:
    """A line through points."""
    return f'<path d="{_moves([(frame.px(x), frame.py(y)) for x, y in points])}" class="{cls}"/>'


def steps(frame: Frame, points: Sequence[tuple[float, float]], cls: str = "ln") -> str:
    """A staircase: each value holds until the next x."""
    corners: list[tuple[float, float]] = []
    for x, y in points:
        if corners:
            corners.append((frame.px(x), corners[-1][1]))
        corners.append((frame.px(x), frame.py(y)))
    return f'<path d="{_moves(corners)}" class="{cls}"/>'


def ribbon(frame: Frame, points: Sequence[tuple[float, float, float]], cls: str = "between") -> str:
    """The area between low and high: points are (x, low, high)."""
    there = [(frame.px(x), frame.py(high)) for x, _, high in points]
    back = [(frame.px(x), frame.py(low)) for x, low, _ in reversed(points)]
    return f'<path d="{_moves(there + back)}Z" class="{cls}"/>' if points else ""


def whisker(frame: Frame, x: float, low: float, high: float, cls: str = "iv") -> str:
    """A standing interval."""
    return line(frame.px(x), frame.py(low), frame.px(x), frame.py(high), cls)


def bar(frame: Frame, x1: float, x2: float, y: float, cls: str = "bar") -> str:
    """A standing bar from the floor up to y."""
    left, top = frame.px(x1), frame.py(y)
    return f'<rect x="{left:g}" y="{top:g}" width="{max(1.0, frame.px(x2) - left):g}" height="{frame.height - frame.bottom - top:g}" class="{cls}"/>'


def against_limit(
    *,
    value: float,
    low: float,
    high: float,
    limit: float,
    at_most: bool,
    window: tuple[float, float],
    cls: str,
    label: str,
    both: bool = False,
) -> str:
    """One claim on one line: the interval against its limit, the allowed side shaded; `both`: between -limit and limit."""
    frame = Frame(160, 40, window, (0, 1), left=4, right=4, top=4, bottom=20)
    at, end, middle = frame.px(limit), frame.width - frame.right, 12
    start, stop = (frame.px(-limit), at) if both else (frame.left, at) if at_most else (at, end)
    edges = [frame.px(-limit), at] if both else [at]
    half = min(80.0, 3.4 * len(label))  # about half of the label's width, so that neither end is cut off
    return (
        f'<svg class="claim" viewBox="0 0 160 40" width="160" height="40" role="img" aria-label="{escape(label)}">'
        f'<rect x="{start:g}" y="5" width="{max(0.0, stop - start):g}" height="14" class="allowed"/>'
        + line(frame.left, 19, end, 19, "ax")
        + line(frame.px(low), middle, frame.px(high), middle, f"iv {cls}")
        + dot(frame.px(value), middle, f"dot {cls}", 3.5)
        + "".join(line(edge, 2, edge, 22, "lim") for edge in edges)
        + text(min(max(at, half), 160 - half), 36, label, anchor="middle")
        + "</svg>"
    )


def _moves(points: Sequence[tuple[float, float]]) -> str:
    return "M" + " L".join(f"{x:g} {y:g}" for x, y in points) if points else ""


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round places between `low` and `high`, at most `most` + 1 of them."""
    span = high - low
    if span <= 0:
        return [low]
    raw = span / most
    power = 10.0 ** floor(log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first = -(-low // step) * step
    return [round(first + i * step, 10) for i in range(int((high - first) / step + 1e-9) + 1)]
