"""`airworthy try` at the terminal: what it prints, writes and refuses."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from airworthy.base.errors import BadInput
from airworthy.cli.console import WIDTH
from airworthy.cli.main import app
from airworthy.cli.paper import write_page
from data.golden import FOLDER

ROOT = Path(__file__).parents[2]
COLUMNS = ["--output", "predicted", "--truth", "actual", "--score", "confidence", "--time", "decided_at"]


def write_log(path, n=3_000, team="red"):
    rng = np.random.default_rng(40)
    score = rng.beta(6, 1, n)
    wrong = rng.random(n) > score
    rows = [
        f"{'a' if bad else 'b'},b,{s:.4f},2026-01-{1 + i * 28 // n:02d}T08:00:00Z,{team if i % 3 else 'blue'},{i}"
        for i, (bad, s) in enumerate(zip(wrong, score, strict=True))
    ]
    path.write_text("predicted,actual,confidence,decided_at,team,ticket\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def log(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_log(tmp_path / "outcomes.csv")


def run(*args):
    app(["try", *map(str, args)], standalone_mode=False)


def in_a_shell(*args, **environment):
    command = [sys.executable, "-m", "airworthy.cli.main", "try", *map(str, args)]
    return subprocess.run(command, capture_output=True, env=os.environ | environment, check=False)


def test_the_first_minute_prints_a_look_and_writes_its_page(log, capsys):
    run(log, *COLUMNS)
    said = capsys.readouterr().out
    page = log.with_suffix(".html").read_text(encoding="utf-8")
    assert "can be acted on without a person" in said
    assert page.rstrip().endswith("</html>")
    assert stat.S_IMODE(log.with_suffix(".html").stat().st_mode) == 0o644


@pytest.mark.parametrize("more", [[], ["--segment", "team"], ["--simulated", "everything, " * 12]])
def test_no_line_but_a_command_or_a_path_is_wider_than_the_terminal(log, capsys, more):
    write_log(log, team="a team whose name goes on and on and on until nobody knows what it was called at first")
    run(log, *COLUMNS, *more)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if len(line) > WIDTH and not line.startswith(("page ", "next "))] == []


def test_the_columns_of_the_table_are_aligned(log, capsys):
    run(log, *COLUMNS)
    lines = capsys.readouterr().out.splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("budget"))
    rows = [line for line in lines[head + 1 : head + 6] if "nothing yet" not in line]
    assert rows
    for name in ("acted on", "items", "wrong"):
        end = lines[head].index(name) + len(name)
        assert all(row[end - 1] != " " and row[end] == " " for row in rows), name


def test_a_log_that_says_terminal_codes_cannot_send_them(log, capsys):
    write_log(log, team="\x1b[2J\x1b]0;mine\x07\u202ered")
    run(log, *COLUMNS, "--simulated", "\x1b[31mred")
    assert not re.search("[\x1b\x07\u202e]", capsys.readouterr().out)


def test_a_terminal_without_unicode_gets_plain_signs(log):
    done = in_a_shell(log, *COLUMNS, PYTHONIOENCODING="ascii", NO_COLOR="1")
    assert done.returncode == 0
    said = done.stdout.decode("ascii")
    assert re.search(r"\[-*\*-*\]\|", said)
    assert "?" not in said


def test_colour_is_left_out_where_asked(log):
    done = in_a_shell(log, *COLUMNS, NO_COLOR="1", FORCE_COLOR="1", TERM="xterm-256color")
    assert b"\x1b[3" not in done.stdout  # bold may stay: it is no colour


def test_without_columns_it_shows_them_and_suggests_a_command(log, capsys):
    with pytest.raises(BadInput) as caught:
        run(log)
    said = capsys.readouterr().out
    assert all(name in said for name in ("predicted", "actual", "confidence", "decided_at", "team", "ticket"))
    help = caught.value.diagnostics[0].help
    assert help.endswith("--output predicted --truth actual --score confidence --time decided_at")


def test_json_holds_every_number_of_the_page(log, capsysbinary):
    run(log, *COLUMNS, "--json", "--simulated", "all of it")
    said = msgspec.json.decode(capsysbinary.readouterr().out)
    assert set(said) == {"page", "log", "headline", "simulated", "trial"}
    assert said["simulated"] == "all of it"
    assert len(said["trial"]["look"]["rows"]) == 5
    assert said["trial"]["look"]["n"] == said["trial"]["rows"] == 3_000


def test_every_key_of_the_json_is_explained(log, capsysbinary):
    run(log, *COLUMNS, "--json", "--segment", "team")
    trial = msgspec.json.decode(capsysbinary.readouterr().out)["trial"]
    explained = (ROOT / "docs/explanation/first-look.md").read_text(encoding="utf-8").partition("## `--json`")[2]
    keys = {*trial, *trial["look"], *trial["look"]["rows"][0], *trial["look"]["search"], *trial["look"]["overall"]}
    assert [key for key in keys - {"look"} if not re.search(rf"[`.]{key}`", explained)] == []


def test_every_code_of_the_command_line_is_explained():
    sources = (ROOT / "src/airworthy").rglob("*.py")
    used = set(re.findall(r'"([UX]\d{3})"', "".join(file.read_text(encoding="utf-8") for file in sources)))
    pages = "".join((ROOT / f"docs/reference/errors/{letter}.md").read_text(encoding="utf-8") for letter in "UX")
    assert used == set(re.findall(r"^### ([UX]\d{3})$", pages, re.MULTILINE))


def test_what_is_simulated_is_said_on_screen_and_page(log, capsys):
    run(log, *COLUMNS, "--simulated", "all <b>people</b>")
    assert "simulated  all <b>people</b>" in capsys.readouterr().out
    assert "simulated: all &lt;b&gt;people&lt;/b&gt;" in log.with_suffix(".html").read_text(encoding="utf-8")


def test_a_refused_log_ends_with_two_and_no_traceback():
    done = in_a_shell(FOLDER / "score-in-words.csv", "--output", "said", "--truth", "truth", "--score", "score")
    assert done.returncode == 2
    assert b"L010" in done.stderr
    assert b"Traceback" not in done.stderr


def test_tags_in_a_log_are_only_words_on_the_page(tmp_path):
    page = tmp_path / "page.html"
    log = write_log(tmp_path / "tags.csv", team="<script>alert(1)</script>")
    run(log, *COLUMNS, "--segment", "team", "--page", page)
    html = page.read_text(encoding="utf-8")
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


@pytest.mark.parametrize("place", ["absent/page.html", "folder"])
def test_a_page_that_cannot_be_written_is_refused_before_any_work(log, tmp_path, place):
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadInput) as caught:
        run(log, *COLUMNS, "--page", tmp_path / place)
    assert caught.value.diagnostics[0].code == "U003"


def test_the_log_is_never_written_over(log):
    before = log.read_bytes()
    with pytest.raises(BadInput, match="over the log"):
        run(log, *COLUMNS, "--page", log)
    assert log.read_bytes() == before


def test_a_stranger_s_page_is_not_written_over_unless_it_was_named(log):
    page = log.with_suffix(".html")
    page.write_text("my own notes", encoding="utf-8")
    with pytest.raises(BadInput, match="not a page of ours"):
        run(log, *COLUMNS)
    assert page.read_text(encoding="utf-8") == "my own notes"
    run(log, *COLUMNS, "--page", page)
    run(log, *COLUMNS)  # now it is ours


def test_a_page_that_fails_half_way_leaves_the_old_one_and_nothing_else(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("old", encoding="utf-8")
    with pytest.raises(TypeError):
        write_page(page, b"not text")
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]
    assert page.read_text(encoding="utf-8") == "old"


def test_what_looks_like_a_slip_of_the_export_is_said_with_its_place(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    log = write_log(tmp_path / "outcomes.csv")
    rows = log.read_text(encoding="utf-8").splitlines()
    rows += [rows[1], rows[2], rows[3].replace("2026-01-01", "2999-01-01")]
    log.write_text("\n".join(rows) + "\n", encoding="utf-8")
    run(log, *COLUMNS)
    said = " ".join(capsys.readouterr().out.split())
    assert "L019 warning: 2 rows repeat an earlier row in every column" in said
    assert "L020 warning: `2999-01-01T08:00:00Z` in column `decided_at` lies after now" in said
    assert "outcomes.csv:3002" in said
    assert "left out 1 dated after now" in said
    page = log.with_suffix(".html").read_text(encoding="utf-8")
    assert "2 rows repeat an earlier row in every column" in page


def test_the_command_that_follows_keeps_segment_and_tolerance(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = [f"{i % 7}.5,{i % 7}.{i % 10},{'a team' if i % 3 else 'b'}" for i in range(60)]
    (tmp_path / "amounts.csv").write_text("said,truth,team\n" + "\n".join(rows) + "\n", encoding="utf-8")
    run("amounts.csv", "--output", "said", "--truth", "truth", "--tolerance", "0.25", "--segment", "team")
    follow = "init --from amounts.csv --output said --truth truth --segment team --tolerance 0.25"
    assert follow in capsys.readouterr().out
    page = (tmp_path / "amounts.html").read_text(encoding="utf-8")
    assert follow in page
    assert "by: team" in page
