"""What a look at judged outputs draws: the slider, risk against coverage, reliability, the weeks. With tables behind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from airworthy.evidence.trial import CurvePoint, FirstLook, Period
from airworthy.page import finding, plot, words

SLIDER = range(1, 41)  # error budgets in percent
_LEGEND = {True: "Line: exploration. Points: guaranteed.", False: "For looking around: no promise rests on it."}


def slider(look: FirstLook, *, guaranteed: bool = True, start: float | None = None) -> dict[str, object]:
    """What the slider says at each budget. Not `guaranteed`: all of it is for looking around."""
    opens = look.best.budget if look.best else 0.20
    at_first = min(SLIDER[-1], max(SLIDER[0], round(100 * (opens if start is None else start))))
    data = {at: _stop(look, at / 100, guaranteed) for at in SLIDER}
    return {
        "start": at_first,
        "said": f"At {at_first} %, {data[at_first]['act']}{data[at_first]['rest']}",
        "data": data,
        "legend": _LEGEND[guaranteed],
    }


def _stop(look: FirstLook, budget: float, guaranteed: bool) -> dict[str, object]:
    """What the slider says at one budget: the guaranteed row where there is one, else what the curve suggests."""
    row = next((row for row in look.rows if guaranteed and abs(row.budget - budget) < 1e-9), None)
    kind = "guaranteed" if row else "exploration: state this budget in a charter first, then prove it on new items"
    found = row if row and row.threshold is not None else None if row else _explored(look.curve, budget)
    if found is None:
        surest = look.curve[0]
        rest = f" can be acted on yet. The surest {words.whole_percent(surest.coverage)} were wrong in {words.measured(surest.acted)}."
        return {"act": "nothing", "rest": rest, "kind": "nothing is promised here yet", "coverage": 0}
    acted = found.acted
    rest = f" can be acted on: {words.plural(acted.n, 'item')}, {words.percent(acted.share)} of them wrong ({words.interval(acted)})."
    return {
        "act": f"{words.whole_percent(found.coverage)} of items",
        "rest": rest,
        "kind": kind,
        "coverage": found.coverage,
    }


def _explored(curve: Sequence[CurvePoint], budget: float) -> CurvePoint | None:
    inside = [point for point in curve if point.acted.high <= budget]
    return inside[-1] if inside else None


def plots(look: FirstLook, *, guaranteed: bool = True) -> dict[str, str]:
    plots = {}
    if look.curve:
        plots["buys"] = plot.sheet(_buys_label(look), 228, lambda width: _buys(look, width, guaranteed))
    if look.bands:
        plots["reliability"] = plot.sheet(_reliability_label(look), 320, lambda width: _reliability(look, width))
    if look.over_time:
        plots["weeks"] = plot.sheet(_weeks_label(look), 228, lambda width: _weeks(look, width))
    return plots


def _buys_label(look: FirstLook) -> str:
    return "Step line of items that could be acted on, by error budget. " + finding.headline(look)


def _buys(look: FirstLook, width: int, guaranteed: bool) -> str:
    frame = plot.Frame(width, 228, (1, 40), (0, 1))
    at = [(budget, _explored(look.curve, budget / 100)) for budget in SLIDER]
    stairs = [(float(budget), point.coverage if point else 0.0) for budget, point in at]
    xs = [plot.Tick(x, str(x)) for x in (1, 5, 10, 15, 20, 25, 30, 35, 40)]
    ys = [plot.Tick(y / 100, str(y)) for y in (0, 25, 50, 75, 100)]
    sure = "".join(
        plot.dot(frame.px(100 * row.budget), frame.py(row.coverage if row.threshold is not None else 0), "dot hole", 4)
        for row in look.rows
        if guaranteed
    )
    mark = (
        f'<g class="mk" data-left="{frame.left}" data-width="{width}" data-height="{228 - frame.top - frame.bottom}">'
    )
    mark += plot.line(40, 16, 40, 188, "mkl") + plot.dot(40, 188, "dot", 5) + "</g>"
    caption = "Error budget, % wrong allowed" + (" among items acted on" if width > 400 else "")
    return plot.axes(frame, xs, ys, caption) + plot.steps(frame, stairs) + mark + sure


def _reliability_label(look: FirstLook) -> str:
    rows = "; ".join(
        f"{words.whole_percent(band.confidence)} sure, {words.percent(1 - band.rate.share)} right"
        for band in look.bands
    )
    return f"Reliability: {rows}."


def _reliability(look: FirstLook, width: int) -> str:
    frame = plot.Frame(width, 248, (0, 1), (0, 1), bottom=28)
    ticks = [plot.Tick(x / 100, str(x)) for x in (0, 25, 50, 75, 100)]
    parts = [plot.axes(frame, ticks, ticks), plot.path(frame, [(0, 0), (1, 1)], "diag")]
    parts.append(plot.text(frame.px(1), frame.py(0.04), "dashed: as sure as it is right", cls="cap", anchor="end"))
    for band in look.bands:
        right = 1 - band.rate.share
        parts.append(plot.whisker(frame, band.confidence, 1 - band.rate.high, 1 - band.rate.low))
        parts.append(plot.dot(frame.px(band.confidence), frame.py(right)))
    most = max(band.rate.n for band in look.bands)
    below = plot.Frame(width, 320, (0, 1), (0, most), top=258, bottom=22)
    for band in look.bands:
        parts.append(plot.bar(below, band.low + 0.01, band.high - 0.01, band.rate.n))
        if width > 400:
            parts.append(
                plot.text(below.px((band.low + band.high) / 2), 314, words.count(band.rate.n), anchor="middle")
            )
    return "".join(parts)


def _weeks_label(look: FirstLook) -> str:
    assert look.over_time is not None
    return " ".join(finding.over_time(look.over_time))


def _weeks(look: FirstLook, width: int) -> str:
    assert look.over_time is not None
    weeks = [week for week in look.over_time.weeks if week.rate.n >= 20] or list(look.over_time.weeks)
    top = max(0.1, max(week.rate.high for week in weeks if week.rate.n) * 1.05)
    first, last = weeks[0].start, weeks[-1].start
    frame = plot.Frame(width, 228, (first, last) if first < last else (first - 1, last + 1), (0, min(1.0, top)))
    ys = [plot.Tick(y, f"{100 * y:g}") for y in plot.nice_ticks(0, min(1.0, top), 4)]
    shown = np.unique(np.linspace(0, len(weeks) - 1, 6 if width > 400 else 3).astype(int))
    yearless = -5 if words.day(first)[-4:] == words.day(last)[-4:] else None
    xs = [plot.Tick(weeks[i].start, words.day(weeks[i].start)[:yearless]) for i in shown]
    parts = [plot.axes(frame, xs, ys), plot.ribbon(frame, [(w.start, w.rate.low, w.rate.high) for w in weeks])]
    if len(weeks) == 1:  # a line needs two
        parts.append(plot.whisker(frame, first, weeks[0].rate.low, weeks[0].rate.high))
        parts.append(plot.dot(frame.px(first), frame.py(weeks[0].rate.share)))
        return "".join(parts)
    parts.append(plot.path(frame, [(w.start, w.rate.share) for w in weeks], "ln ink"))
    if weeks[0].confidence is not None:
        parts.append(plot.path(frame, [(w.start, 1 - (w.confidence or 0)) for w in weeks]))
    return "".join(parts) + _names(frame, weeks[-max(1, len(weeks) // 3) :])


def _names(frame: plot.Frame, end: Sequence[Period]) -> str:
    """What the lines of the weeks are, above and below everything in `end`, the weeks the names lie over."""
    high = max(max(week.rate.high, 1 - (week.confidence or 1)) for week in end)
    low = min(min(week.rate.low, 1 - (week.confidence or 0)) for week in end)
    x = frame.px(end[-1].start)
    names = plot.text(x, max(12, frame.py(high) - 8), "wrong", cls="lab", anchor="end")
    if end[0].confidence is None:
        return names
    y = min(frame.py(0) - 6, frame.py(low) + 18)
    return names + plot.text(x, y, "if its confidence were right", cls="cap acc", anchor="end")


def bands(look: FirstLook) -> dict[str, object] | None:
    said = finding.sureness(look)
    if said is None:
        return None
    rows = [
        (
            f"{100 * band.low:.0f} to {100 * band.high:.0f} %",
            words.count(band.rate.n),
            words.percent(band.confidence),
            words.percent(1 - band.rate.share),
            f"({words.between(1 - band.rate.high, 1 - band.rate.low)})",
        )
        for band in look.bands
    ]
    return {"title": said[0], "under": said[1], "rows": rows}


def over_time(look: FirstLook) -> dict[str, object] | None:
    if look.over_time is None:
        return None
    title, under = finding.over_time(look.over_time)
    weeks = look.over_time.weeks
    fewest, most = (words.count(edge(week.rate.n for week in weeks)) for edge in (min, max))
    counts = fewest if fewest == most else f"{fewest} to {most}"
    rows = [
        (
            words.day(w.start),
            words.count(w.rate.n),
            words.percent(w.rate.share),
            f"({words.interval(w.rate)})",
            words.percent(w.confidence),
        )
        for w in weeks
    ]
    return {
        "title": title,
        "under": under,
        "caption": f"Wrong, in %, by week, with intervals. Items per week: {counts}.",
        "rows": rows,
        "how": "The items are cut in two equal halves in time order; the interval of the difference is Newcombe’s. It held unless that interval leaves zero out and the change is two points or more. Weeks under 20 items are in the table and not in the plot.",
    }
