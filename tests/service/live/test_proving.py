"""Claims are judged from live work as from a backtest, and only by a fair sample of it."""

from __future__ import annotations

from airworthy.base.clock import DAY, HOUR, FixedClock
from airworthy.exchange.ask import Outcome
from airworthy.record import codec
from airworthy.service.prove import prove
from service.live.worlds import APP, NOW, ask, charter, granted, in_memory

SAMPLED = (("  outcomes: all\n", ""),)


def test_what_comes_to_light_only_when_it_went_wrong_is_no_sample(tmp_path):
    """Of what was not drawn only errors are heard of; of what was drawn, everything."""
    clock = FixedClock(NOW)
    gateway = in_memory(*SAMPLED, clock=clock)
    granted(gateway)
    drawn = heard = 0
    for start in range(0, 6_000, 200):
        for i, told in enumerate(
            gateway.submit([ask(f"claim/{start + i}", score=0.9 + i / 4_000) for i in range(200)], APP).result()
        ):
            made = codec.record(gateway.log.about(told.id)[0].leaf)
            wrong = (start + i) % 33 == 0
            drawn += made.audit.drawn
            if made.audit.drawn or wrong:
                heard += wrong and not made.audit.drawn
                gateway.outcome(Outcome(decision=told.id, correct=not wrong), APP).result()
        clock.move(3 * HOUR)
    clock.move(2 * DAY)
    gateway.tick()
    assert heard > 50
    found = prove(charter(*SAMPLED), gateway.log, None, folder=tmp_path)
    acted = next(one for one in (*found.found.needed, *found.found.others) if one.claim == "acted-error-within-budget")
    assert acted.word == "proven"
    assert 0 < acted.measured.n < drawn
    assert found.facts.live
