"""Gates learn in decision order; what is not known counts against whoever it would help."""

from __future__ import annotations

import numpy as np
import pytest

from airworthy.base.clock import DAY, HOUR, Micros
from airworthy.base.quantity import ppm
from airworthy.service.learning import Learning, Promise
from airworthy.stats.gate import Gate, spend

START = 1_790_000_000_000_000


def learning(budget=0.05, risk=0.05, thresholds=(0.5,), horizon=10 * DAY, segments=("all",)):
    return Learning(
        Promise(
            use_case="u", point="p", budget=budget, risk=risk, monitoring_risk=0.05, horizon_us=horizon,
            thresholds=thresholds, coverages=tuple(1.0 for _ in thresholds),
        ),
        segments,
    )  # fmt: skip


def live(gates, losses, known_after, *, score=0.9, acted=False, start=START, step=HOUR, horizon=10 * DAY, prefix="d"):
    """Decides once an hour and learns each loss after `known_after`; returns what opened and closed."""
    ends = start + len(losses) * step + horizon
    happened = []
    moves = [(start + i * step, 1, i) for i in range(len(losses))]
    moves += [(start + i * step + late, 0, i) for i, late in enumerate(known_after) if late is not None]
    for at, decides, i in sorted(moves):
        happened += gates.advance(Micros(at - 1), id_of=f"{prefix}{at}")
        if decides:
            open_now = gates.gates()["all"].threshold is not None
            gates.decided(f"{prefix}{i}", at=Micros(at), segment="all", score=score, acted=acted and open_now)
        else:
            gates.learnt(f"{prefix}{i}", float(losses[i]))
    return [*happened, *gates.advance(Micros(ends), id_of=f"{prefix}end")]


def opened(happened):
    return [one for one in happened if type(one).__name__ == "GateOpened"]


def closed(happened):
    return [one for one in happened if type(one).__name__ == "GateClosed"]


def late_errors(random, n=400, risk=0.08):
    """Errors surface after days, right outcomes within the hour."""
    losses = random.random(n) < risk
    return losses, [int(random.uniform(3, 9) * DAY) if wrong else HOUR // 2 for wrong in losses]


def test_errors_that_surface_late_do_not_open_a_gate_that_arrival_order_would_open():
    random, decision_order, arrival_order = np.random.default_rng(8), 0, 0
    for _ in range(60):
        losses, delays = late_errors(random)
        decision_order += bool(opened(live(learning(), losses, delays)))
        gate = Gate((0.5,), 0.05, 0.05)
        for i in np.argsort([i * HOUR + late for i, late in enumerate(delays)]).tolist():
            gate.learn(0.9, int(losses[i]))
        arrival_order += gate.threshold is not None
    assert decision_order <= 2
    assert arrival_order > 40


@pytest.mark.slow
def test_late_errors_open_a_gate_wrongly_as_seldom_as_promised():
    random = np.random.default_rng(9)
    lives = (live(learning(), *late_errors(random)) for _ in range(1_000))
    assert sum(bool(opened(happened)) for happened in lives) <= 10


def test_good_work_opens_the_gate_and_the_record_says_on_what():
    (found,) = opened(live(learning(), [0] * 200, [HOUR] * 200))
    assert (found.errors, found.threshold, found.budget, found.epoch) == (0, ppm(0.5), ppm(0.05), 1)
    assert found.risk == ppm(spend(0.05, 1))


def test_a_label_that_is_still_missing_counts_as_an_error_for_opening():
    assert not opened(live(learning(), [0] * 400, [HOUR if i % 10 else None for i in range(400)]))
    assert opened(live(learning(), [0] * 400, [HOUR] * 400))


def test_a_label_that_comes_after_the_horizon_changes_nothing():
    assert not opened(live(learning(), [0] * 400, [11 * DAY] * 400))


def test_a_label_that_comes_exactly_at_the_horizon_counts():
    assert opened(live(learning(), [0] * 400, [10 * DAY] * 400))


def test_a_missing_label_counts_as_correct_for_revoking():
    gates = learning()
    live(gates, [0] * 200, [HOUR] * 200)
    after = START + 300 * HOUR + 10 * DAY
    assert not closed(live(gates, [0] * 400, [None] * 400, acted=True, start=after, prefix="e"))


def test_the_monitor_closes_and_a_new_epoch_starts_with_less_risk():
    gates = learning()
    live(gates, [0] * 200, [HOUR] * 200)
    after = START + 300 * HOUR + 10 * DAY
    happened = live(gates, [i % 4 == 0 for i in range(400)], [HOUR] * 400, acted=True, start=after, prefix="e")
    (found,) = closed(happened)
    assert (found.epoch, found.why) == (1, "monitor")
    assert found.errors / found.labels > 0.05
    assert (gates.gates()["all"].epoch, gates.gates()["all"].threshold) == (2, None)
    again = live(gates, [0] * 2_000, [HOUR] * 2_000, start=after + 1_000 * HOUR, prefix="f")
    assert opened(again)[0].risk == ppm(spend(0.05, 2))


def test_what_was_acted_on_before_a_revocation_does_not_revoke_the_next_epoch_too():
    gates = learning()
    live(gates, [0] * 200, [HOUR] * 200)
    after = START + 300 * HOUR + 10 * DAY
    happened = live(gates, [1] * 240, [HOUR] * 240, acted=True, start=after, prefix="e")
    assert [one.epoch for one in closed(happened)] == [1]


def test_decisions_of_no_segment_or_without_a_score_teach_nobody():
    gates = learning()
    gates.decided("a", at=Micros(START), segment="", score=0.9, acted=False)
    gates.decided("b", at=Micros(START), segment="all", score=None, acted=False)
    gates.learnt("a", 1.0)
    assert gates.advance(Micros(START + 20 * DAY), id_of="x") == []
    assert gates.gates()["all"].labels == 0


def test_segments_share_the_risk_and_open_apart():
    gates = learning(segments=("mail", "app"))
    for i in range(400):
        for name, loss in (("mail", 0.0), ("app", float(i % 3 == 0))):
            gates.decided(f"{name}{i}", at=Micros(START + i), segment=name, score=0.9, acted=False)
            gates.learnt(f"{name}{i}", loss)
    happened = gates.advance(Micros(START + 20 * DAY), id_of="x")
    assert [one.segment for one in happened] == ["mail"]
    assert happened[0].risk == ppm(spend(0.025, 1))
