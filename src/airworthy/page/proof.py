"""The proof: one self-contained, printable file for an executive and an auditor."""

from __future__ import annotations

from itertools import groupby

import msgspec
import numpy as np
from markupsafe import Markup

from airworthy import __version__
from airworthy.charter.model import Charter
from airworthy.charter.term import STAGES
from airworthy.claim.catalogue import QUESTION
from airworthy.claim.readiness import Readiness
from airworthy.claim.verdict import Verdict
from airworthy.decision.policy import ALL
from airworthy.evidence.facts import Facts
from airworthy.evidence.gap import read_gap
from airworthy.evidence.judgement import budget_over_time
from airworthy.evidence.trial import FirstLook
from airworthy.page import figure, plot, sheet, verdicts, words
from airworthy.page import gap as gap_page
from airworthy.record.decision import GateClosed, GateOpened
from airworthy.record.store import Head


class LogFacts(msgspec.Struct, frozen=True):
    """What the proof says of the log it rests on."""

    origin: str
    verifier_key: str
    head: Head | None
    folder: str


def page(charter: Charter, facts: Facts, found: Readiness, look: FirstLook | None, log: LogFacts, *, at: int) -> str:
    """The whole proof as HTML. `look` is the first look at all judged work after the pilot, None without any."""
    bold, rest = verdicts.lead(found, verdicts.covered(facts))
    reading = read_gap(facts.gap) if facts.gap else None
    return sheet.render(
        "proof.html.j2",
        title=f"{charter.title}: {verdicts.headline(charter.use_case, found)}",
        product="Airworthy proof",
        top=[f"{charter.title}: {charter.decision_points[0].decides}", words.day(at)],
        simulated=words.listed(list(facts.simulated)),
        headline=verdicts.headline(charter.use_case.replace("-", "\u2011"), found),
        lead=(bold, rest),
        stage=found.stage,
        stages=_stages(charter, found),
        blocker=_blocker(charter, facts, found),
        tally=_tally(found),
        groups=_groups(found.needed),
        others=[_row(one) for one in found.others],
        sentences=[_sentence(one) for one in found.sentences],
        gap=gap_page.section(facts.gap, reading) if facts.gap and reading else None,
        budget=words.budget(float(charter.error_budget.budget)),
        chosen=_chosen(facts),
        spent=_spent_said(charter, facts),
        slider=figure.slider(look, guaranteed=False, start=float(charter.error_budget.budget))
        if look and look.curve
        else None,
        bands=figure.bands(look) if look else None,
        time=figure.over_time(look) if look else None,
        plots={name: Markup(svg) for name, svg in _plots(charter, facts, look).items()},
        guarantee=_guarantee(charter),
        verify=_verify(log),
        records=_records(charter, facts, log),
        not_evidenced=_not_evidenced(charter, facts, found),
        foot=_foot(facts),
    )


def _plots(charter: Charter, facts: Facts, look: FirstLook | None) -> dict[str, str]:
    plots = figure.plots(look, guaranteed=False) if look else {}
    if look and look.curve:
        budget = float(charter.error_budget.budget)
        plots["spent"] = plot.sheet(
            "Share wrong so far among what the gate would act on, against the budget",
            228,
            lambda w: _spent(charter, facts, w),
        )
        plots["risk"] = plot.sheet(
            "Share wrong among the surest items against how many they are", 228, lambda w: _risk(look, budget, facts, w)
        )
    if facts.gap:
        plots["slices"] = gap_page.slices(facts.gap)
    return plots


