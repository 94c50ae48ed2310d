"""check, diff and init as someone types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.base.errors import BadInput
from airworthy.charter.load import examine, loads
from airworthy.charter.parse import parse
from airworthy.cli import output
from airworthy.cli.check import check
from airworthy.cli.console import WIDTH, Console
from airworthy.cli.diff import diff
from airworthy.cli.init import ask, init
from charter.golden import BROKEN, ROOT

TEAM = ROOT / "tests/charter/valid/team.yaml"


def run(function, *arguments, typed=None):
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command()(function)
    return CliRunner().invoke(app, [str(a) for a in arguments], input=typed)


def shown(*found, capsys):
    output.show(Console(), found)
    return capsys.readouterr().out.split("\n")


def at(text, column, length):
    return Diagnostic("D014", "something is wrong", Place("charter.yaml", 7, column, length, text), "mend it")


def test_a_sound_charter_ends_with_0_a_broken_one_with_1_and_wrong_use_with_2():
    assert run(check, TEAM).exit_code == 0
    assert run(check, BROKEN[0]).exit_code == 1
    assert run(check).exit_code == 2


def test_a_sound_charter_says_so_in_one_line():
    assert run(check, TEAM).stdout == "claim-payment is sound. 1 rule, 2 tests, all as expected; no mistakes.\n"


def test_a_solo_charter_says_what_it_is():
    assert "it can grant nothing real" in run(check, ROOT / "tests/charter/valid/solo.yaml").stdout


def test_several_charters_are_checked_at_once(tmp_path):
    done = run(check, TEAM, tmp_path / "none.yaml")
    assert done.exit_code == 1
    assert "claim-payment is sound" in done.stdout
    assert "the charter cannot be opened: no such file" in done.stdout


def test_json_says_the_same_as_the_words():
    done = run(check, "--json", ROOT / "tests/broken/charters/D014-unknown-field.yaml")
    (report,) = json.loads(done.stdout)
    assert report["sound"] is False
    assert [(d["code"], d["line"], d["column"], d["length"]) for d in report["found"]] == [("D014", 73, 11, 11)]


def test_the_schema_is_printed_for_editors():
    printed = json.loads(run(check, "--schema").stdout)
    assert printed == json.loads((ROOT / "docs/reference/charter.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "column", "length", "caret"),
    [
        ("when: item.prio", 7, 9, "      ^^^^^^^^^"),
        ("\twhen: item.prio", 8, 9, "          ^^^^^^^^^"),
        ("a\twhen: item.prio", 9, 9, "          ^^^^^^^^^"),
        ("車: item.prio", 4, 9, "    ^^^^^^^^^"),
        ("x: 車輪", 4, 2, "   ^^^^"),
        ("e\u0301: prio", 5, 4, "   ^^^^"),
    ],
)
def test_a_caret_stands_below_what_is_drawn(text, column, length, caret, capsys):
    lines = shown(at(text, column, length), capsys=capsys)
    assert lines[3] == "       | " + caret


def test_a_long_line_is_cut_around_what_is_meant(capsys):
    lines = shown(at("a" * 300 + " item.prio " + "b" * 300, 302, 9), capsys=capsys)
    start = lines[3].index("^")
    assert lines[2][start : start + 9] == "item.prio"
    assert max(map(len, lines)) <= WIDTH


def test_text_of_a_charter_cannot_move_the_cursor(capsys):
    lines = shown(at("title: \x1b[2J\u202e", 8, 3), capsys=capsys)
    assert not any("\x1b" in line or "\u202e" in line for line in lines)


def test_a_terminal_without_unicode_gets_a_question_mark_and_the_caret_below_it():
    file = ROOT / "tests/broken/charters/D014-after-wide-characters.yaml"
    command = [sys.executable, "-c", "import sys, typer; from airworthy.cli.check import check; typer.run(check)", file]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    lines = done.stdout.split("\n")
    assert lines[3] == """     73 |     when: '"????" == item.knd'"""
    assert lines[4].index("^") == lines[3].index("item.knd")


def test_square_brackets_are_text_and_not_markup(capsys):
    assert shown(at("values: [red]a[/red]", 9, 12), capsys=capsys)[2] == "     7 | values: [red]a[/red]"


def test_a_hundred_mistakes_are_enough_to_start_with(capsys):
    lines = shown(*[at("when: item.prio", 7, 9)] * 1_234, capsys=capsys)
    assert "and 1,134 more; --json has them all" in lines
    assert output.tally([at("x", 1, 1)] * 1_234) == "1,234 mistakes"


def test_diff_says_what_a_change_costs(tmp_path):
    after = tmp_path / "after.yaml"
    after.write_text(TEAM.read_text(encoding="utf-8").replace("budget: 2 %", "budget: 1 %"), encoding="utf-8")
    done = run(diff, TEAM, after)
    assert done.exit_code == 0
    assert "error_budget.budget  new epoch" in done.stdout
    assert "1 change; 1 of them starts a new epoch." in done.stdout
    assert "at the very least 368 labels without an error" in " ".join(done.stdout.split())
    assert "in each of 2 segments" in " ".join(done.stdout.split())
    (change,) = json.loads(run(diff, TEAM, after, "--json").stdout)
    assert (change["name"], change["effect"], change["after"]) == ("error_budget.budget", "epoch", "1 %")


def test_diff_of_a_charter_with_itself_says_nothing_changed():
    assert "Nothing changed." in run(diff, TEAM, TEAM).stdout


def test_diff_needs_two_sound_charters():
    done = run(diff, TEAM, BROKEN[0])
    assert done.exit_code == 1
    assert BROKEN[0].name in done.stdout


def test_init_without_a_terminal_leaves_every_question_open(tmp_path):
    out = tmp_path / "charter.yaml"
    log = tmp_path / "incidents.csv"
    log.write_text("number,group,resolved,sure\n1,a,a,0.9\n2,b,a,0.4\n", encoding="utf-8")
    done = run(init, "--out", out, "--from", log, "--output", "group", "--truth", "resolved", "--score", "sure")
    assert done.exit_code == 0
    assert "questions" in done.stdout
    assert "airworthy check" in done.stdout
    text = out.read_text(encoding="utf-8")
    assert f"path: {log}" in text
    assert "item: number" in text
    assert {d.code for d in examine(out.read_bytes(), "charter.yaml")[1]} == {"D003"}


def test_tolerance_and_segment_reach_the_charter_that_init_drafts(tmp_path):
    out, log = tmp_path / "charter.yaml", tmp_path / "amounts.csv"
    rows = [f"{i},{i % 7}.5,{i % 7}.{i % 10},{'north' if i % 3 else 'south'}\n" for i in range(60)]
    log.write_text("id,said,truth,region\n" + "".join(rows), encoding="utf-8")
    named = ("--from", log, "--output", "said", "--truth", "truth", "--segment", "region", "--tolerance", "0.25")
    assert run(init, "--out", out, *named).exit_code == 0
    drafted = parse(out.read_bytes(), "charter.yaml").root.plain()
    assert drafted["error_budget"]["segments"] == {"by": "region", "values": ["north", "south"]}
    assert "region" in drafted["decision_points"][0]["input"]["properties"]
    assert drafted["decision_points"][0]["output"]["properties"] == {"said": {"type": "number"}}
    assert drafted["log"]["tolerance"] == 0.25
    assert drafted["wrong_means"]["sentence"] == "it is further than 0.25 from what turned out to be true"
    assert {d.code for d in examine(out.read_bytes(), "charter.yaml")[1]} == {"D003"}


def test_a_tolerance_of_zero_is_one(tmp_path):
    out, log = tmp_path / "charter.yaml", tmp_path / "amounts.csv"
    log.write_text("id,said,truth\n1,1,1.0\n2,2,3\n", encoding="utf-8")
    named = ("--from", log, "--output", "said", "--truth", "truth", "--tolerance", "0")
    assert run(init, "--out", out, *named).exit_code == 0
    assert parse(out.read_bytes(), "charter.yaml").root.plain()["log"]["tolerance"] == 0


def test_init_takes_answers_from_a_file(tmp_path):
    out, answers = tmp_path / "charter.yaml", tmp_path / "answers.yaml"
    answers.write_bytes(
        TEAM.read_bytes() + b"\napprovals: {}\nbaseline: {}\nclaims: []\n".replace(b"claims: []\n", b"")
    )
    done = run(init, "--answers", answers, "--out", out)
    assert done.exit_code == 0
    assert "2 questions" in done.stdout
    text = out.read_text(encoding="utf-8")
    for line in ("running_cost: ask", "business_result: ask"):
        text = "\n".join(row for row in text.split("\n") if not row.startswith(line))
    assert loads(text).policy_digest == loads(TEAM.read_bytes()).policy_digest


def test_init_writes_over_nothing_unless_told(tmp_path):
    out = tmp_path / "charter.yaml"
    out.write_text("mine", encoding="utf-8")
    done = run(init, "--out", out)
    assert isinstance(done.exception, BadInput)
    assert done.exception.diagnostics[0].code == "D054"
    assert out.read_text(encoding="utf-8") == "mine"
    assert run(init, "--out", out, "--force").exit_code == 0
    assert out.read_text(encoding="utf-8") != "mine"


def asked(typed, solo):
    given = {}
    done = run(lambda: given.update(ask(Console(), solo)), typed=typed)
    assert done.exit_code == 0
    return given, done.stdout


def test_a_person_is_asked_the_nine_questions_and_may_leave_any_open():
    given, said = asked("Pay clear claims\n\nclaim\n" + "\n" * 60, solo=False)
    assert [f"\n{n}. " in said for n in range(1, 10)] == [True] * 9
    assert given["title"] == "Pay clear claims"
    assert given["use_case"] == "pay-clear-claims"
    assert given["workflow"] == {"name": "Pay clear claims", "unit": "claim"}
    assert set(given) == {"title", "use_case", "workflow"}


def test_one_person_alone_is_not_asked_for_owners():
    assert "Who owns performance?" in asked("\n" * 60, solo=False)[1]
    assert "Who owns performance?" not in asked("\n" * 60, solo=True)[1]
