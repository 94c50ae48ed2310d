"""The first minute's page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from airworthy.evidence.trial import BudgetRow, CurvePoint, FirstLook
from airworthy.page import finding, plot, sheet, words

SLIDER = range(1, 41)  # error budgets in percent


def page(look: FirstLook, *, log: str, question: str, taken: str, charter: str, next: str, simulated: str = "") -> str:
    """The whole page as one HTML file.

    question   what is decided, as one phrase; taken: which items were left out and why; charter: a draft as YAML
    """
    bold, rest = finding.against_people(look)
    span = [words.days(*look.span)] if look.span else []
    return sheet.render(
        "trial.html.j2",
        title=f"What could be acted on without a person: {log}",
        top=[log, question, *span],
        simulated=simulated,
        headline=finding.headline(look),
        lead=Markup("<strong>{}</strong> {}").format(bold, rest),
        n=words.count(look.n),
        certainty=words.budget(1 - look.risk),
        risk=f"{look.risk:g}",
        needed=words.count(len(look.rows) / look.risk),
        rows=[_row(row, row is look.best) for row in look.rows],
        closed=finding.closed(look),
        taken=taken,
        slider=_slider(look) if look.curve else None,
        bands=_bands(look),
        time=_time(look),
        segments=_segments(look),
        groups=_groups(look),
        missing=finding.missing(look),
        charter=charter,
        next=next,
        plots={name: Markup(svg) for name, svg in _plots(look).items()},
    )


def _row(row: BudgetRow, on: bool) -> dict[str, object]:
    if row.threshold is None:
        closed = {"coverage": "nothing yet", "number": "0", "wrong": words.DASH, "share": words.DASH}
        return {**closed, "budget": words.budget(row.budget), "interval": "", "threshold": words.DASH, "on": False}
    return {
        "budget": words.budget(row.budget),
        "coverage": words.whole_percent(row.coverage),
        "number": words.count(row.items),
        "wrong": words.count(row.acted.wrong),
        "share": words.percent(row.acted.share),
        "interval": f"({words.interval(row.acted)})",
        "threshold": f"{row.threshold:.3f}",
        "on": on,
    }


def _slider(look: FirstLook) -> dict[str, object]:
    start = round(100 * (look.best.budget if look.best else 0.20))
    data = {at: _stop(look, at / 100) for at in SLIDER}
    return {"start": start, "said": f"At {start} %, {data[start]['act']}{data[start]['rest']}", "data": data}


def _stop(look: FirstLook, budget: float) -> dict[str, object]:
    """What the slider says at one budget: the guaranteed row where there is one, else what the curve suggests."""
    row = next((row for row in look.rows if abs(row.budget - budget) < 1e-9), None)
    kind = "guaranteed" if row else "exploration: state this budget in a charter first, then prove it on new items"
    found = row if row and row.threshold is not None else None if row else _explored(look.curve, budget)
    if found is None:
        surest = look.curve[0]
        rest = f" can be acted on yet. The surest {words.whole_percent(surest.coverage)} were wrong in {words.measured(surest.acted)}."
        return {"act": "nothing", "rest": rest, "kind": kind, "coverage": 0}
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


def _plots(look: FirstLook) -> dict[str, str]:
    plots = {}
    if look.curve:
        plots["buys"] = plot.sheet(_buys_label(look), 228, lambda width: _buys(look, width))
    if look.bands:
        plots["reliability"] = plot.sheet(_reliability_label(look), 320, lambda width: _reliability(look, width))
    if look.over_time:
        plots["weeks"] = plot.sheet(_weeks_label(look), 228, lambda width: _weeks(look, width))
    return plots


def _buys_label(look: FirstLook) -> str:
    return "Step line of items that could be acted on, by error budget. " + finding.headline(look)


def _buys(look: FirstLook, width: int) -> str:
    frame = plot.Frame(width, 228, (1, 40), (0, 1))
    at = [(budget, _explored(look.curve, budget / 100)) for budget in SLIDER]
    stairs = [(float(budget), point.coverage if point else 0.0) for budget, point in at]
    xs = [plot.Tick(x, str(x)) for x in (1, 5, 10, 15, 20, 25, 30, 35, 40)]
    ys = [plot.Tick(y / 100, str(y)) for y in (0, 25, 50, 75, 100)]
    sure = "".join(
        plot.dot(frame.px(100 * row.budget), frame.py(row.coverage if row.threshold is not None else 0), "dot hole", 4)
        for row in look.rows
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
    parts.append(plot.text(frame.px(0.3) - 8, frame.py(0.3) - 10, "as sure as it is right", cls="cap", anchor="end"))
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
    frame = plot.Frame(width, 228, (weeks[0].start, weeks[-1].start), (0, min(1.0, top)))
    ys = [plot.Tick(y, f"{100 * y:g}") for y in plot.nice_ticks(0, min(1.0, top), 4)]
    shown = np.unique(np.linspace(0, len(weeks) - 1, 6 if width > 400 else 3).astype(int))
    xs = [plot.Tick(weeks[i].start, words.day(weeks[i].start)[:-5]) for i in shown]
    parts = [plot.axes(frame, xs, ys), plot.ribbon(frame, [(w.start, w.rate.low, w.rate.high) for w in weeks])]
    parts.append(plot.path(frame, [(w.start, w.rate.share) for w in weeks], "ln ink"))
    if weeks[0].confidence is not None:
        parts.append(plot.path(frame, [(w.start, 1 - (w.confidence or 0)) for w in weeks]))
        parts.append(
            plot.text(
                frame.px(weeks[-1].start),
                frame.py(1 - (weeks[-1].confidence or 0)) + 16,
                "if its confidence were right",
                cls="cap acc",
                anchor="end",
            )
        )
    parts.append(
        plot.text(frame.px(weeks[-1].start), frame.py(weeks[-1].rate.share) - 8, "wrong", cls="lab", anchor="end")
    )
    return "".join(parts)


def _bands(look: FirstLook) -> dict[str, object] | None:
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


def _time(look: FirstLook) -> dict[str, object] | None:
    if look.over_time is None:
        return None
    title, under = finding.over_time(look.over_time)
    weeks = look.over_time.weeks
    counts = [week.rate.n for week in weeks]
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
        "caption": f"Wrong, in %, by week, with intervals. Items per week {words.count(min(counts))} to {words.count(max(counts))}.",
        "rows": rows,
        "how": "The items are cut in two equal halves in time order; the interval of the difference is Newcombe’s. It held unless that interval leaves zero out and the change is two points or more. Weeks under 20 items are in the table and not in the plot.",
    }


def _segments(look: FirstLook) -> dict[str, object] | None:
    if not look.segments:
        return None
    opened = [row for row in look.segments if row.coverage is not None]
    budget = words.budget(look.segments[0].budget)
    title = f"{len(opened)} of {words.plural(len(look.segments), 'segment')} could open at {budget}"
    rows = [
        (
            f"{row.column} {row.word}",
            words.count(row.rate.n),
            words.percent(row.rate.share),
            f"({words.interval(row.rate)})",
            "nothing yet" if row.coverage is None else words.whole_percent(row.coverage),
            words.DASH if row.acted is None else words.percent(row.acted.share),
            "" if row.acted is None else f"({words.interval(row.acted)})",
        )
        for row in look.segments
    ]
    return {
        "title": title,
        "under": "Each with a promise of its own.",
        "caption": f"At an error budget of {budget}",
        "rows": rows,
    }


def _groups(look: FirstLook) -> dict[str, object]:
    title, under = finding.breaks(look)
    found = look.search
    rows = [
        (
            finding.name(group),
            words.count(group.rate.n),
            words.percent(group.rate.share),
            f"({words.interval(group.rate)})",
            words.percent(group.expected),
            f"{words.count(group.excess)} wrong items more",
        )
        for group in found.groups
    ]
    searched = words.listed([f"`{column}`" for column in found.columns]) or "no column"
    how = (
        f"Searched: {searched}; {words.plural(found.looked_at, 'group')} of {50} items or more. The risk of {look.risk:g} is "
        "divided among them, so that a log with nothing to find shows a group in at most that share of cases. These were "
        "picked out of a search: expect them to look less bad on new items."
    )
    expected = "Its confidence says" if look.confidence is not None else "All items"
    return {"title": title, "under": under, "rows": rows, "how": how, "expected": expected, "empty": under}