def _risk(look: FirstLook, budget: float, facts: Facts, width: int) -> str:
    top = max(budget * 1.5, max((point.acted.high for point in look.curve if point.acted.n > 30), default=1.0))
    frame = plot.Frame(width, 228, (0, 1), (0, min(1.0, top)))
    xs = [plot.Tick(x / 100, str(x)) for x in (0, 20, 40, 60, 80, 100)]
    ys = [plot.Tick(y, f"{100 * y:g}") for y in plot.nice_ticks(0, min(1.0, top), 4)]
    band = [(point.coverage, point.acted.low, point.acted.high) for point in look.curve]
    parts = [plot.axes(frame, xs, ys, "Share of items acted on, %"), plot.ribbon(frame, band)]
    parts.append(plot.path(frame, [(point.coverage, point.acted.share) for point in look.curve]))
    parts.append(plot.path(frame, [(0, budget), (1, budget)], "diag"))
    parts.append(
        plot.text(frame.px(1), frame.py(budget) - 6, f"budget {words.budget(budget)}", cls="lab", anchor="end")
    )
    for opened in _of_all_work(facts)[-1:]:
        x = frame.px(opened.coverage / 1_000_000)
        parts.append(plot.line(x, 16, x, 188, "mkl") + plot.text(x + 4, 26, "certified", cls="cap acc"))
    return "".join(parts)


def _spent(charter: Charter, facts: Facts, width: int) -> str:
    """The error budget over time: share wrong so far with its interval, the budget, and when gates opened and closed."""
    so_far = budget_over_time(facts, charter)
    budget = float(charter.error_budget.budget)
    top = min(1.0, max(budget * 1.8, max((look.share for look in so_far.looks), default=0) * 1.3))
    ends = (so_far.looks[0].at, so_far.looks[-1].at) if so_far.looks else (0, 1)
    frame = plot.Frame(width, 228, ends, (0, top))
    ys = [plot.Tick(y, f"{100 * y:g}") for y in plot.nice_ticks(0, top, 4)]
    count = min(len(so_far.looks), 5 if width > 400 else 3)
    shown: list[int] = np.unique(np.linspace(0, max(0, len(so_far.looks) - 1), count).astype(int)).tolist()
    xs = [plot.Tick(so_far.looks[i].at, words.day(so_far.looks[i].at)[:-5]) for i in shown]
    parts = [plot.axes(frame, xs, ys), plot.ribbon(frame, [(look.at, look.low, look.high) for look in so_far.looks])]
    parts.append(plot.path(frame, [(look.at, look.share) for look in so_far.looks], "ln ink"))
    parts.append(plot.path(frame, [(ends[0], budget), (ends[1], budget)], "diag"))
    parts.append(plot.text(frame.px(ends[0]) + 4, frame.py(budget) - 6, f"budget {words.budget(budget)}", cls="lab"))
    for event in (*facts.opened, *facts.closed):
        if not ends[0] <= event.at <= ends[1]:
            continue
        x = frame.px(event.at)
        parts.append(plot.line(x, 16, x, 188, "mkl" if isinstance(event, GateOpened) else "lim"))
    return "".join(parts)


def _spent_said(charter: Charter, facts: Facts) -> str:
    so_far = budget_over_time(facts, charter)
    what = "what the gate would act on" if so_far.certified else "the surest tenth of the work, for no gate has opened"
    lines = " Upright lines: a threshold was certified." if facts.opened else ""
    return f"The error budget over time: wrong so far among {what}, in %, with the interval. Dashed: the budget.{lines}"


def _of_all_work(facts: Facts) -> list[GateOpened]:
    """Thresholds of undivided work: one segment's own has no place on a curve of everything."""
    return [one for one in facts.opened if one.segment == ALL]


def _chosen(facts: Facts) -> str:
    if not facts.opened:
        return "No threshold was certified."
    last = facts.opened[-1]
    line = (
        "Upright line: the threshold" if _of_all_work(facts) else f"The last threshold, for {last.segment} alone, was"
    )
    return f"{line} certified on {words.day(last.at)}, from confidence {last.threshold / 1_000_000:.3f} on, {words.count(last.errors)} wrong of {words.count(last.labels)} labels."


def _stages(charter: Charter, found: Readiness) -> list[dict[str, str]]:
    here, asked = STAGES.index(found.present), STAGES.index(found.stage)
    rows = []
    for i, stage in enumerate(STAGES):
        cls = "now" if i == here else "past" if i < here else "ask" if i == asked else ""
        said = (
            f"{stage}, declared in the charter" if i == here else f"{stage}, asked about here" if i == asked else stage
        )
        rows.append(
            {
                "cls": cls,
                "words": said
                + (" (solo: a sandbox that grants nothing)" if i == here and charter.mode == "solo" else ""),
            }
        )
    return rows


