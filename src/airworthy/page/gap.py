"""The gap report on paper: four slices, the cause by name, and whether time had a part in it."""

from __future__ import annotations

from airworthy.base.quantity import MILLION, Ppm
from airworthy.evidence.gap import Reading
from airworthy.page import plot, words
from airworthy.record.data import Ablation, GapMeasured, GapSlice
from airworthy.stats.interval import clopper_pearson

SLICES = {
    "P0": ("Pilot, its own items", "held out"),
    "P1": ("Same period, everything", "selection removed"),
    "P2": ("Later, pilot’s selection kept", "only time has passed"),
    "P3": ("Later, everything", "the real work"),
}


def section(found: GapMeasured, reading: Reading) -> dict[str, object]:
    """Everything the section says."""
    of = {one.name: one for one in found.slices}
    title, under = _title(found, reading, of["P0"], of["P3"])
    return {
        "title": title,
        "under": under,
        "people": of["P3"].person_accuracy is not None,
        "caption": f"Means of {found.seeds} splits; acted on at the threshold the pilot certified for {words.budget(found.act_at / MILLION)}",
        "slices": [_slice(one) for one in found.slices],
        "acted": acted(found),
        "cause": cause(reading),
        "filters": [_filter(one, reading) for one in found.ablations],
        "drift": drift(reading),
        "honest": honest(found),
        "how": "The pilot is done again from the log: its period and its filters are declared in the charter. Each row is a model built on that selection alone, judged on its own hold-out and on all later work. A filter is named as a cause when its own gap is 2 points or more and at least a fifth of the whole. Time is judged with no filter at all. In “Same period, everything” the held-out items stand for the ones used to train.",
    }


def _title(found: GapMeasured, reading: Reading, pilot: GapSlice, later: GapSlice) -> tuple[str, str]:
    said = {
        "nothing broke": "The work is like the pilot",
        "the pilot saw easier work": "It did not get worse. The pilot saw easier work.",
        "the work changed": "The work changed after the pilot",
        "both": "The pilot saw easier work, and the work changed",
    }[reading.verdict]
    return (
        said,
        f"Right in {_p(pilot.accuracy)} in the pilot and {_p(later.accuracy)} on all later work, {_sure(pilot, later)}.",
    )


def _sure(pilot: GapSlice, later: GapSlice) -> str:
    if pilot.confidence is None or later.confidence is None:
        return "and the AI gives no confidence"
    return f"while mean confidence went from {_p(pilot.confidence)} to {_p(later.confidence)}"


def acted(found: GapMeasured) -> str:
    """What acting at the pilot's threshold would have meant."""
    of = {one.name: one for one in found.slices}
    pilot, later = of["P0"].acted_error, of["P3"].acted_error
    budget = words.budget(found.act_at / MILLION)
    if pilot is None or later is None:
        return f"The pilot itself could certify no threshold at a budget of {budget}."
    over = "over" if later > found.act_at else "within"
    return f"Acted on at the pilot’s threshold, {_p(pilot)} was wrong in the pilot and {_p(later)} would have been wrong on the real work, {over} the budget of {budget}."


def cause(reading: Reading) -> str:
    """`The cause: top-15-groups and happy-path`"""
    if reading.named:
        return f"The cause: {words.listed([_plain(name) for name in reading.named])}"
    return "The cause: time, not selection" if reading.drifted else "No filter is to blame"


def drift(reading: Reading) -> str:
    """Whether time alone moves it."""
    change, low, high = reading.drift
    span = f"{words.points(change)} ({words.between(low, high)})"
    if reading.drifted:
        return (
            f"Time has a part in it: with no filter at all, later work is right {span} against the pilot’s own weeks."
        )
    return f"It is not drift: with no filter at all, later work is right {span} against the pilot’s own weeks."


def honest(found: GapMeasured) -> str:
    """What an honest pilot would have certified."""
    budget = words.budget(found.act_at / MILLION)
    tail = "“not ready” could be seen before anything was scaled."
    if found.honest_coverage is None:
        return f"An honest pilot, with everything in the order it came, would have certified nothing at a budget of {budget}: {tail}"
    share = words.whole_percent(found.honest_coverage / MILLION)
    end = tail if found.honest_coverage < 50_000 else "that is what could have been promised."
    return f"An honest pilot, with everything in the order it came, would have certified {share} of items at a budget of {budget}: {end}"


