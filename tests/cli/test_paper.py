"""Where a page or a sheet may be written, and what happens to what stood there."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from airworthy.base.errors import BadInput
from airworthy.cli.backtest import inert
from airworthy.cli.paper import check_target, write_whole
from cli.typed import typed
from service.worlds import CHARTER, rows, world


@pytest.fixture
def type_(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *words: typed(capsys, monkeypatch, *words)


def kept(target: Path, **others: Path) -> str:
    """The code `target` is refused with, and it is as it was."""
    with pytest.raises(BadInput) as refused:
        check_target(target, log=others.pop("log", Path("log.csv")), chosen=True, **others)
    return refused.value.diagnostics[0].code


def test_nothing_that_is_no_ordinary_file_is_written_over(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        assert [kept(tmp_path / name) for name in ("fifo", "socket")] == ["U004", "U004"]


def test_nothing_is_written_into_a_folder_that_keeps_a_log(tmp_path):
    (tmp_path / "log.db").write_bytes(b"")
    (tmp_path / "below").mkdir()
    (tmp_path.parent / "link").symlink_to(tmp_path)
    for name in ("log.db", "signing.key", "lock.db", "new.csv", "below/new.csv"):
        assert kept(tmp_path / name) == "U004"
    assert kept(tmp_path.parent / "link" / "new.csv") == "U004"


def test_nothing_is_written_into_the_folder_that_shall_keep_the_log(tmp_path):
    assert kept(tmp_path / "new.csv", data=tmp_path) == "U004"


def test_neither_the_log_nor_the_charter_is_written_over(tmp_path):
    log, charter = tmp_path / "log.csv", tmp_path / "charter.yaml"
    for file in (log, charter):
        file.write_text("mine")
    (tmp_path / "other.csv").hardlink_to(log)
    assert kept(log, log=log) == kept(tmp_path / "other.csv", log=log) == kept(charter, charter=charter) == "U004"


def test_a_sheet_that_fails_half_way_leaves_the_old_one_and_nothing_else(tmp_path):
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("old")

    def half(file):
        file.write("new")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_whole(sheet, half)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("sheet.csv", "old")]


@pytest.mark.parametrize(
    "target", ["charter.yaml", "log.csv", ".airworthy/log.db", "fifo", "absent/out.csv", "/proc/self/x"]
)
def test_a_backtest_writes_its_outputs_over_nothing_of_ours(target, type_, tmp_path):
    world(tmp_path, list(rows(60)), charter=CHARTER)
    (tmp_path / ".airworthy").mkdir(mode=0o700)
    os.mkfifo(tmp_path / "fifo")
    before = [(tmp_path / name).read_bytes() for name in ("charter.yaml", "log.csv")]
    done = type_("backtest", "charter.yaml", "--outputs", target)
    assert (done.exit, done.err[:3]) == (2, "U00"), done.err
    assert [(tmp_path / name).read_bytes() for name in ("charter.yaml", "log.csv")] == before


def test_a_cell_that_a_spreadsheet_would_compute_is_made_text():
    for formula in ("=1+1", "+SUM(A1)", "-cmd|x", "@now", "\t=1", "\r=1", "-", "-1-1", "+-1"):
        assert inert(formula) == f"'{formula}"
    for cell in ("", "plain", "-1", "+2.5", "-.5e-3", "1=1"):
        assert inert(cell) == cell


def test_a_formula_in_the_log_does_not_reach_the_sheet(type_, tmp_path):
    made = [one | {"kind": "=HYPERLINK(1)"} for one in rows(60)]
    world(tmp_path, made, charter=CHARTER)
    assert type_("backtest", "charter.yaml", "--outputs", "out.csv").exit == 0
    text = (tmp_path / "out.csv").read_text()
    assert "'=HYPERLINK(1)" in text
    assert ",=" not in text
    shutil.rmtree(tmp_path / ".airworthy")
