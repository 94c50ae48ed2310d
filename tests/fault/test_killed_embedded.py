"""An embedded gateway killed at every step of deciding and acting: what may be seen afterwards, and what may not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

import airworthy
from airworthy.base.errors import NotAllowed
from airworthy.record import codec
from airworthy.record.decision import DecisionMade
from airworthy.record.envelope import Record
from airworthy.record.permit import EffectFinished, PermitRedeemed
from airworthy.storage.fsck import fsck
from airworthy.storage.sqlite import open_reader
from fault.chaos.embedded import Step, decided
from fault.chaos.notes import Ran
from fault.chaos.notes import read as notes_in
from fault.chaos.world import EARLY, ENVIRONMENT, HORIZON_US, TESTS, certified
from service.live.auditor import Auditor

MAYBE = frozenset({0, 1})
NO, YES = frozenset({0}), frozenset({1})

# step                  decided, redeemed, ran, ended
SEEN: dict[Step, tuple[frozenset[int], ...]] = {
    "before asking": (NO, NO, NO, NO),
    "asked": (MAYBE, NO, NO, NO),
    "decided": (YES, NO, NO, NO),
    "told": (YES, NO, NO, NO),
    "before redeeming": (YES, NO, NO, NO),
    "redeeming": (YES, MAYBE, NO, NO),
    "redeemed": (YES, YES, NO, NO),
    "in the effect": (YES, YES, NO, NO),
    "effect done": (YES, YES, YES, NO),
    "before ending": (YES, YES, YES, NO),
    "ending": (YES, YES, YES, MAYBE),
    "ended": (YES, YES, YES, YES),
}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for every step, as a process left it that was killed there; beside them their charter."""
    folder = tmp_path_factory.mktemp("killed")
    charter = certified(folder / "certified")
    for step in SEEN:
        shutil.copytree(folder / "certified", folder / step)
    script = str(TESTS / "fault" / "chaos" / "embedded.py")
    subprocess.run([sys.executable, script, str(folder), str(charter), *SEEN], check=True, env=ENVIRONMENT)
    return folder


def test_the_table_names_every_step() -> None:
    assert set(get_args(Step)) == SEEN.keys()


@pytest.mark.parametrize("step", SEEN)
def test_a_process_killed_at_any_step_leaves_what_it_had_reached_and_no_more(killed: Path, step: Step) -> None:
    for found, allowed in zip(seen(killed / step), SEEN[step], strict=True):
        assert found in allowed


@pytest.mark.parametrize("step", SEEN)
def test_what_was_killed_goes_on_and_its_effect_runs_once_or_never(killed: Path, tmp_path: Path, step: Step) -> None:
    folder = shutil.copytree(killed / step, tmp_path / "data")
    made, redeemed, ran, _ = seen(folder)
    again: list[Any] = []
    with airworthy.connect(folder, charters=killed / "claims.yaml", budget_ms=30_000) as gateway:
        pay = gateway.effect("claims.pay", undo=again.append)(lambda value, *, permit: again.append(value))
        decision = decided(gateway)
        assert (decision.route, decision.again) == ("act", bool(made))
        if redeemed:
            with pytest.raises(NotAllowed, match="used before"):
                pay(decision.value, permit=decision.permit)
        else:
            pay(decision.value, permit=decision.permit)
        with pytest.raises(NotAllowed, match="used before"):
            pay(decision.value, permit=decision.permit)
    assert again == [] if redeemed else [{"action": "pay", "amount": 100.0}]
    assert ran + len(again) <= 1
    check(folder)


def seen(folder: Path) -> tuple[int, int, int, int]:
    """Decisions since the gate opened, redemptions, lines of the effect, ends of effects."""
    reader = open_reader(folder)
    records = [codec.record(stored.leaf) for stored in reader.scan()]
    reader.close()
    ran = [one for one in notes_in(folder) if isinstance(one, Ran)]
    return (
        count(records, DecisionMade) - EARLY, count(records, PermitRedeemed), len(ran), count(records, EffectFinished),
    )  # fmt: skip


def count(records: list[Any], kind: type[Record]) -> int:
    return sum(isinstance(one, kind) for one in records)


def check(folder: Path) -> None:
    """The log is whole, and an auditor finds nothing in it."""
    reader = open_reader(folder)
    assert fsck(reader) == ()
    assert Auditor(HORIZON_US).read(stored.leaf for stored in reader.scan()) == []
    reader.close()
