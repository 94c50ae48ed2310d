"""100,000 decisions of one use case: gates open by segment, work drifts, the monitor revokes, a new epoch begins."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from scipy.stats import binomtest

from airworthy.base.clock import DAY, HOUR, SECOND, FixedClock
from airworthy.exchange.ask import Outcome
from airworthy.record import codec
from airworthy.record.decision import DecisionMade, GateClosed, GateOpened
from airworthy.record.epoch import EpochStarted
from airworthy.service.open import open_in_memory
from service.live.auditor import Auditor
from service.live.worlds import APP, CLEO, NOW, Fixed, ask, charter, granted

SEGMENTED = (
    ("    effect: pay\n", "    effect: pay\n"),
    ("  outcomes: all\n", "  segments: {by: kind, values: [car, home]}\n"),
    ("audit_rate: 20 %", "audit_rate: 25 %"),
    ("coverages: [50 %, 100 %]", "coverages: [30 %, 60 %, 100 %]"),
)


def live(decisions: int, drift_at: int, seed: int = 1):
    """A year of claims: home claims are read well, car claims too until `drift_at`; from there a third of them wrong.

    Only what is drawn is judged, an hour to 20 hours after the decision.
    """
    rng, clock = random.Random(seed), FixedClock(NOW)
    gateway = open_in_memory([charter(*SEGMENTED)], clock=clock, random=Fixed(seed))
    granted(gateway, days=3_000)
    due: list[tuple[int, str, bool]] = []
    done = 0
    while done < decisions:
        asks, wrong = [], []
        for i in range(done, done + 100):
            kind = rng.choice(["car", "home"])
            score = rng.random()
            drifted = kind == "car" and i >= drift_at
            wrong.append(rng.random() < (0.33 if drifted else 0.12 * (1 - score)))
            asks.append(ask(f"claim/{i}", score=score, item={"amount": 100.0, "kind": kind}))
        for told, bad in zip(gateway.submit(asks, APP).result(), wrong, strict=True):
            due.append((clock.now() + rng.randint(1, 20) * HOUR, told.id, bad))
        done += 100
        clock.move(4 * HOUR)
        ready = [one for one in due if one[0] <= clock.now()]
        due = [one for one in due if one[0] > clock.now()]
        for _, name, bad in ready:
            made = codec.record(gateway.log.about(name)[0].leaf)
            if made.audit is not None and made.audit.drawn:
                gateway.outcome(Outcome(decision=name, correct=not bad), APP).result()
    clock.move(3 * DAY + SECOND)
    gateway.tick()
    return gateway


@pytest.mark.parametrize(
    "decisions",
    [
        pytest.param(12_000, id="short"),
        pytest.param(100_000, id="whole", marks=[pytest.mark.slow, pytest.mark.timeout(1_200)]),
    ],
)
def test_a_life_cycle_with_drift(decisions: int):
    gateway = live(decisions, drift_at=decisions // 2)
    leaves = [stored.leaf for stored in gateway.log.scan()]
    records = [codec.record(leaf) for leaf in leaves]

    auditor = Auditor(DAY)
    assert auditor.read(leaves) == []
    assert auditor.acted > decisions // 10

    opened = [one for one in records if isinstance(one, GateOpened)]
    closed = [one for one in records if isinstance(one, GateClosed)]
    assert {one.segment for one in opened if one.epoch == 1} == {"car", "home"}
    assert ("car", 1, "monitor") in {(one.segment, one.epoch, one.why) for one in closed}
    assert not [one for one in closed if one.segment == "home"]
    again = [one for one in records if isinstance(one, EpochStarted) and one.segment == "car" and one.epoch == 2]
    assert [one.why for one in again] == ["monitor"]

    made = [one for one in records if isinstance(one, DecisionMade)]
    acted = [one for one in made if one.told == "act"]
    drawn = sum(one.audit.drawn for one in acted)
    assert all(one.audit.chance == 250_000 for one in acted)
    assert binomtest(drawn, len(acted), 0.25).pvalue > 1e-4
    drifted = [one for one in made if one.segment == "car"][-decisions // 20 :]
    assert Counter(one.told for one in drifted)["act"] < len(drifted) // 20
    assert gateway.overview().use_cases[0].stage == "default"
    gateway.close()
    assert CLEO.is_person
