"""A use case at work, for the benches: the claims of `examples/claims-service`, certified, so that clear ones are paid.

python bench/claims.py        says what one decision of it writes
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from airworthy.base.clock import DAY, FixedClock, Micros, SystemClock, moment
from airworthy.charter.load import load
from airworthy.exchange.ask import Ask, GrantAsked, Outcome, Source
from airworthy.exchange.channel import Caller
from airworthy.record import codec
from airworthy.service.gateway import Gateway
from airworthy.service.open import open_gateway
from airworthy.storage.reader import SqliteReader
from airworthy.storage.sqlite import open_reader

CHARTER = Path(__file__).resolve().parents[1] / "examples" / "claims-service" / "charter.yaml"
PATIENT = (("known_after: 1s", "known_after: {0}"), ("horizon: 2s", "horizon: {0}"))  # the example is in a hurry
APP = Caller("claims-service", frozenset({"application"}))
DIRECTOR = Caller("Amara Okafor", frozenset({"owner"}), True)
EARLY = 600


def charter_in(folder: Path, horizon: str = "1d") -> Path:
    """The example's charter, with labels that may come as late as `horizon`."""
    text = CHARTER.read_text(encoding="utf-8")
    for hurried, patient in PATIENT:
        assert hurried in text, hurried
        text = text.replace(hurried, patient.format(horizon))
    path = folder / "claims.yaml"
    path.write_text(text, encoding="utf-8")
    load(path)
    return path


def certified(folder: Path, charter: Path) -> None:
    """Makes a log in `folder` that was worked on some days ago: granted, its gate open."""
    clock = FixedClock(Micros(SystemClock().now() - 5 * DAY))
    with open_gateway(folder, [charter], clock=clock, watch=False) as gateway:
        until = moment(SystemClock().now()) + timedelta(days=80)
        gateway.grant(GrantAsked(use_case="claims", stage="default", until=until), DIRECTOR).result()
        for start in range(0, EARLY, 100):
            asks = [ask(f"early/{i}", clock.now(), score=0.5 + i % 50 / 100) for i in range(start, start + 100)]
            for told in gateway.submit(asks, APP).result():
                gateway.outcome(Outcome(decision=told.id, correct=True), APP)
        clock.move(3 * DAY)
        gateway.tick()


def ask(subject: str, now: Micros, *, score: float = 0.95) -> Ask:
    """One claim, read by an AI; acted on once the gate is open."""
    source = Source(source="policies", key="P-20417", as_of=moment(now - 60_000_000), version="12")
    return Ask(
        point="claims.triage", subject=subject, score=score,
        output={"claim": "of the subject", "action": "pay", "amount": 310.0},
        item={"amount": 310.0, "kind": "car", "documents": 3}, sources=(source,), context=f"claims:{subject}",
    )  # fmt: skip


def opened(folder: Path, charter: Path) -> Gateway:
    """The gateway of that log, by the machine's clock."""
    return open_gateway(folder, [charter])


def written(reader: SqliteReader, decision: str) -> list[bytes]:
    """Everything the log holds about one decision: leaves, and the sealed content beside each."""
    found = []
    for stored in reader.about(decision):
        sealed = [reader.payload(stored.seq, i) or b"" for i in range(len(codec.record(stored.leaf).payloads))]
        found += [stored.leaf, *sealed]
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        charter, data = charter_in(Path(scratch)), Path(scratch) / "data"
        certified(data, charter)
        with opened(data, charter) as gateway:
            (told,) = gateway.submit([ask("claim/1", SystemClock().now())], APP).result()
        reader = open_reader(data)
        print(f"one decision, route {told.route}: {[len(one) for one in written(reader, told.id)]} bytes")
        reader.close()


if __name__ == "__main__":
    main()
