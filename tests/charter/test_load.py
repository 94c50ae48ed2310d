"""Loading: places, quantities, digests, and never a traceback."""

from __future__ import annotations

import subprocess
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airworthy.base.clock import DAY, HOUR
from airworthy.base.errors import BadInput
from airworthy.charter.load import examine, load, loads
from airworthy.charter.model import Charter
from airworthy.charter.parse import LARGEST
from airworthy.charter.revision import revision
from airworthy.claim.catalogue import BY_ID
from charter.golden import ROOT

TRIAGE = ROOT / "tests/charter/valid/incident-triage.yaml"
TEAM = (ROOT / "tests/charter/valid/team.yaml").read_text(encoding="utf-8")


def codes(text: str | bytes) -> list[str]:
    return [d.code for d in examine(text, "charter.yaml")[1]]


def test_a_charter_holds_quantities_not_text():
    charter = load(TRIAGE)
    assert charter.error_budget.budget == 0.2
    assert charter.wrong_means.known_after == 30 * DAY
    assert charter.escalation.hard_deadline == 4 * HOUR
    assert charter.pilot is not None
    assert charter.pilot.until == date(2016, 3, 21)
    assert charter.point("resolving-group") is charter.decision_points[0]


def test_every_value_knows_where_it_stands():
    charter = load(TRIAGE)
    place = charter.place("owners", "trust", "deputy")
    assert place.text[place.column - 1 :][: place.length] == "risk-officer"
    assert charter.place("rules", 1, "when").text.strip().startswith("when: item.reopened")
    assert charter.place("rules").text == "rules:"


def test_a_value_left_out_stands_where_its_holder_stands():
    charter = load(TRIAGE)
    assert charter.place("owners", "trust", "person") == charter.place("owners", "trust")


def test_a_version_keeps_the_digits_it_was_written_with():
    model = "\nmodel: {name: payer, version: 1.10, provider: in house, object: claims:payer}\n"
    loaded = loads(TEAM + model).model
    assert loaded is not None
    assert loaded.version == "1.10"


def test_comments_and_layout_change_no_digest():
    charter, spread = loads(TEAM), loads("# a comment\n" + TEAM.replace("[car, home]", "[car,   home]"))
    assert (charter.digest, charter.policy_digest) == (spread.digest, spread.policy_digest)


@pytest.mark.parametrize(
    ("old", "new", "binds"),
    [
        ("budget: 2 %", "budget: 3 %", True),
        ("item.amount > 1000.0", "item.amount > 999.0", True),
        ("fresh: 1h", "fresh: 2h", True),
        ("values: [car, home]", "values: [car]", True),
        ("a clerk would have decided otherwise", "a clerk would have paid another sum", True),
        ("budget: 2 %", "budget: 0.02", False),
        ("title: Pay clear claims at once", "title: Pay clear claims today", False),
        ("stage: shadow", "stage: assist", False),
        ("clerks: [Eve, Finn]", "clerks: [Eve]", False),
        ("why: large payments are looked at", "why: we look at large payments", False),
    ],
)
def test_the_policy_digest_changes_with_what_decides_a_route_only(old, new, binds):
    before, after = loads(TEAM), loads(TEAM.replace(old, new))
    assert (before.policy_digest != after.policy_digest) == binds


def test_a_missing_file_is_said_like_any_other_mistake(tmp_path):
    with pytest.raises(BadInput, match="cannot be opened: no such file"):
        load(tmp_path / "none.yaml")
    with pytest.raises(BadInput, match="cannot be opened: is a directory"):
        load(tmp_path)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    file = tmp_path / "huge.yaml"
    file.write_bytes(b"a: " + b"x" * (LARGEST + 10_000_000))
    with pytest.raises(BadInput, match="at most"):
        load(file)


def test_a_file_from_another_system_reads_the_same():
    windows = b"\xef\xbb\xbf" + TEAM.replace("\n", "\r\n").encode()
    assert loads(windows).digest == loads(TEAM).digest


def test_a_catalogue_left_out_leaves_claims_unchecked():
    unknown = TEAM.replace("claim: used-by-default", "claim: nobody-knows")
    assert codes(unknown) == []
    assert [d.code for d in examine(unknown, "charter.yaml", BY_ID)[1]] == ["D034", "D034"]


@pytest.mark.parametrize("key", ["measure: share-agreed", "window: 8w"])
def test_a_key_of_a_claim_that_nothing_measures_is_refused_and_not_ignored(key):
    text = TEAM.replace("limit: 80 %", f"limit: 80 %, {key}")
    assert [d.code for d in examine(text, "charter.yaml", BY_ID)[1]] == ["D045"]


@pytest.mark.parametrize(
    ("claim", "limit", "code"),
    [
        ("used-by-default", "-0.2", "D056"),
        ("used-by-default", "80", "D056"),
        ("calibrated", "-0.05", "D056"),
        ("no-worse-than-today", "-2", "D056"),
        ("acted-error-within-budget", "5 %", "D057"),
    ],
)
def test_a_limit_no_measure_can_be_held_against_is_refused(claim, limit, code):
    text = TEAM.replace("{claim: used-by-default, limit: 80 %", f"{{claim: {claim}, limit: {limit}")
    assert [d.code for d in examine(text, "charter.yaml", BY_ID)[1]] == [code]


