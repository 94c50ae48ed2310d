"""The first minute's page."""

from __future__ import annotations

from markupsafe import Markup

from airworthy.evidence.search import FEWEST
from airworthy.evidence.trial import STARTS, BudgetRow, FirstLook
from airworthy.page import figure, finding, sheet, words


def page(look: FirstLook, *, log: str, question: str, taken: str, charter: str, next: str, simulated: str = "") -> str:
    """The whole page as one HTML file.

    question   what is decided, as one phrase; taken: which items were left out and why; charter: a draft as YAML
    """
    bold, rest = finding.against_people(look)
    span = [words.days(*look.span)] if look.span else []
    return sheet.render(
        "trial.html.j2",
        title=f"What could be acted on without a person: {log}",
        top=[words.short(log, 60), words.short(question, 100), *span],
        simulated=simulated,
        headline=finding.headline(look),
        lead=Markup("<strong>{}</strong> {}").format(bold, rest),
        n=words.plural(look.n, "item"),
        certainty=words.budget(1 - look.risk),
        risk=f"{look.risk:g}",
        needed=words.count(STARTS * len(look.rows) / look.risk),
        rows=[_row(row, look, row is look.best) for row in look.rows],
        closed=finding.closed(look),
        taken=taken,
        slider=figure.slider(look) if look.curve else None,
        bands=figure.bands(look),
        time=figure.over_time(look),
        segments=_segments(look),
        groups=_groups(look),
        missing=finding.missing(look),
        charter=excerpt(charter),
        next=next,
        plots={name: Markup(svg) for name, svg in figure.plots(look).items()},
    )


def _row(row: BudgetRow, look: FirstLook, on: bool) -> dict[str, object]:
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
        "threshold": "all items" if look.confidence is None else f"{row.threshold:.3f}",
        "on": on,
    }


def _segments(look: FirstLook) -> dict[str, object] | None:
    if not look.segments:
        return None
    opened = [row for row in look.segments if row.coverage is not None]
    budget = words.budget(look.segments[0].budget)
    title = f"{len(opened)} of {words.plural(len(look.segments), 'segment')} could open at {budget}"
    rows = [
        (
            f"{words.short(row.column)} {words.short(row.word)}",
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
    searched = words.listed([f"`{words.short(column)}`" for column in found.columns]) or "no column"
    how = (
        f"Searched: {searched}; {words.plural(found.looked_at, 'group')} of {words.count(max(FEWEST, look.n // 500))} items or more. The risk of {look.risk:g} is "
        "divided among them, so that a log with nothing to find shows a group in at most that share of cases. These were "
        "picked out of a search: expect them to look less bad on new items."
    )
    expected = "Its confidence says" if look.confidence is not None else "All items"
    return {"title": title, "under": under, "rows": rows, "how": how, "expected": expected, "empty": under}


_SHOWN = ("use_case", "stage", "decision_points", "owners", "wrong_means", "error_budget", "rules", "baseline", "log")
_MOST_LINES = 9  # of one section


def excerpt(charter: str) -> Markup:
    """The sections of a drafted charter that the log or its owners speak in, with open questions marked."""
    shown: list[Markup] = []
    for section in _sections(charter):
        name = section[0].partition(":")[0]
        if name in _SHOWN:
            shown += [_marked(line) for line in section[:_MOST_LINES]]
            shown += [Markup('<span class="c">  …</span>')] * (len(section) > _MOST_LINES)
    return Markup("\n").join(shown)


def _sections(charter: str) -> list[list[str]]:
    """Top-level keys with the lines below them, comments between them left out."""
    sections: list[list[str]] = []
    for line in charter.splitlines():
        if line[:1].isalpha():
            sections.append([line])
        elif line.startswith((" ", "-")) and sections:
            sections[-1].append(line)
    return sections


def _marked(line: str) -> Markup:
    before, sign, question = line.partition("  # ")
    if before.endswith("ask"):
        return Markup('{}<span class="q">ask{}{}</span>').format(before[:-3], sign, question)
    return Markup('{}<span class="c">{}{}</span>').format(before, sign, question) if sign else Markup("{}").format(line)
