"""Every sentence of a first look is true, for every log."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from airworthy.evidence.judged import Judged
from airworthy.evidence.trial import look
from airworthy.page import finding, trial
from airworthy.page.figure import slider
from page.looks import LOGS, any_log, look_at

EASY = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def sentences(seen):
    facts = [finding.against_people(seen), finding.sureness(seen), finding.breaks(seen), *finding.closed(seen)]
    facts += [finding.over_time(seen.over_time)] if seen.over_time else []
    return [finding.headline(seen), *(" ".join(fact) for fact in facts if fact), *map(" ".join, finding.missing(seen))]


def check(seen):
    said = sentences(seen)
    assert all(sentence.strip() and "  " not in sentence and "None" not in sentence for sentence in said)
    assert not any(re.search(r"\bnan\b|\binf\b|−0\.0 ", sentence) for sentence in said)
    opened = [row for row in seen.rows if row.threshold is not None]
    head = finding.headline(seen)
    assert not re.search(r"(?<![\d.])0 % of items", head)
    assert ("Nothing can be acted on" in head) == (not opened)
    for row in opened:
        assert row.acted.high <= row.budget + 1e-9
        assert row.acted.n == row.items > 0
    for row in seen.rows:
        assert (row.threshold is None) == (row.why != "opens")
    assert all(row.acted.low >= row.budget for row in seen.rows if row.why == "surest_are_too_wrong")
    if seen.n < finding.FEWEST_SURE and (sure := finding.sureness(seen)):
        assert "not measured yet" in sure[0]
    if seen.over_time and "It held" in finding.over_time(seen.over_time)[0]:
        assert seen.over_time.change[2] - seen.over_time.change[1] <= 0.10


@pytest.mark.parametrize("name", LOGS)
def test_every_sentence_is_true_of_every_kind_of_log(name):
    check(look_at(name))


@EASY
@given(any_log())
def test_every_sentence_is_true_of_any_log(log):
    check(look(log))


@pytest.mark.parametrize("name", ["no score", "all right"])
def test_what_is_certified_is_said_with_its_share(name):
    assert "100 % of items can be acted on" in finding.headline(look_at(name))


def test_what_is_known_of_a_closed_budget_is_the_best_share_tried_and_not_the_surest_items():
    """Here the surest tenth is always wrong and the next tenth always right: "even the surest" would be false."""
    score = np.linspace(1, 0, 4_000)
    loss = np.where(score > 0.9, 1.0, np.where(score > 0.8, 0.0, 0.5))
    seen = look(Judged(loss, score, None, None, {}, ()))
    said = dict(finding.closed(seen))
    closed = next(words for start, words in said.items() if "More labels alone" in start)
    assert closed.startswith("Of the shares tried first, the best were ")
    assert not any("Even the surest" in words for words in said.values())
    for row in seen.rows:
        acted = np.sort(score)[::-1][: row.items].min()
        assert row.acted.wrong == loss[score >= acted].sum()


def test_all_items_are_not_called_the_surest_100_percent():
    for name in LOGS:
        assert "surest 100 %" not in " ".join(map(" ".join, finding.closed(look_at(name))))


def test_without_a_score_no_threshold_is_invented():
    html = page("no score")
    assert "all items" in html
    assert "1.000" not in html


def test_few_items_are_not_called_better_or_worse_than_people():
    seen = look(LOGS["four items"])
    assert finding.against_people(seen)[0].startswith("No different")


@pytest.mark.parametrize("name", ["all right", "all wrong", "ordinary"])
def test_the_slider_promises_only_what_the_table_does(name):
    seen = look_at(name)
    stops = slider(seen)["data"]
    for row in seen.rows:
        stop = stops[round(100 * row.budget)]
        assert (stop["kind"] == "guaranteed") == (row.threshold is not None)
    assert all(stop["kind"].startswith("exploration") or stop["coverage"] == 0 for at, stop in stops.items() if at == 7)


@pytest.mark.parametrize("name", LOGS)
def test_every_kind_of_log_has_a_page(name):
    html = page(name)
    assert html.rstrip().endswith("</html>")
    assert not re.search(r"\bnan\b|NaN|\binf\b|>None<|Undefined", html)
    headings = [int(level) for level in re.findall(r"<h(\d)", html)]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))


def page(name):
    return trial.page(
        look_at(name), log=f"{name}.csv", question="said against truth", taken="All rows.", charter="a: 1", next="next"
    )