@pytest.mark.parametrize(
    ("claim", "limit"),
    [("no-worse-than-today", "-0.05"), ("rework-not-worse", "-1 "), ("acted-error-within-budget", "2 %")],
)
def test_a_limit_inside_the_range_of_its_measure_stands(claim, limit):
    text = TEAM.replace("{claim: used-by-default, limit: 80 %", f"{{claim: {claim}, limit: {limit}")
    assert examine(text, "charter.yaml", BY_ID)[1] == ()


@pytest.mark.parametrize("said", ["limit: 80 %", "level: 0.01"])
def test_a_limit_nobody_set_is_asked_about(said):
    text = TEAM.replace("limit: 80 %, set_by: claims-owner", said)
    charter, found = examine(text, "charter.yaml", BY_ID)
    assert charter is not None
    assert [d.code for d in found] == ["D058"]


LOG = "log: {{path: a.csv, item: id, eligible_at: at, output: {output}, truth: {{column: group}}{more}}}\n"


@pytest.mark.parametrize(
    ("output", "more", "found"),
    [
        ("group", "", ["D059"]),
        ("said", "", []),
        ("group", ", event_order: [changed_at]", []),
        ("said", ", score: group, event_order: [changed_at]", ["D059"]),
    ],
)
def test_an_output_that_is_the_truth_is_refused_unless_events_tell_them_apart(output, more, found):
    assert codes(TEAM + LOG.format(output=output, more=more)) == found


def test_an_output_of_the_truth_of_the_first_event_is_refused():
    text = LOG.format(output="group", more=", event_order: [at]").replace(
        "{column: group}", "{column: group, take: first}"
    )
    assert codes(TEAM + text) == ["D059"]


@pytest.mark.parametrize(
    "said", ["seeds: []", "split: [0, 1, 0.0000000001]", "split: [0.5, 0.5, 0]", "split: [1, 0, 0]"]
)
def test_a_pilot_that_can_be_run_on_nothing_is_refused(said):
    text = TEAM + LOG.format(output="said", more="")
    assert codes(text + "pilot: {until: 2026-03-21}\n") == []
    assert codes(text + f"pilot: {{until: 2026-03-21, {said}}}\n") == ["D041"]


def test_what_a_backtest_would_not_judge_is_said():
    log = LOG.format(output="said", more="")
    two_fields = TEAM.replace("pay: {type: boolean}", "pay: {type: boolean}\n        sum: {type: number}")
    point = TEAM[TEAM.index("  - point: payment") : TEAM.index("seats:")]
    two_points = TEAM.replace("seats:", point.replace("point: payment", "point: refund") + "seats:", 1)
    assert codes(two_fields) == codes(two_points) == []
    assert codes(two_fields + log) == codes(two_points + log) == ["D060"]


def test_a_damaged_section_is_reported_once_and_not_by_what_relies_on_it():
    broken = TEAM.replace("decision_points:\n  - point: payment", "decision_points:\n  - pint: payment")
    assert codes(broken) == ["D004"]


def test_a_revision_is_the_commit_that_last_changed_the_file(tmp_path):
    def git(*arguments: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        return subprocess.run(
            ["git", "-C", tmp_path, *who, *arguments], check=True, capture_output=True, text=True
        ).stdout

    file = tmp_path / "charter.yaml"
    file.write_text(TEAM)
    assert revision(file) is None
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "charter: add")
    found = revision(file)
    assert found is not None
    assert (found.commit, found.changed) == (git("rev-parse", "HEAD").strip(), False)
    file.write_text(TEAM + "\n# more\n")
    assert (revision(file) or found).changed
    assert revision(tmp_path / "none" / "charter.yaml") is None


def loads_or_refuses(text: str | bytes) -> None:
    charter, found = examine(text, "charter.yaml")
    assert isinstance(charter, Charter) or found
    assert all(d.code.startswith("D") and d.sentence for d in found)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.one_of(
        st.text(max_size=200), st.binary(max_size=200), st.text(alphabet="ab:- \n\t[]{},'\"|>&*!#%@?", max_size=80)
    )
)
def test_no_text_brings_the_loader_down(text):
    loads_or_refuses(text)


WORDS = st.sampled_from(
    ["ask", "null", "~", "", "[]", "{}", "0", "-1", "1e99", "9" * 400, "true", "x", "'", '"', "- ", ": ", "\t", "\n",
     "&a ", "*a", "!!x ", "|", ">", "#", "\x00", "\ud800", "é", "車", "\u2028", "5 %", "14d", "item.x", "(", "<<: "]
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.integers(0, len(TEAM)), st.integers(0, 40), WORDS), min_size=1, max_size=3))
def test_no_mutation_of_a_charter_brings_the_loader_down(cuts):
    text = TEAM
    for at, length, word in cuts:
        text = text[:at] + word + text[at + length :]
    loads_or_refuses(text)


LINES = TEAM.split("\n")


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.integers(0, len(LINES) - 1), WORDS)
def test_no_value_in_place_of_another_brings_the_loader_down(line, word):
    key, colon, _ = LINES[line].partition(": ")
    loads_or_refuses("\n".join([*LINES[:line], f"{key}{colon}{word}", *LINES[line + 1 :]]))
