"""The nine questions a charter answers, in the words people ask them. `airworthy init` asks exactly these."""

from __future__ import annotations

import msgspec


class Part(msgspec.Struct, frozen=True):
    """One thing to answer: the question, the places of the charter its answer goes to, an example."""

    ask: str
    paths: tuple[str, ...]
    example: str = ""


class Question(msgspec.Struct, frozen=True):
    """One of the nine questions with its parts."""

    number: int
    title: str
    parts: tuple[Part, ...]


FIRST = "What must be true for this to work in the real world?"

QUESTIONS: tuple[Question, ...] = (
    Question(
        1,
        "What work is this, and where does it already happen?",
        (
            Part("What work is this?", ("title", "use_case", "workflow.name"), "Route incidents to the right group"),
            Part("Where does it already happen?", ("workflow.system_of_record",), "the incident system"),
            Part("What is one piece of it?", ("workflow.unit",), "incident"),
            Part("How is eligible work counted there?", ("workflow.eligible",), "every incident opened"),
            Part(
                "Which decision does the AI make there?",
                ("decision_points.decides", "decision_points.point", "decision_points"),
                "which group resolves the incident",
            ),
            Part("What does it answer with?", ("decision_points.output",), "group"),
            Part(
                "What happens today without it (the fallback)?",
                ("workflow.today", "decision_points.fallback"),
                "the service desk assigns a group by hand",
            ),
        ),
    ),
    Question(
        2,
        "Who owns the outcome, not just the output?",
        (
            Part("Who owns the outcome, not just the output?", ("owners.outcome",), "service-owner"),
            Part("Who decides when the AI is trusted enough to act on?", ("owners.trust",), "head-of-service"),
            Part("Who is accountable when it is wrong?", ("owners.accountable",), "chief-operating-officer"),
            Part(
                "Their deputies?",
                ("owners.outcome.deputy", "owners.trust.deputy", "owners.accountable.deputy"),
                "service-deputy",
            ),
            Part("Who holds each seat?", ("seats",), ""),
        ),
    ),
    Question(
        3,
        "Who owns performance, escalation and improvement in product, operations, risk and the business?",
        (
            Part("Who owns performance?", ("duties.performance",), "service-owner"),
            Part("Who owns escalation?", ("duties.escalation",), "service-owner"),
            Part("Who owns improvement?", ("duties.improvement",), "service-owner"),
        ),
    ),
    Question(
        4,
        "What does wrong mean, and how much of it is acceptable?",
        (
            Part('What does "wrong" mean?', ("wrong_means.sentence",), "another group resolves it in the end"),
            Part("Who judges it?", ("wrong_means.judge",), "service-owner"),
            Part("When is it known?", ("wrong_means.known_after", "error_budget.horizon"), "30d"),
            Part("What does it cost?", ("wrong_means.cost",), "40 EUR"),
            Part("Can it be undone?", ("wrong_means.undo", "decision_points.undo"), "reassign the incident"),
            Part("How much wrong is acceptable (error budget)?", ("error_budget.budget",), "5 %"),
        ),
    ),
    Question(
        5,
        "Which data does it stand on?",
        (
            Part("Which data does it stand on?", ("sources.source", "sources", "decision_points.input"), "incidents"),
            Part("Who owns it?", ("sources.owner",), "data-steward"),
            Part("What do its terms mean?", ("sources.definition",), "glossary of the service desk"),
            Part("Why may it be used for this?", ("sources.basis",), "operation of the service desk"),
            Part("How fresh must it be?", ("sources.fresh",), "1h"),
        ),
    ),
    Question(
        6,
        "When must a person decide? Who can challenge, and who answers?",
        (
            Part("When must a person decide?", ("rules",), 'item.priority == "1 - Critical"'),
            Part("Who can challenge, and who answers?", ("escalation.steps", "escalation"), "service-desk"),
        ),
    ),
    Question(
        7,
        "What must be governed before the first real decision? Who may approve what?",
        (
            Part("What must be governed before the first real decision?", ("retention", "frameworks"), ""),
            Part("Who may approve what?", ("approvals",), "head-of-service"),
        ),
    ),
    Question(
        8,
        "How will we know it is used by default, saves effort, makes decisions faster and more consistent?",
        (
            Part("How will we know?", ("claims",), "used-by-default at least 80 %"),
            Part("What is the baseline?", ("baseline",), "people are right in 66 %"),
            Part("What is the running cost?", ("running_cost",), "900 EUR a month"),
            Part("Which business result should it move?", ("business_result",), "incidents are resolved sooner"),
        ),
    ),
    Question(9, FIRST, (Part(FIRST, ("must_be_true",), "groups keep their names for a quarter"),)),
)


def question_for(path: tuple[str | int, ...]) -> str:
    """The question that the value at `path` answers, in the article's words; '' when none of the nine asks for it."""
    named = [step for step in path if isinstance(step, str)]
    whole = ".".join(named)
    parts = [(where, part.ask) for question in QUESTIONS for part in question.parts for where in part.paths]
    exact = dict(reversed(parts))
    for length in range(len(named), 0, -1):
        if ask := exact.get(".".join(named[:length])):
            return ask
    return next((ask for where, ask in parts if where.startswith(f"{whole}.")), "")


def example_for(path: tuple[str, ...]) -> str:
    """An answer to the question that names exactly `path`; '' where none does or it has no example."""
    whole = ".".join(path)
    parts = (part for question in QUESTIONS for part in question.parts)
    return next((part.example for part in parts if whole in part.paths), "")
