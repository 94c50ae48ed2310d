"""What a change of a charter costs, and where it stands in both files."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airworthy.charter.budget import fewest_labels, fewest_to_open
from airworthy.charter.diff import changes
from airworthy.charter.load import examine, loads
from charter.golden import ROOT

TEAM = (ROOT / "tests/charter/valid/team.yaml").read_text(encoding="utf-8")
BEFORE = loads(TEAM, "a.yaml")


def changed(*edits):
    text = TEAM
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return changes(BEFORE, loads(text, "b.yaml"))


def test_the_same_charter_in_other_words_has_no_changes():
    assert changed(("budget: 2 %", "budget: 0.02"), ("airworthy: 1", "airworthy: 1  # the format")) == ()


def test_a_change_stands_at_its_place_in_both_files():
    (change,) = changed(("title: Pay", "# moved down\ntitle: Pay"), ("item.amount > 1000.0", "item.amount > 500.0"))
    assert change.name == "rules.large-needs-a-person.when"
    assert (change.before, change.after) == ("item.amount > 1000.0", "item.amount > 500.0")
    assert (str(change.before_place), str(change.after_place)) == ("a.yaml:74:11", "b.yaml:75:11")


@pytest.mark.parametrize(
    ("old", "new", "effect"),
    [
        ("budget: 2 %", "budget: 1 %", "epoch"),
        ("    when:", "    points: [payment]\n    when:", "epoch"),
        ("values: [car, home]", "values: [car]", "epoch"),
        ("pay: {type: boolean}", "pay: {type: boolean, description: yes}", "epoch"),
        ("loss: {pay: 1}", "loss: {pay: 0.5}", "epoch"),
        ("limit: 80 %", "limit: 70 %", "claim"),
        ("why: large payments are looked at", "why: we look at them", "none"),
        ("stage: shadow", "stage: assist", "none"),
        ("[Eve, Finn]", "[Eve, Finn, Gil]", "none"),
        ("hard_deadline: 4h", "hard_deadline: 5h", "none"),
        ("judge: clerks", "judge: director", "none"),
    ],
)
def test_a_change_says_what_it_costs(old, new, effect):
    assert [c.effect for c in changed((old, new))] == [effect]


def test_something_new_and_something_gone_have_one_side_each():
    added = "\n  - {source: prices, owner: clerks, fresh: 1d, definition: the price list, basis: the contract}"
    (change,) = changed(("basis: the contract}", "basis: the contract}" + added))
    assert (change.name, change.before, change.before_place, change.effect) == ("sources.prices", "", None, "epoch")
    assert change.after.startswith("{source: prices")
    (gone,) = changes(loads(TEAM + "\nfrequent: 1\n".replace("frequent: 1", "baseline: {right: 60 %}")), BEFORE)
    assert (gone.name, gone.after) == ("baseline", "")


def test_a_value_of_zero_was_still_written():
    (change,) = changes(
        loads(TEAM.replace("  nobody:", "  repeat: 0\n  nobody:"), "a.yaml"),
        loads(TEAM.replace("  nobody:", "  repeat: 1\n  nobody:"), "b.yaml"),
    )
    assert (change.before, change.after, str(change.before_place)) == ("0", "1", "a.yaml:53:11")


def test_two_sentences_alike_hide_no_change():
    twice = "  - {sentence: clerks agree with each other, owner: director}\n\nretention:"
    both = TEAM.replace("\nretention:", twice)
    found = changes(loads(both), loads(both.replace("claim: used-by-default}\n  -", "claim: friction-free}\n  -")))
    assert [c.name for c in found] == ["must_be_true"]


def test_reordered_rules_are_no_change():
    second = "\n  - {rule: second, when: item.amount < 0.0, route: fallback, why: no}\n"
    head, tests = TEAM.split("rules:\n")[0], TEAM.split("rules:\n")[1]
    one, _, rest = tests.partition("\n\nclaims:")
    first = loads(f"{head}rules:\n{one}{second}\nclaims:{rest}")
    swapped = loads(f"{head}rules:{second}{one}\n\nclaims:{rest}")
    assert changes(first, swapped) == ()


EDITS = [
    ("budget: 2 %", "budget: 3 %"),
    ("title: Pay", "title: Settle"),
    ("fresh: 1h", "fresh: 2h"),
    ("limit: 80 %", "limit: 70 %"),
    ("item.amount > 1000.0", "item.amount >= 1000.0"),
    ("rule: large-needs", "rule: huge-needs"),
    ("undo: the payment", "undo: it"),
    ("stage: shadow", "stage: pilot"),
    ("point: payment", "point: paying"),
    ("known_after: 14d", "known_after: 7d"),
    ("audit_rate: 5 %", "audit_rate: 4 %"),
    ("definition: the claims manual", "definition: another"),
    ("[Dan]", "[Dora]"),
]


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.sets(st.sampled_from(EDITS), max_size=4))
def test_a_change_starts_an_epoch_exactly_when_a_digest_differs(edits):
    text = TEAM
    for old, new in edits:
        text = text.replace(old, new, 1)
    after, _ = examine(text, "b.yaml")
    assert after is not None
    found = changes(BEFORE, after)
    assert any(c.effect == "epoch" for c in found) == (after.policy_digest != BEFORE.policy_digest)
    assert bool(found) == (after.digest != BEFORE.digest)


def test_the_fewest_labels_are_those_without_an_error():
    assert fewest_labels(0.05, 0.05) == 59
    assert fewest_labels(0.01, 0.05) == 299
    labels, segments = fewest_to_open(BEFORE.error_budget)
    assert (labels, segments) == (fewest_labels(0.02, 0.025), 2)
