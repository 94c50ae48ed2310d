"""The edge of the process: whatever happens inside, one message, one exit code, no traceback."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from airworthy.cli import main as command
from cli.typed import typed
from service.worlds import CHARTER, rows, world

LOG = "predicted,actual\n" + "a,a\n" * 50


@pytest.fixture
def type_(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *words: typed(capsys, monkeypatch, *words)


def in_a_shell(folder: Path, *words: str | bytes, **options):
    line = [sys.executable, "-m", "airworthy.cli.main", *words]
    return subprocess.run(line, cwd=folder, check=False, stderr=subprocess.PIPE, **options)


def error(done):
    """The one error a command printed as JSON."""
    (found,) = msgspec.json.decode(done.out)["error"]
    return found


def broken() -> None:
    raise ZeroDivisionError("one by nothing\nsecond line")


@pytest.fixture
def defect():
    """A command that fails as none should."""
    command.app.command("broken")(broken)
    yield
    command.app.registered_commands.pop()


def test_a_defect_has_a_code_and_an_exit_of_its_own(type_, defect):
    done = type_("broken")
    assert (done.exit, done.err[:4]) == (70, "X001")
    assert "ZeroDivisionError: one by nothing" in " ".join(done.err.split())
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("words", "code", "exit"),
    [
        (("try", "none.csv", "--output", "a", "--truth", "b"), "L001", 2),
        (("backtest", "none.yaml"), "D001", 2),
        (("log", "show", "--data"), "U005", 2),
        (("nothing",), "U005", 2),
    ],
)
def test_with_json_an_error_is_json_too(words, code, exit, type_):
    done = type_(*words, "--json")
    assert (done.exit, error(done)["code"], done.err) == (exit, code, "")


def test_a_reader_who_leaves_is_no_verdict(tmp_path):
    world(tmp_path, list(rows(60)), charter=CHARTER)
    for words in (["check", "charter.yaml"], ["check", "--schema"], ["check", "charter.yaml", "--json"]):
        read, write = os.pipe()
        os.close(read)
        done = in_a_shell(tmp_path, *words, stdout=write)
        os.close(write)
        assert (done.returncode, done.stderr) == (141, b""), words


def test_an_answer_that_finds_no_room_is_no_verdict(tmp_path):
    world(tmp_path, list(rows(60)), charter=CHARTER)
    full = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))}
    for words in (["check", "charter.yaml"], ["check", "charter.yaml", "--json"], ["check", "--schema"]):
        with (tmp_path / "answer").open("wb") as file:
            done = in_a_shell(tmp_path, *words, stdout=file, **full)
        assert done.returncode == 74, done.stderr
        assert b"Traceback" not in done.stderr
        assert b"Exception ignored" not in done.stderr


def test_a_closed_standard_output_takes_the_answer_in_silence(tmp_path):
    world(tmp_path, list(rows(60)), charter=CHARTER)
    done = in_a_shell(tmp_path, "check", "charter.yaml", preexec_fn=lambda: os.close(1))
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_a_file_name_that_is_no_text_ends_without_a_traceback(extra, tmp_path):
    world(tmp_path, list(rows(60)), charter=CHARTER)
    (tmp_path / "log.csv").rename(tmp_path / os.fsdecode(b"l\xff.csv"))
    (tmp_path / "charter.yaml").rename(tmp_path / os.fsdecode(b"c\xff.yaml"))
    for words in (
        ["try", b"l\xff.csv", "--output", "team", "--truth", "truth"],
        ["try", b"absent\xff.csv", "--output", "team", "--truth", "truth"],
        ["check", b"c\xff.yaml"],
        ["diff", b"c\xff.yaml", b"c\xff.yaml"],
        ["backtest", b"c\xff.yaml"],
        ["log", "verify", b"d\xff"],
        ["prove", b"c\xff.yaml", "--data", b"d\xff"],
    ):
        done = in_a_shell(tmp_path, *words, *extra, stdout=subprocess.PIPE)
        assert done.returncode in (0, 1, 2), (words, done.stderr)
        assert b"Traceback" not in done.stderr + done.stdout
        assert b"X001" not in done.stderr + done.stdout
        assert extra == [] or msgspec.json.decode(done.stdout) is not None
