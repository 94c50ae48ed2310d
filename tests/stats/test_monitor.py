from __future__ import annotations

import numpy as np
import pytest

from airworthy.base.errors import OutOfRange
from airworthy.stats.betting import running
from airworthy.stats.eprocess import above, log_evidence_above
from airworthy.stats.monitor import BoundedMonitor, Monitor


def test_the_monitor_revokes_where_the_closed_form_first_decides():
    wrong = np.random.default_rng(4).random(1_000) < 0.12
    decides = above(np.cumsum(wrong), np.arange(1, 1_001), 0.05) >= np.log(20)
    monitor, revoked_at = Monitor(0.05, 0.05), None
    for row, loss in enumerate(wrong.tolist()):
        monitor.learn(loss)
        if monitor.revoked and revoked_at is None:
            revoked_at = row
    assert decides.any()
    assert revoked_at == int(decides.argmax())
    assert monitor.log_evidence == log_evidence_above(int(wrong.sum()), 1_000, budget=0.05)


def test_three_errors_in_eight_revoke_by_hand():
    # the tables of five per cent at level .05: three errors decide up to eight labels, two never do
    monitor = Monitor(0.05, 0.05)
    for loss in (0, 0, 0, 0, 0, 1, 1):
        monitor.learn(loss)
    assert not monitor.revoked
    monitor.learn(1)
    assert monitor.revoked


def test_a_revoked_monitor_stays_revoked():
    monitor = Monitor(0.05, 0.05)
    for loss in [1, 1, 1] + [0] * 1_000:
        monitor.learn(loss)
    assert monitor.revoked
    assert monitor.log_evidence < 0


def test_a_monitor_refuses_a_loss_between_right_and_wrong_and_counts_nothing():
    monitor = Monitor(0.05, 0.05)
    with pytest.raises(OutOfRange, match="`loss`"):
        monitor.learn(0.5)  # type: ignore[arg-type]
    assert (monitor.labels, monitor.errors) == (0, 0)


def test_the_bounded_monitor_takes_losses_between_right_and_wrong():
    losses = np.random.default_rng(4).random(300) * 0.3
    evidence = running(losses, limit=0.05, side="above")
    monitor = BoundedMonitor(0.05, 0.05)
    for loss in losses.tolist():
        monitor.learn(loss)
    assert monitor.revoked
    assert monitor.labels == 300
    assert monitor.log_evidence == pytest.approx(evidence[-1])
