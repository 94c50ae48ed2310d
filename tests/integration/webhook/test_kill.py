"""A sender killed at any moment sends again at most, and loses nothing."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest

from airworthy.integration.webhook.outbox import LEASE_US

ENTRIES, KILLS = 600, 8


@pytest.mark.slow
def test_a_sender_killed_again_and_again_loses_nothing(world, receiver):
    world.add(receiver.url)
    world.record(ENTRIES)
    command = [sys.executable, "-m", "airworthy.cli.main", "webhook", "send", "--data", str(world.folder)]
    chance, killed = random.Random(5), 0
    for _ in range(KILLS):
        before, sender = len(receiver.got), subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while len(receiver.got) == before and sender.poll() is None:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.2))
        killed += sender.poll() is None
        sender.kill()
        sender.wait()
    assert killed > KILLS / 2, "most were killed while they were sending"
    world.reopened()
    world.clock.move(10 * LEASE_US)
    assert world.run() is None
    seen = [got.id for got in receiver.got]
    assert len(set(seen)) == ENTRIES
    assert len(seen) <= ENTRIES + KILLS * 4, "sent again: at most what was under way"
    assert world.outbox.dead() == ()
