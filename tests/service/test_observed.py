"""What was observed gives the table, and so the page, that a CSV of the same calls would have given."""

from __future__ import annotations

import csv
import json
import re

import pytest

import airworthy
from airworthy.base.clock import HOUR, FixedClock, iso
from airworthy.base.errors import BadInput
from airworthy.data.table import read
from airworthy.page import trial as trial_page
from airworthy.sdk.testing import START, NumberedRandom
from airworthy.service.draft import draft_from_log
from airworthy.service.observed import asked, observed
from airworthy.service.trial import look_at
from cli.typed import typed

CHANNELS = ("web", "phone", "branch")


def calls(n):
    """Claims with an answer, a score and, for most, a truth: a weak model that knows a little about itself."""
    for i in range(n):
        noise = (i * 7919 + 13) % 1000 / 1000
        score = round(0.5 + noise / 2, 3)
        right = (i * 104729 + 7) % 1000 / 1000 < score
        said = "pay" if i % 3 else "refuse"
        yield f"claim/{i}", said, said if right else "ask", score, {"channel": CHANNELS[i % 3], "amount": i % 40}


def watch(folder, n):
    """A service's function, observed, called `n` times; truths come later, the last ten never."""
    clock = FixedClock(START)
    world = {subject: (said, score, item) for subject, said, _, score, item in calls(n)}
    triage = airworthy.observe(
        "claims", subject=lambda subject: subject, score=lambda found: found[1], output=lambda found: found[0],
        item=lambda subject: world[subject][2], folder=folder, clock=clock, random=NumberedRandom(),
    )(lambda subject: world[subject][:2])  # fmt: skip
    for subject in world:
        triage(subject)
        clock.move(HOUR)
    for subject, _, truth, _, _ in list(calls(n))[: n - 10]:
        triage.observed.outcome(subject, truth)
    assert triage.observed.flush(60)
    return triage.observed


def written(path, n):
    """The same calls as a CSV."""
    rows = list(calls(n))
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["output", "truth", "score", "time", "amount", "channel"])
        for i, (_, said, truth, score, item) in enumerate(rows):
            at = iso(FixedClock(START).now() + i * HOUR)
            table.writerow([said, truth if i < n - 10 else "", score, at, item["amount"], item["channel"]])


def page(table):
    question = asked(table)
    trial = look_at(table, question)
    draft = draft_from_log(table.path, question, table, trial.look)
    return trial_page.page(
        trial.look, log=table.path.name, question="output against truth", taken=trial.taken, charter=draft, next=""
    )


def test_a_thousand_observed_calls_give_the_page_of_an_equal_csv(tmp_path):
    health = watch(tmp_path / "observed", 1_000).health()
    assert (health.calls, health.recorded, health.failed, health.dropped) == (1_000, 1_990, 0, 0)
    written(tmp_path / "claims", 1_000)
    from_csv = read(tmp_path / "claims")
    from_log = observed(tmp_path / "observed", "claims")
    assert {name: [column.text(i) for i in range(1_000)] for name, column in from_log.columns.items()} == {
        name: [column.text(i) for i in range(1_000)] for name, column in from_csv.columns.items()
    }
    assert page(from_log) == page(from_csv).replace(str(tmp_path / "claims"), "claims")


def test_the_command_shows_what_the_csv_shows(tmp_path, monkeypatch, capsys):
    """But for the name and for what to do next: there is no file to start a charter from."""
    monkeypatch.chdir(tmp_path)
    watch(tmp_path / ".airworthy/observed", 300)
    written(tmp_path / "claims", 300)
    columns = ["--output", "output", "--truth", "truth", "--score", "score", "--time", "time"]
    of_csv = typed(capsys, monkeypatch, "try", "claims", *columns, "--page", "csv.html", "--json")
    of_log = typed(capsys, monkeypatch, "try", "--observed", "claims", "--page", "log.html", "--json")
    assert (of_csv.exit, of_log.exit, of_log.err) == (0, 0, "")
    assert json.loads(of_log.out) | {"page": ""} == json.loads(of_csv.out) | {"page": ""}
    follow = re.compile(r"airworthy init[^<\n]*")
    pages = [follow.sub("", (tmp_path / name).read_text(encoding="utf-8")) for name in ("csv.html", "log.html")]
    assert pages[0] == pages[1]


@pytest.mark.parametrize("words", [[], ["claims", "--observed", "claims"]], ids=["neither", "both"])
def test_a_log_or_a_name_is_needed_and_not_both(tmp_path, monkeypatch, capsys, words):
    monkeypatch.chdir(tmp_path)
    told = typed(capsys, monkeypatch, "try", *words)
    assert told.exit == 2
    assert "--observed" in told.err


def test_the_latest_truth_holds_for_every_call_about_an_item(tmp_path):
    clock = FixedClock(START)
    say = airworthy.observe("n", subject=str, folder=tmp_path, clock=clock)(lambda n: {"team": n})
    say(1), say(1)
    say.observed.outcome("1", {"team": 2})
    clock.move(1)
    say.observed.outcome("1", {"team": 3})
    assert say.observed.flush()
    table = observed(tmp_path, "n")
    assert [table["output"].text(i) for i in range(2)] == ["1", "1"]
    assert [table["truth"].text(i) for i in range(2)] == ["3", "3"]
    assert asked(table).score is None


def test_an_unknown_name_is_told_the_nearest(tmp_path):
    say = airworthy.observe("claims-triage", subject=str, folder=tmp_path)(lambda n: n)
    say(1)
    assert say.observed.flush()
    with pytest.raises(BadInput, match="claims-triage"):
        observed(tmp_path, "claims-trage")


def test_an_empty_folder_says_where_it_looked(tmp_path):
    with pytest.raises(BadInput, match="--data"):
        observed(tmp_path, "claims")


def test_a_field_called_like_a_column_of_ours_keeps_its_value(tmp_path):
    say = airworthy.observe("n", subject=str, item=lambda n: {"score": "A"}, folder=tmp_path)(lambda n: n)
    say(1)
    assert say.observed.flush()
    assert observed(tmp_path, "n")["item score"].text(0) == "A"


def test_truths_without_a_call_are_not_asked_whether_they_mean_themselves(tmp_path):
    lone = airworthy.observe("claims", subject=str, folder=tmp_path)(str).observed
    lone.outcome("claim/1", "pay")
    assert lone.flush(60)
    with pytest.raises(BadInput, match="only truths were learnt") as refused:
        observed(tmp_path, "claims")
    assert "did you mean" not in str(refused.value)
