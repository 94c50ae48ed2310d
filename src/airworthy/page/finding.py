"""The sentences of a first look: the same words on the page and at the terminal."""

from __future__ import annotations

from airworthy.evidence.judged import Rate
from airworthy.evidence.search import Group
from airworthy.evidence.trial import BudgetRow, FirstLook, OverTime
from airworthy.page import words

FEWEST_SURE = 200  # items before anything is said about confidences

NOT_MEASURED = (
    ("Who acts, and who answers when it is wrong", "Ownership: not measured yet"),
    ("When each item was committed, and by whom", "Effort, speed, hand-offs: not measured yet"),
    ("Which items reached the decision, from the system of record", "Share used by default: not measured yet"),
    ("What people answered before they saw the AI", "Whether people rely on it rightly: not measured yet"),
    ("Sources behind each field, and their age", "Data at decision time: unknown, so it counts as not defended"),
)


def headline(look: FirstLook) -> str:
    """What could be acted on, in one sentence."""
    strict = next(row for row in look.rows if row.budget == 0.05)
    best = look.best
    if best is None:
        return f"Nothing can be acted on without a person yet, not even at a {words.budget(look.rows[-1].budget)} error budget."
    if best.budget <= strict.budget:
        strictest = "" if best.budget == strict.budget else f", and {_share(best)} at {words.budget(best.budget)}"
        return f"At a 5 % error budget, {_share(strict if strict.threshold is not None else best)} of items can be acted on without a person{strictest}."
    return f"At a 5 % error budget nothing can be acted on without a person yet; at {words.budget(best.budget)}, {_share(best)} of items can."


def _share(row: BudgetRow) -> str:
    return words.whole_percent(row.coverage)


def against_people(look: FirstLook) -> tuple[str, str]:
    """How right it is, beside people where that is known: a bold start and the rest."""
    if look.person is None:
        return "How wrong it is.", f"On all items it was wrong in {words.measured(look.overall)}."
    people, (difference, low, high) = look.person
    start = (
        "Worse than people."
        if low > 0
        else "Better than people."
        if high < 0
        else "No different from people, as far as this log can tell."
    )
    said = f"The AI was right in {words.right(look.overall)}, people alone in {words.right(people)}"
    gap = f"{words.points(-difference)} for the AI, {words.between(-high, -low)}"
    return start, f"{said}: {gap}."


def sureness(look: FirstLook) -> tuple[str, str] | None:
    """Whether its confidence can be believed."""
    if look.confidence is None or look.calibration_error is None:
        return None
    gap = look.confidence - (1 - look.overall.share)
    said = f"Mean confidence {words.percent(look.confidence)}, right in {words.percent(1 - look.overall.share)}"
    if look.n < FEWEST_SURE:
        count = f"{words.plural(look.n, 'item')} of the {FEWEST_SURE} that takes"
        return "Whether it is as sure as it is right is not measured yet", f"{said}: {count}."
    said += f"; calibration error {look.calibration_error:.3f}."
    if look.calibration_error <= 0.02:
        return "It is about as sure as it is right", said + " Its confidences can be shown to people, with their bands."
    if abs(gap) <= 0.02:
        return "It is right as often as it says, but not where it says", said
    how = "It is surer than it is right" if gap > 0 else "It is less sure than it is right"
    every = all((band.confidence > 1 - band.rate.share) == (gap > 0) for band in look.bands)
    return how + (
        ", in every band" if every and len(look.bands) > 1 else ""
    ), said + " Do not show these confidences to people before they are calibrated."


def over_time(time: OverTime) -> tuple[str, str]:
    """Whether it held."""
    change, low, high = time.change
    halves = f"Wrong in {words.percent(time.earlier.share)} of the earlier half and {words.percent(time.later.share)} of the later half"
    said = f"{halves}: {words.points(change)} ({words.between(low, high)})."
    title = {
        "held": "It held over time",
        "cannot tell": "Too few items to tell whether it holds over time",
        "got worse": "It got worse with time",
        "got better": "It got better with time",
    }
    return title[time.verdict], said


def breaks(look: FirstLook) -> tuple[str, str]:
    """Which group breaks it."""
    if not look.search.groups:
        if not look.search.looked_at:
            return "No groups to look at", "No other column of the log sorts items into groups of 50 or more."
        return (
            "No group stands out",
            f"{words.plural(look.search.looked_at, 'group was', 'groups were')} looked at; none is surely worse than the rest.",
        )
    worst = look.search.groups[0]
    return (
        f"{name(worst)} breaks it first",
        f"Wrong in {words.measured(worst.rate)}; {_expected(look, worst)}. Send it to a person whatever the confidence.",
    )


def _expected(look: FirstLook, group: Group) -> str:
    if look.confidence is None:
        return f"all items {words.percent(group.expected)}"
    return f"its confidence says {words.percent(group.expected)}"


def name(group: Group) -> str:
    """`Category 44`"""
    column = group.column.replace("_", " ").strip()
    return f"{words.short(column[:1].upper() + column[1:])} {words.short(group.word)}"


def closed(look: FirstLook) -> list[tuple[str, str]]:
    """Why rows are closed, and what would open them."""
    wrong = [row for row in look.rows if row.why == "surest_are_too_wrong"]
    few = [row for row in look.rows if row.why == "too_few_labels"]
    said = []
    if wrong:
        row = wrong[-1]
        said.append((f"More labels alone will not reach {words.budget(row.budget)}.", _least_wrong(look, row)))
    open_still = [row for row in few if row.acted.share >= row.budget]
    if open_still:
        row = open_still[-1]
        said.append(
            (
                f"{words.budget(row.budget)} is undecided.",
                f"{_whom(look, row)} were wrong in {_of(row.acted)}: too few to tell.",
            )
        )
    for row in few:
        if row.acted.share < row.budget:
            said.append(_within_reach(look, row))
    return said


def _least_wrong(look: FirstLook, row: BudgetRow) -> str:
    """Of a closed row the least wrong of three starts is known, and nothing of the shares between them."""
    if look.confidence is None:
        return f"Without a score all items rank alike, and they were wrong in {_of(row.acted)}."
    who = _whom(look, row)
    return f"Of the shares tried first, the best were {who[:1].lower()}{who[1:]}: wrong in {_of(row.acted)}."


def _whom(look: FirstLook, row: BudgetRow) -> str:
    return "All items" if look.confidence is None or row.items == look.n else f"The surest {_share(row)} of items"


def _within_reach(look: FirstLook, row: BudgetRow) -> tuple[str, str]:
    more = f"About {words.count(row.more_labels)} more judged items" if row.more_labels else "More judged items"
    return (
        f"{words.budget(row.budget)} may come within reach.",
        f"{more}{_like(look, row)} would open it, if they stay wrong in {_of(row.acted)}.",
    )


def _like(look: FirstLook, row: BudgetRow) -> str:
    return "" if look.confidence is None or row.items == look.n else f" like the surest {_share(row)}"


def _of(rate: Rate) -> str:
    return words.measured(rate)


def missing(look: FirstLook) -> list[tuple[str, str]]:
    """What the log would need to hold for us to say more."""
    here = []
    if look.confidence is None:
        here.append(
            (
                "How sure the AI was of each output (`--score`)",
                "Which items could be acted on first: all or nothing until then",
            )
        )
    if look.over_time is None:
        here.append(("When each output was made (`--time`)", "Whether it holds over time: not measured yet"))
    if look.person is None:
        here.append(
            ("What a person did without the AI (`--person`)", "Whether it is better than people: not measured yet")
        )
    return [*here, *NOT_MEASURED]