def slices(found: GapMeasured) -> str:
    """The slices as intervals on one scale."""
    label = "; ".join(
        f"{SLICES[one.name][0]}: {_p(one.accuracy)} right, {_p(one.confidence)} confident" for one in found.slices
    )
    return plot.sheet(label, 40 + 44 * len(found.slices), lambda width: _slices(found, width))


def _slices(found: GapMeasured, width: int) -> str:
    height = 40 + 44 * len(found.slices)
    values = [v / MILLION for one in found.slices for v in (one.accuracy, one.confidence) if v is not None]
    low, high = max(0.0, min(values) - 0.1), min(1.0, max(values) + 0.1)
    frame = plot.Frame(width, height, (low, high), (0, 1), left=200 if width > 400 else 12, bottom=28, top=20)
    parts = [plot.axes(frame, [plot.Tick(x, f"{100 * x:g}") for x in plot.nice_ticks(low, high)], [])]
    person = next((one.person_accuracy for one in found.slices if one.name == "P3"), None)
    if person is not None:
        x = frame.px(person / MILLION)
        parts.append(plot.line(x, 16, x, height - 28, "diag"))
        label, room = f"people alone {100 * person / MILLION:.1f}", 52
        above = 12 if width > 400 else 3  # where names stand over their rows, the first is right below
        parts.append(plot.text(min(max(x, room), width - room), above, label, cls="lab", anchor="middle"))
    for i, one in enumerate(found.slices):
        parts.append(_slice_row(frame, one, 40 + 44 * i, width))
    return "".join(parts)


def _slice_row(frame: plot.Frame, one: GapSlice, y: float, width: int) -> str:
    name, under = SLICES[one.name]
    side = 0 if width > 400 else frame.left
    drop = 0 if width > 400 else -14
    return (
        plot.text(side, y - 4 + drop, name, cls="strong")
        + (plot.text(side, y + 14, f"{under}, n = {words.count(one.n)}") if width > 400 else "")
        + _right(frame, one, y)
        + _stated(frame, one, y)
    )


def _right(frame: plot.Frame, one: GapSlice, y: float) -> str:
    if one.accuracy is None:
        return ""
    share = one.accuracy / MILLION
    low, high = clopper_pearson(round(share * one.n), one.n, level=0.05)
    return plot.line(frame.px(low), y, frame.px(high), y, "iv") + plot.dot(frame.px(share), y, "dot ink", 4.5)


def _stated(frame: plot.Frame, one: GapSlice, y: float) -> str:
    if one.confidence is None:
        return ""
    x = frame.px(one.confidence / MILLION)
    return plot.line(x, y - 9, x, y + 9, "iv accent")


def _slice(one: GapSlice) -> tuple[str, ...]:
    name, under = SLICES[one.name]
    return (
        name,
        under,
        words.count(one.n),
        _p(one.accuracy),
        _p(one.confidence),
        words.DASH if one.calibration_error is None else f"{one.calibration_error / MILLION:.3f}",
        _p(one.coverage),
        _p(one.acted_error),
        _p(one.person_accuracy),
    )


def _filter(one: Ablation, reading: Reading) -> dict[str, object]:
    gap = (one.production - one.pilot) / MILLION
    alone = len(one.filters) == 1
    name = (
        "Everything"
        if not one.filters
        else _plain(one.filters[0]).capitalize() + " only"
        if alone
        else "All of them, as the pilot did"
    )
    said = (
        "a cause"
        if alone and one.filters[0] in reading.named
        else "not a cause"
        if alone
        else "time alone"
        if not one.filters
        else ""
    )
    return {
        "name": name,
        "pilot": f"{100 * one.pilot / MILLION:.1f}",
        "later": f"{100 * one.production / MILLION:.1f}",
        "gap": f"{100 * gap:+.1f}".replace("-", "−"),
        "said": said,
        "on": len(one.filters) > 1,
    }


def _plain(name: str) -> str:
    return name.replace("-", " ")


def _p(value: Ppm | None) -> str:
    return words.percent(None if value is None else value / MILLION)
