"""How much one more label costs: our gate and monitor, beside MAPIE's classes and beside an empty method call.

    python bench/gate_update.py

CPU time of this process, best of several repeats; ratios are what to compare, the microseconds are of one machine.
MAPIE's RiskMonitoring answers the monitor's question and recomputes its bound over the whole history at each update.
Its BinaryClassificationController answers the gate's question for one look at a fixed sample, by a new calibration.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np

from airworthy.stats.gate import Gate, certify_log, coverage_grid
from airworthy.stats.monitor import Monitor

POINTS, THRESHOLDS, BUDGET, RISK = 10_000, 20, 0.05, 0.10
PROMISED_US, PROMISED_RATIO = 5.0, 1_000.0


class Empty:
    """The physical limit of anything called from Python once a label."""

    def learn(self, score: float, loss: int) -> None:
        """Nothing."""


def main() -> None:
    random = np.random.default_rng(1)
    scores = random.random(3 * POINTS)
    losses = (random.random(3 * POINTS) < 0.2 * (1 - scores)).astype(int)
    chain = coverage_grid(scores[:1_000], [(j + 1) / THRESHOLDS for j in range(THRESHOLDS)])
    rows = list(zip(scores.tolist(), losses.tolist(), strict=True))

    gate = per_row(lambda: Gate(chain, BUDGET, RISK).learn, rows)
    monitor = per_row(lambda: only_loss(Monitor(0.15, RISK)), rows)
    empty = per_row(lambda: Empty().learn, rows)
    comparison = best(lambda: scores[:THRESHOLDS] >= 0.5, times=2_000)
    rebuilt = best(lambda: certify_log(scores[:POINTS], losses[:POINTS], chain, budget=BUDGET, risk=RISK))
    peer = mapie_monitor(scores[:POINTS], losses[:POINTS])
    controller = mapie_controller(scores[:POINTS], losses[:POINTS], chain)

    print(f"one more label, {THRESHOLDS} thresholds, {POINTS:,} labels known; microseconds CPU")
    show("an empty Python method call", empty, gate)
    show(f"numpy compares {THRESHOLDS} numbers", comparison, gate)
    show("Gate.learn, mean over 30,000 labels and its openings", gate, gate)
    show("Monitor.learn (through one more call)", monitor, gate)
    show(f"certify_log, rebuilding all {POINTS:,}", rebuilt, gate)
    show("MAPIE BinaryClassificationController.calibrate", controller, gate)
    show("MAPIE RiskMonitoring.update", peer, gate)
    verdict(f"a gate update takes at most {PROMISED_US:g} us", gate <= PROMISED_US)
    verdict(f"a gate update is {PROMISED_RATIO:,.0f} times as fast as MAPIE's monitor", peer / gate >= PROMISED_RATIO)
    verdict(f"a monitor update is {PROMISED_RATIO:,.0f} times as fast", peer / monitor >= PROMISED_RATIO)


def per_row(make: Callable[[], Callable[[float, int], None]], rows: list[tuple[float, int]]) -> float:
    """Microseconds a call, starting afresh each time."""

    def run() -> None:
        learn = make()
        for score, loss in rows:
            learn(score, loss)

    return best(run, times=1) / len(rows)


def only_loss(monitor: Monitor) -> Callable[[float, int], None]:
    return lambda _, loss: monitor.learn(loss)


def mapie_monitor(scores: np.ndarray, losses: np.ndarray) -> float:
    """One update of RiskMonitoring by one row after `scores` rows."""
    from mapie.exchangeability_testing import RiskMonitoring

    monitor = RiskMonitoring(risk="accuracy", threshold=0.9, warn=False)
    monitor.update(np.ones(len(losses), dtype=int), 1 - losses)
    return best(lambda: monitor.update(np.array([1]), np.array([1])), times=1, repeats=3)


def mapie_controller(scores: np.ndarray, losses: np.ndarray, chain: tuple[float, ...]) -> float:
    """A calibration of the same chain on the same rows: precision at least 1 - budget."""
    from mapie.risk_control import BinaryClassificationController

    def predict(column: np.ndarray) -> np.ndarray:
        return np.column_stack((1 - column[:, 0], column[:, 0]))

    def calibrate() -> None:
        controller = BinaryClassificationController(
            predict, "precision", 1 - BUDGET, confidence_level=1 - RISK, list_predict_params=np.array(chain)
        )
        controller.calibrate(scores[:, None], 1 - losses)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return best(calibrate, times=1, repeats=3)


def best(run: Callable[[], object], *, times: int = 5, repeats: int = 5) -> float:
    """Microseconds CPU a call, the fastest of `repeats`."""
    found = []
    for _ in range(repeats):
        start = time.process_time()
        for _ in range(times):
            run()
        found.append((time.process_time() - start) / times * 1e6)
    return min(found)


def show(what: str, microseconds: float, gate: float) -> None:
    print(f"  {what:<54} {microseconds:>14,.2f}   {microseconds / gate:>12,.2f} x the gate")


def verdict(promise: str, holds: bool) -> None:
    print(f"{'holds     ' if holds else 'FALLS SHORT'} {promise}")


if __name__ == "__main__":
    main()