def _blocker(charter: Charter, facts: Facts, found: Readiness) -> dict[str, object] | None:
    first = found.blocker
    if first is None:
        return None
    others = [one for one in found.needed if one.word != "proven" and one.claim != first.claim]
    why_this = (
        "Refuted comes before undecided, then the longest forecast."
        if first.word == "refuted"
        else "Nothing is refuted; this takes longest to decide."
    )
    still = "; ".join(f"{one.title.lower()} ({one.word})" for one in others)
    takes = verdicts.forecast(first)
    todo = first.action if not takes or takes == first.action else f"{first.action} It takes {takes}."
    return {
        "pillar": first.pillar,
        "why_this": why_this,
        "chain": chain(facts, first),
        "todo": todo,
        "who": seat(charter, first.who),
        "still": still.capitalize(),
    }


def chain(facts: Facts, first: Verdict) -> list[str]:
    """How the blocker came about, as far as the records say."""
    if first.claim == "production-like-pilot" and facts.gap:
        reading = read_gap(facts.gap)
        kept = words.listed([name.replace("-", " ") for name in reading.named])
        links = [f"the pilot kept only {kept}"] if kept else []
        moved = reading.confidence_moved
        sure = [] if moved is None else [f"its confidence moved by {words.points(moved)}"]
        return [*links, f"right {100 * reading.gap:.1f} points less often on the real work", *sure]
    if first.measured is None:
        return [first.why]
    return [
        f"{first.title.lower()}: {verdicts.number(first)} ({verdicts.span(first)})",
        f"limit {verdicts.limit(first)}",
    ]


def seat(charter: Charter, who: str) -> str:
    """The seat that must act, by the role it has in the charter."""
    if who == "data":
        return charter.sources[0].owner if charter.sources else charter.owners.outcome.seat
    owner = getattr(charter.owners, who)
    return f"{owner.seat} ({who} owner)" + (f", deputy {owner.deputy}" if owner.deputy else "")


def _tally(found: Readiness) -> str:
    counts = {word: sum(one.word == word for one in found.needed) for word in ("proven", "undecided", "refuted")}
    total = words.plural(len(found.needed), "claim")
    return f"{total} that stage {found.stage} needs: {counts['proven']} proven, {counts['undecided']} undecided, {counts['refuted']} refuted. All must be proven."


def _groups(needed: tuple[Verdict, ...]) -> list[dict[str, object]]:
    return [
        {"pillar": pillar, "question": QUESTION[pillar], "rows": [_row(one) for one in rows]}
        for pillar, rows in groupby(needed, key=lambda one: one.pillar)
    ]


def _row(one: Verdict) -> dict[str, object]:
    since = (
        f"since {words.day(one.since)}" if one.since is not None and one.word != "undecided" else verdicts.forecast(one)
    )
    return {
        "title": one.title, "pillar": one.pillar, "limit": verdicts.limit(one), "laxer": verdicts.laxer(one), "set_by": one.set_by, "number": verdicts.number(one),
        "span": verdicts.span(one), "counted": verdicts.counted(one), "why": one.why, "drawn": Markup(verdicts.drawn(one)),
        "word": one.word, "since": since,
    }  # fmt: skip


def _sentence(one: object) -> dict[str, object]:
    sentence, owner, claim, word = (getattr(one, name) for name in ("sentence", "owner", "claim", "word"))
    by = f"claim {claim}, owner {owner}" if claim else f"bound to no claim, owner {owner}"
    return {"sentence": sentence, "word": word, "by": by}


def _guarantee(charter: Charter) -> dict[str, str]:
    budget = charter.error_budget
    b, r, m = (words.budget(float(x)) for x in (budget.budget, budget.risk, budget.monitoring_risk))
    segments = words.plural(len(budget.segments.values), "segment") if budget.segments else "all work as one segment"
    return {
        "set_by": f"Set by {charter.owners.trust.seat}: budget {b}, risk {r}, monitoring risk {m}, audit rate {words.budget(float(budget.audit_rate))}, horizon {int(budget.horizon) // 86_400_000_000} days, {segments}.",
        "unit": charter.workflow.unit,
        "opening": f"The chance that at any time, for any segment, the gate is open while more than {b} of what it acts on is wrong, is at most {r}, however often anyone looks. Assumes: within one model version items are exchangeable, the grid was fixed beforehand, labels are true, audit chances are known. A label still missing after the horizon counts as wrong.",
        "revoking": f"The chance that the monitor ever revokes while the budget is kept is at most {m}. No independence is assumed. A missing label counts as correct here.",
    }


