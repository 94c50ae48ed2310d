"""Projections rebuilt from the log."""

from __future__ import annotations

from pathlib import Path

import apsw
import msgspec
import pytest

from airworthy.base.errors import StoreDamaged, StoreLocked
from airworthy.record.store import Draft
from airworthy.storage.fsck import fsck
from airworthy.storage.rebuild import rebuild
from airworthy.storage.sqlite import open_reader, open_store
from contract.samples import decision, mixed

MISFILE = "UPDATE entry SET kind = 'gate.opened', about = 'nobody' WHERE seq IN (3, 70, 299)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store = open_store(tmp_path / "log")
    store.append(mixed(300))
    store.close()
    return tmp_path / "log"


def damage(folder: Path, *statements: str) -> None:
    connection = apsw.Connection(str(folder / "log.db"))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_whatever_was_filed_wrongly_is_filed_by_what_its_entry_says(folder: Path) -> None:
    damage(folder, MISFILE, "UPDATE run SET ordinal = 9", "INSERT INTO run VALUES ('never', 1)")
    assert rebuild(folder) == 3
    reader = open_reader(folder)
    assert fsck(reader) == ()
    assert reader.kept_runs() == {"r1": 298}
    assert [entry.seq for entry in reader.about(decision(2).id)] == [2, 3]
    reader.close()


def test_projections_that_were_lost_altogether_come_back(folder: Path) -> None:
    damage(folder, "UPDATE entry SET kind = '', about = ''", "DELETE FROM run")
    assert rebuild(folder) == 300
    reader = open_reader(folder)
    assert fsck(reader) == ()
    reader.close()


def test_a_log_that_is_filed_rightly_stays_as_it_is(folder: Path) -> None:
    assert rebuild(folder) == rebuild(folder) == 0
    store = open_store(folder)
    assert store.append(mixed(1))[0].seq == 300
    assert fsck(store) == ()
    store.close()


def test_an_entry_that_is_no_record_stops_it_before_anything_changed(folder: Path) -> None:
    damage(folder, MISFILE, "UPDATE entry SET leaf = x'00' WHERE seq = 200")
    with pytest.raises(StoreDamaged, match="entry 200"):
        rebuild(folder)
    reader = open_reader(folder)
    assert [entry.kind for entry in reader.projected() if entry.seq in (3, 70, 299)] == ["gate.opened"] * 3
    reader.close()


def test_nothing_is_rebuilt_while_someone_writes(folder: Path) -> None:
    store = open_store(folder)
    with pytest.raises(StoreLocked):
        rebuild(folder)
    store.close()
    assert rebuild(folder) == 0


def test_what_live_decisions_are_found_by_comes_back(folder: Path) -> None:
    store = open_store(folder)
    live = msgspec.structs.replace(decision(700), run=None)
    store.append([Draft(record=live, subject="INC-7")])
    store.close()
    damage(folder, "DELETE FROM decided")
    reader = open_reader(folder)
    assert [str(found.sentence) for found in fsck(reader)] == ["it is not found by what was asked"]
    reader.close()
    rebuild(folder)
    reader = open_reader(folder)
    assert fsck(reader) == ()
    assert reader.decided("triage.route", "INC-7", 1).seq == 300
    reader.close()
