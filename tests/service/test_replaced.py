"""A verdict rests on a sound log and on one named run; what it replaced is said."""

from __future__ import annotations

import apsw
import pytest

from airworthy.base.clock import FixedClock, Micros
from airworthy.base.errors import StoreDamaged
from airworthy.service.backtest import Backtest
from airworthy.service.prove import prove, render, require_sound
from airworthy.storage.memory import MemoryStore
from airworthy.storage.sqlite import open_reader, open_store
from service.worlds import loaded, rows, world

NOW = Micros(1_790_000_000_000_000)


def lived(folder, store, *, wrong):
    charter = loaded(world(folder, rows(600, wrong_clean=wrong, wrong_bad=wrong)))
    report = Backtest(charter, folder, FixedClock(NOW)).run(store)
    return charter, report


def test_a_better_log_run_later_is_a_new_epoch_and_the_bad_run_stays_named(tmp_path):
    store = MemoryStore()
    _, bad = lived(tmp_path, store, wrong=0.4)
    charter, good = lived(tmp_path, store, wrong=0.01)
    proof = prove(charter, store, None, folder=tmp_path)
    assert (bad.epoch, good.epoch) == (1, 2)
    assert proof.facts.started.run == good.run
    assert [one.run for one in proof.facts.replaced] == [bad.run]
    page = render(charter, proof, at=NOW)
    assert "1 earlier backtest under this policy" in page
    assert good.run in page


def test_another_reading_of_the_log_is_another_experiment_and_counts_for_nothing(tmp_path):
    store = MemoryStore()
    charter, _ = lived(tmp_path, store, wrong=0.01)
    file = tmp_path / "charter.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("truth: {column: truth}", "truth: {column: clerk}"))
    facts = prove(loaded(file), store, None, folder=tmp_path).facts
    assert len(facts.decisions) == 0
    assert facts.started is None
    assert prove(charter, store, None, folder=tmp_path).facts.started is not None


def test_nothing_is_proven_from_a_log_that_was_altered(tmp_path):
    with_log = tmp_path / "log"
    store = open_store(with_log)
    lived(tmp_path, store, wrong=0.4)
    store.close()
    reader = open_reader(with_log)
    require_sound(reader)
    reader.close()
    database = apsw.Connection(str(with_log / "log.db"))
    table, column = _leaves(database)
    database.execute(f"update {table} set {column} = cast(replace({column}, '1000000', '0000000') as blob)")
    database.close()
    reader = open_reader(with_log)
    with pytest.raises(StoreDamaged, match="nothing can be proven"):
        require_sound(reader)
    reader.close()


def _leaves(database):
    """The table and column that hold the entries' bytes."""
    for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
        for row in database.execute(f"pragma table_info({table})").fetchall():
            if row[1] == "leaf":
                return table, "leaf"
    raise AssertionError("no leaves")