def _verify(log: LogFacts) -> str:
    command = f"python published/verify.py published \\\n  --key '{log.verifier_key}'"
    return f"airworthy log export {log.folder} --to published\n{command}\n# 0 holds   1 does not   3 cannot judge"


def _records(charter: Charter, facts: Facts, log: LogFacts) -> list[tuple[str, str]]:
    made = facts.decisions
    head = f"size {words.count(log.head.size)}, root {log.head.root.hex()}" if log.head else "not signed yet"
    adopted = facts.charters[-1] if facts.charters else None
    commit = f"commit {adopted.commit[:12]}, " if adopted and adopted.commit else "not committed to Git, "
    return [
        ("Run", _run(facts)),
        (
            "Replaced",
            words.plural(len(facts.replaced), "earlier backtest") + " under this policy; only the newest counts",
        ),
        (
            "Changed since",
            "the charter: a limit set after the evidence needs new evidence"
            if facts.started and facts.started.charter != charter.digest
            else "nothing",
        ),
        ("Log", log.origin),
        (
            "Entries",
            f"{words.count(facts.first_seq)} to {words.count(facts.last_seq)}; {words.plural(len(made), 'decision')}"
            + (f", {words.days(int(made.at[0]), int(made.at[-1]))}" if len(made) else ""),
        ),
        ("Checkpoint", head),
        ("Witnessed", "by nobody yet: tamper evidence reaches as far as the checkpoints someone else holds"),
        ("Charter", f"{commit}digest {charter.digest[:16]}"),
        (
            "Policy",
            f"digest {charter.policy_digest[:16]}; {words.plural(facts.other_policies, 'decision')} under other policies count for nothing here",
        ),
    ]


def _run(facts: Facts) -> str:
    """Which backtest this is, over which file, in which epoch its gates stand."""
    if facts.started is None:
        return "none under this policy, model and plan"
    gates: list[GateOpened | GateClosed] = [*facts.opened, *facts.closed]
    epochs = {one.epoch for one in gates}
    epoch = f", epoch {max(epochs)}" if epochs else ""
    return f"{facts.started.run}, model {facts.started.model.name} version {facts.started.model.version}{epoch}; log file with SHA-256 {facts.started.log[:16]}"


def _not_evidenced(charter: Charter, facts: Facts, found: Readiness) -> list[str]:
    said = [f"{what[0].upper()}{what[1:]}: simulated." for what in facts.simulated]
    if not facts.live:
        said.append("Everything recorded is a backtest: no decision has touched real work.")
    unknown = int(np.isnan(facts.decisions.loss).sum())
    if unknown:
        share = words.percent(unknown / len(facts.decisions))
        said.append(
            f"The truth of {words.plural(unknown, 'decision')} ({share}): not known. Past the horizon they count as wrong for opening."
        )
    said += [
        f"Left out of the log: {words.count(one.items)} {one.why}."
        for one in (facts.finished.left_out if facts.finished else ())
        if one.items
    ]
    unbound = [one.sentence for one in found.sentences if one.claim is None]
    said += [f"“{sentence}”: bound to no claim." for sentence in unbound]
    blank = sum(one.measured is None for one in (*found.needed, *found.others))
    said.append(f"{words.plural(blank, 'claim')} of the catalogue could not be measured; each says why above.")
    said.append("Whether the labels are true: they are what the system of record says.")
    return said


def _foot(facts: Facts) -> str:
    what = words.listed(list(facts.simulated))
    made = f"Made by Airworthy {__version__}. Void when policy, model or the way the log is read changes."
    return made + (f" Simulated: {what}." if what else "")
