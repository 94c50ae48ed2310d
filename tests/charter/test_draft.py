"""The nine questions become a charter, with nothing invented and nothing lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airworthy.charter.answer import answered, can_be_typed, kebab
from airworthy.charter.decode import ASK
from airworthy.charter.draft import draft, merged
from airworthy.charter.load import examine, loads
from airworthy.charter.parse import parse
from airworthy.charter.questions import FIRST, QUESTIONS, question_for
from airworthy.service.draft import slug
from charter.golden import VALID

INPUT = {"type": "object", "properties": {"category": {"type": "string"}, "priority": {"type": "string"}}}
REST = {
    "decision_points": [{"input": INPUT}],
    "escalation": {"hard_deadline": "8h"},
    "rules": [{"tests": [{"given": {"item": {"priority": "1 - Critical"}}, "route": "review"}]}],
    "claims": [],
    "baseline": {"right": "66 %"},
    "business_result": {"measure": "hours to resolve", "target": "fewer"},
    "must_be_true": [{"owner": "service-owner"}],
    "retention": {"records": "104w", "payloads": "90d"},
    "seats": {
        "service-owner": ["Ines"],
        "service-deputy": ["Jonas"],
        "head-of-service": ["Maria"],
        "chief-operating-officer": ["Amara"],
        "data-steward": ["Noor"],
        "service-desk": ["Paul"],
    },
}


def examples():
    given = {}
    for question in QUESTIONS:
        for part in question.parts:
            if part.example and can_be_typed(part):
                given = merged(given, answered(part, part.example))
    return given


def test_there_are_nine_questions_and_the_last_is_the_first():
    assert [q.number for q in QUESTIONS] == list(range(1, 10))
    assert QUESTIONS[-1].title == FIRST == "What must be true for this to work in the real world?"


def test_an_unanswered_charter_is_nothing_but_open_questions():
    _, found = examine(draft({}), "charter.yaml")
    assert {d.code for d in found} == {"D003"}
    assert all(d.help for d in found)


def test_an_open_question_is_reported_once_and_in_the_words_it_was_asked():
    text = draft({})
    _, found = examine(text, "charter.yaml")
    assert len(found) == text.count(": ask")
    sentences = {d.sentence: d.help for d in found}
    help = sentences["`owners.trust.seat` is not answered yet"]
    assert help.startswith("Who decides when the AI is trusted enough to act on? (")


def test_an_open_question_shows_the_form_of_its_answer():
    text = draft({})
    _, found = examine(text, "charter.yaml")
    assert "    fresh: ask  # How fresh must it be? (such as: 1h)\n" in text
    assert "  horizon: ask  # When is it known? (such as: 30d)\n" in text
    assert "  hard_deadline: ask  # Who can challenge, and who answers? (such as: 4h)\n" in text
    helps = {d.sentence: d.help for d in found}
    assert helps["`error_budget.horizon` is not answered yet"].endswith("such as `14d`)")
    assert "its keys are right, " in helps["`baseline` is not answered yet"]


def test_an_example_in_a_draft_can_be_taken_as_it_stands():
    for line in re.findall(r".*\(such as: .+\)", draft({})):
        before, example = re.match(r"(.*): ask  # .*\(such as: (.+)\)", line).groups()
        said = draft({}).replace(line, f"{before}: {example}", 1)
        assert len(examine(said, "c.yaml")[1]) == len(examine(draft({}), "c.yaml")[1]) - 1, line


def test_every_place_a_question_names_is_a_place_of_the_charter():
    known = parse(VALID[0].read_bytes(), "charter.yaml").root.plain()
    for path in [p for q in QUESTIONS for part in q.parts for p in part.paths]:
        held = known
        for step in path.split("."):
            held = held[0] if isinstance(held, list) else held
            assert step in held, path
            held = held[step]


def test_answers_to_every_question_and_a_few_facts_make_a_sound_charter():
    charter = loads(draft(examples(), REST))
    assert charter.use_case == "route-incidents-to-the-right-group"
    assert charter.wrong_means.cost is not None
    assert (charter.wrong_means.cost.amount, charter.wrong_means.cost.currency) == (40, "EUR")
    assert charter.escalation.steps[0].to == "rotation/service-desk"
    assert charter.must_be_true[0].sentence == "groups keep their names for a quarter"


def test_an_answer_wins_over_what_is_known():
    text = draft({"title": "from a person"}, {"title": "from a log", "log": {"path": "a.csv", "item": "number"}})
    assert "title: from a person\n" in text
    assert "path: a.csv" in text


def test_a_solo_draft_asks_nobody_for_other_people():
    text = draft({}, solo=True)
    assert "mode: solo" in text
    assert "deputy" not in text
    assert {d.code for d in examine(text, "charter.yaml")[1] if d.severity == "mistake"} == {"D003"}


def test_a_seat_that_was_named_asks_who_holds_it():
    text = draft({"owners": {"outcome": {"seat": "service-owner"}}, "sources": [{"owner": "steward"}]})
    assert "seats:\n  service-owner: [ask]\n  steward: [ask]\n" in text


@pytest.mark.parametrize("file", VALID, ids=lambda f: f.stem)
def test_a_whole_charter_given_as_an_answer_comes_back_the_same(file):
    charter = loads(file.read_bytes())
    text = draft(parse(file.read_bytes(), file.name).root.plain(), solo=charter.mode == "solo")
    again = loads(re.sub(r"^\w+: ask.*\n", "", text, flags=re.MULTILINE))
    for key in ("owners", "rules", "log", "pilot", "decision_points"):
        assert getattr(again, key) == getattr(charter, key)
    assert again.policy_digest == charter.policy_digest


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 10**14)
    | st.text(max_size=12)
    | st.sampled_from(["yes", "null", "1", "5 %", "- x", "a: b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(PLAIN.filter(lambda v: v is not None))
def test_whatever_is_answered_reads_back_as_it_was_given(value):
    text = draft({"zz": value})
    assert parse(text.encode("utf-8", "replace"), "charter.yaml").root.plain()["zz"] == value


def test_a_name_is_made_of_what_someone_typed():
    assert kebab("Head of Service!") == "head-of-service"
    assert kebab("???") == ASK


@pytest.mark.parametrize(
    ("typed", "name"),
    [("Störungen & Anfragen", "stoerungen-anfragen"), ("Größe", "groesse"), ("Sto\u0308rung", "stoerung"),
     ("Café Âgé", "cafe-age"), ("Łódź Ørsted", "lodz-oersted"), ("車", ASK)],
)  # fmt: skip
def test_letters_with_marks_stay_readable_in_a_name(typed, name):
    assert kebab(typed) == name
    if name != ASK:
        assert slug(f"{typed}.csv") == name


def test_a_question_is_found_for_a_whole_section_and_for_nothing_else():
    assert question_for(("wrong_means",)) == 'What does "wrong" mean?'
    assert question_for(("sources", 2, "owner")) == "Who owns it?"
    assert question_for(("airworthy",)) == ""
