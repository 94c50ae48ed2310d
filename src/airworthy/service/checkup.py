"""What is wrong with the use cases that run on a log: each finding with what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from airworthy.base.clock import HOUR, Clock, Micros, iso
from airworthy.base.errors import AirworthyError
from airworthy.charter.load import examine, read
from airworthy.charter.model import Charter
from airworthy.claim.catalogue import BY_ID
from airworthy.record import codec
from airworthy.record.decision import DecisionMade, GateClosed, GateOpened
from airworthy.record.permit import EffectFinished, PermitRedeemed
from airworthy.record.store import Reader
from airworthy.record.trouble import GapNoted, PermitRefused
from airworthy.service.doctor import Finding
from airworthy.service.inbox import FOLDER as INBOX
from airworthy.storage.sqlite import open_reader

ENOUGH = 500  # decisions after which a rule that never fired is worth a word
SPOOL = "spool"
CLOSED = {
    "monitor": "too much of what it acted on was wrong",
    "labels_missing": "too much of what it acted on has no known truth",
    "policy": "its rules, or what they rest on, changed",
    "model": "another model speaks",
    "workflow": "the workflow changed",
    "source": "a source it needs changed",
}


class Seen:
    """What a log shows of live work, counted in one pass."""

    def __init__(self, log: Reader) -> None:
        self.decisions: Counter[str] = Counter()  # by `use-case.point`
        self.fired: Counter[tuple[str, str]] = Counter()
        self.read: Counter[tuple[str, str]] = Counter()
        self.fallbacks = self.refused = self.gaps = 0
        self.closed: dict[tuple[str, str, str], GateClosed] = {}  # by use case, point, segment; not opened since
        self.hanging: dict[str, Micros] = {}  # redeemed, and nobody said how the effect ended
        for stored in log.scan():
            self._take(codec.record(stored.leaf))

    def _take(self, found: codec.AnyRecord) -> None:
        match found:
            case DecisionMade() if found.run is None:
                self.decisions[f"{found.use_case}.{found.point}"] += 1
                self.fired.update((found.use_case, rule) for rule in found.rules)
                self.read.update((found.use_case, one.source) for one in found.sources)
            case GateClosed() if found.run is None:
                self.closed[found.use_case, found.point, found.segment] = found
            case GateOpened() if found.run is None:
                self.closed.pop((found.use_case, found.point, found.segment), None)
            case PermitRedeemed():
                self.hanging[found.permit] = found.ts
            case EffectFinished():
                self.hanging.pop(found.permit, None)
            case PermitRefused():
                self.refused += 1
            case GapNoted():
                self.gaps += 1


def read_charters(paths: Sequence[Path]) -> tuple[list[Charter], list[Finding]]:
    """The charters that can be used, and what is wrong with the others: a ladder that ends nowhere, a seat nobody holds."""
    charters, found = [], []
    for path in paths:
        charter, diagnostics = examine(read(path), str(path), BY_ID)
        found += [
            Finding("charter", "broken", f"{one.sentence} ({one.place})", one.help)
            for one in diagnostics
            if one.severity == "mistake"
        ]
        charters += [charter] if charter is not None else []
    return charters, found


def check_up(data: Path, charters: Sequence[Charter], clock: Clock) -> Iterator[Finding]:
    """Looks at what the log in `data` shows of these use cases, and at what waits in the folder."""
    yield from _waiting(data)
    if (data / "log.db").exists():
        try:
            with closing(open_reader(data)) as log:
                yield from _live(Seen(log), charters, clock.now())
        except AirworthyError as error:
            yield Finding("log", "broken", error.diagnostics[0].sentence, error.diagnostics[0].help)


def _waiting(data: Path) -> Iterator[Finding]:
    spool = sorted((data / SPOOL).glob("*.segment")) if (data / SPOOL).is_dir() else []
    held = sum(len(file.read_bytes().splitlines()) for file in spool)
    if held:
        yield Finding(
            "spool", "note", f"{held:,} entries wait to be handed over", "they go when the gateway answers again"
        )
    if (refused := data / SPOOL / "refused.jsonl").exists() and refused.stat().st_size:
        yield Finding(
            "spool", "broken", "the gateway refused entries a client had kept", f"read {refused}, and record them"
        )
    orders = list((data / INBOX).glob("*.order")) if (data / INBOX).is_dir() else []
    if orders:
        yield Finding("orders", "note", f"{len(orders)} wait for whoever opens this log next", "start what runs here")


def _live(seen: Seen, charters: Sequence[Charter], now: Micros) -> Iterator[Finding]:
    total = sum(seen.decisions.values())
    yield Finding(
        "live", "sound" if total else "note", f"{total:,} live decisions", "" if total else "airworthy serve CHARTER"
    )
    for charter in charters:
        yield from _covered(charter, seen)
        yield from _rules(charter, seen)
        yield from _sources(charter, seen)
    for closed in seen.closed.values():
        said = f"`{closed.use_case}.{closed.point}` acts on `{closed.segment}` no more since {iso(closed.at)}: {CLOSED[closed.why]}"
        yield Finding("gate", "note", said, "it opens again by itself once new labels support it")
    old = [ts for ts in seen.hanging.values() if now - ts > HOUR]
    if old:
        said = f"{len(old):,} effects were permitted and nobody said how they ended, the first at {iso(min(old))}"
        yield Finding("effects", "broken", said, "look whether they ran; a process may have died between the two")
    if seen.refused:
        said = f"{seen.refused:,} times an effect was about to run that nobody had permitted"
        yield Finding("permits", "broken", said, "airworthy log show --kind permit.refused")
    if seen.gaps:
        yield Finding("gaps", "note", f"{seen.gaps:,} times callers could not reach the gateway and fell back")


def _covered(charter: Charter, seen: Seen) -> Iterator[Finding]:
    for point in charter.decision_points:
        name = f"{charter.use_case}.{point.point}"
        if not seen.decisions[name]:
            yield Finding(
                "coverage", "note", f"no decision was ever asked for at `{name}`", f'gateway.decide("{name}", ...)'
            )


def _rules(charter: Charter, seen: Seen) -> Iterator[Finding]:
    made = sum(seen.decisions[f"{charter.use_case}.{point.point}"] for point in charter.decision_points)
    for rule in charter.rules:
        if made >= ENOUGH and not seen.fired[charter.use_case, rule.rule]:
            said = f"rule `{rule.rule}` of `{charter.use_case}` never fired in {made:,} decisions"
            yield Finding("rules", "note", said, "is it still needed, and does it read what it means to?")


def _sources(charter: Charter, seen: Seen) -> Iterator[Finding]:
    made = any(seen.decisions[f"{charter.use_case}.{point.point}"] for point in charter.decision_points)
    for source in charter.sources:
        if source.contract:
            said = f"source `{source.source}` of `{charter.use_case}` has a contract nobody checks yet, so it defends nothing"
            yield Finding("sources", "note", said, "decisions that need it go to a person")
        elif made and source.required and not seen.read[charter.use_case, source.source]:
            said = f"source `{source.source}` of `{charter.use_case}` was never read with a decision"
            yield Finding("sources", "broken", said, f'pass `sources=[airworthy.Source("{source.source}", as_of=...)]`')
