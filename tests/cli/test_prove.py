"""`airworthy backtest`, `prove`, `plan`, `log` and `doctor` on a tiny world, as they appear at the terminal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cli.typed import typed
from service.worlds import CHARTER, PILOT, rows, world

GOLDEN = Path(__file__).parent / "prove.txt"
MUST = """must_be_true:
  - {sentence: what the pilot saw is what the work looks like, owner: owner, claim: production-like-pilot}
  - {sentence: claims keep their kinds for a quarter, owner: owner}
"""


@pytest.fixture
def ran(capsys, monkeypatch, tmp_path):
    """A folder in which a backtest of a tiny world has run; gives what types the next command."""
    monkeypatch.chdir(tmp_path)
    world(tmp_path, list(rows(1_200)), charter=CHARTER + PILOT + MUST)
    assert typed(capsys, monkeypatch, "backtest", "charter.yaml").exit == 0
    return lambda *words: typed(capsys, monkeypatch, *words)


def settled(text):
    """The answer without what differs from run to run."""
    text = re.sub(r"[0-9a-f]{16} over a log with digest [0-9a-f]{12}", "RUN over a log with digest LOG", text)
    return re.sub(r" +\d+\.\d s$", "  N s", text, flags=re.M)


def test_prove_says_the_verdict_the_blocker_and_who_does_what(ran):
    done = ran("prove", "charter.yaml")
    assert done.exit == 1
    assert settled(done.out) == GOLDEN.read_text(encoding="utf-8")


def test_no_line_is_wider_than_the_terminal(ran):
    for words in (
        ("prove", "charter.yaml", "--all"),
        ("backtest", "charter.yaml"),
        ("plan", "charter.yaml", "--per-week", "840"),
    ):
        done = ran(*words)
        assert [line for line in done.out.splitlines() if len(line) > 80 and "next  " not in line] == []


def test_json_is_the_same_verdict_for_machines(ran):
    found = json.loads(ran("prove", "charter.yaml", "--json").out)
    assert (found["readiness"]["word"], found["readiness"]["stage"]) == ("refuted", "assist")
    assert {one["word"] for one in found["readiness"]["needed"]} <= {"proven", "refuted", "undecided"}


@pytest.mark.parametrize(("stage", "code"), [("pilot", 0), ("shadow", 0), ("assist", 1), ("default", 1)])
def test_the_exit_code_is_the_verdict(ran, stage, code):
    assert ran("prove", "charter.yaml", "--for", stage).exit == code


def test_another_policy_proves_nothing_from_old_evidence_and_says_so(ran, tmp_path):
    (tmp_path / "charter.yaml").write_text((CHARTER + PILOT).replace("budget: 10 %", "budget: 8 %"), encoding="utf-8")
    done = ran("prove", "charter.yaml")
    assert done.exit == 3
    assert "decisions under another policy" in " ".join(done.out.split())


def test_the_page_is_written_where_it_is_wanted(ran, tmp_path):
    assert ran("prove", "charter.yaml", "--html", "proof.html").exit == 1
    assert "Not ready for assist." in (tmp_path / "proof.html").read_text(encoding="utf-8")


def test_a_finished_backtest_adds_nothing_and_says_so(ran):
    done = ran("backtest", "charter.yaml")
    assert done.exit == 0
    assert "0 records" in done.out or "no records" in done.out


def test_outputs_can_be_looked_at_with_try(ran, tmp_path):
    assert ran("backtest", "charter.yaml", "--outputs", "out.csv").exit == 0
    words = ("try", "out.csv", "--output", "output", "--truth", "truth", "--score", "score", "--time", "decided_at")
    assert ran(*words).exit == 0
    assert (tmp_path / "out.html").exists()


def test_the_log_is_sound_can_be_read_and_published_and_verified(ran, tmp_path):
    assert ran("log", "verify").exit == 0
    shown = ran("log", "show", "--kind", "decision.made", "--most", "2")
    assert shown.out.count("decision.made") == 2
    assert '"decision.made"' in ran("log", "show", "--seq", "2").out
    assert ran("log", "export", "--to", "published").exit == 0
    key = re.search(r"^key +(\S+)", ran("log", "export", "--to", "again").out, re.M)[1]
    assert ran("log", "verify", "published", "--key", key).exit == 0


def test_a_damaged_log_is_not_sound(ran, tmp_path):
    file = tmp_path / ".airworthy/log.db"
    held = bytearray(file.read_bytes())
    at = held.find(b'"kind":"outcome.learnt"')
    held[at + 9 : at + 16] = b"outcame"
    file.write_bytes(held)
    assert ran("log", "verify").exit in (1, 2)


def test_a_backtest_says_what_looks_like_a_slip_of_the_export(capsys, monkeypatch, tmp_path):
    made = list(rows(300))
    file = world(tmp_path, [*made, made[0]], charter=CHARTER)
    done = typed(capsys, monkeypatch, "backtest", file, "--data", tmp_path / "data")
    assert done.exit == 0
    assert "L019 warning: 1 row repeats an earlier row in every column" in " ".join(done.out.split())
    (note,) = json.loads(typed(capsys, monkeypatch, "backtest", file, "--data", tmp_path / "data", "--json").out)[
        "notes"
    ]
    assert (note["code"], note["line"]) == ("L019", 302)


def test_the_plan_says_weeks_and_hours(ran):
    done = ran("plan", "charter.yaml", "--per-week", "840", "--json")
    assert json.loads(done.out)["rows"][0]["budget"] == 0.1
    assert "weeks" in ran("plan", "charter.yaml", "--per-week", "840").out


def test_the_plan_counts_the_items_of_the_charters_log_and_what_is_said_wins(ran):
    counted = ran("plan", "charter.yaml")
    assert "1,200 items" in counted.out
    assert "At 240 items a week" in counted.out, "one every 0.7 hours"
    assert json.loads(ran("plan", "charter.yaml", "--json").out)["per_week"] == pytest.approx(240)
    said = ran("plan", "charter.yaml", "--per-week", "840").out
    assert "At 840 items a week" in said
    assert "counted" not in said


@pytest.mark.parametrize("charter", [CHARTER.partition("log:")[0], CHARTER], ids=["no log", "a short log"])
def test_the_plan_asks_for_the_items_a_week_where_it_cannot_count_them(charter, capsys, monkeypatch, tmp_path):
    file = world(tmp_path, list(rows(100)), charter=charter.replace("recorded: true", "object: sorter:Bayes"))
    done = typed(capsys, monkeypatch, "plan", file)
    assert done.exit == 2
    assert "U008" in done.err
    assert "--per-week N" in done.err


def test_the_doctor_finds_a_sound_log(ran):
    done = ran("doctor", "--json")
    findings = {one["what"]: one["state"] for one in json.loads(done.out)["findings"]}
    assert findings["log"] == findings["clock"] == findings["folder"] == "sound"
    assert done.exit == 0


def test_the_doctor_says_when_a_log_is_broken(ran, tmp_path):
    (tmp_path / ".airworthy/log.db").write_bytes(b"gone" * 2_000)
    done = ran("doctor")
    assert done.exit == 1
    assert "Traceback" not in done.out + done.err
