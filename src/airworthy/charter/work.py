"""Sections about the work: the workflow, its decision points, the model, the log it is measured from, the pilot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from airworthy.charter.term import Amount, Name, Section, Share, Span, Take


class Workflow(Section, frozen=True, kw_only=True):
    """Where the work already happens, and what happens without the AI.

    name              what people call this work
    system_of_record  the system that holds the work items and counts them
    unit              what one work item is, such as `incident`
    today             what happens today without the AI: the fallback in words
    eligible          how eligible work is counted in the system of record
    """

    name: str
    system_of_record: str
    unit: str
    today: str
    eligible: str


class DecisionPoint(Section, frozen=True, kw_only=True):
    """A place in the workflow where an AI output is used.

    point         the name of the decision point
    decides       the decision the AI makes there, as a sentence
    input         JSON Schema of what the AI is given: an object with typed properties, read in rules as `item.<field>`
    output        JSON Schema of what it answers: an object with typed properties, read in rules as `output.<field>`
    fallback      what is done, and by whom, when the AI is not used
    undo          how an action is taken back
    irreversible  `true` when an action cannot be taken back; say this or `undo`
    effect        the one effect its permits allow; the name of the point when left out
    quorum        how many different people must accept what a person decides
    permit_for    how long a permit can be used after it was given
    """

    point: Name
    decides: str
    input: Mapping[str, Any]
    output: Mapping[str, Any]
    fallback: str
    undo: str | None = None
    irreversible: bool = False
    effect: Name | None = None
    quorum: int = 1
    permit_for: Span = Span(600_000_000)


class Model(Section, frozen=True, kw_only=True):
    """The AI behind the decision points.

    name      what the model is called
    version   its version; a new version starts a new epoch of evidence
    provider  who makes it
    object    `module:object` of something with `predict` or `predict_proba`
    recorded  `true` when the log already holds its outputs; with a log say this or `object`
    features  the columns the model is given, where they differ from the log's
    """

    name: str
    version: str
    provider: str
    object: str | None = None
    recorded: bool = False
    features: tuple[str, ...] = ()


class Column(Section, frozen=True, kw_only=True):
    """A column read from the first or the last event of a work item.

    column  its name in the log
    take    which event of the item it is read from
    """

    column: str
    take: Take = "last"


class Log(Section, frozen=True, kw_only=True):
    """A file of past work, and what its columns mean.

    path         where the file lies, relative to the charter
    format       how it is written; taken from the ending when left out
    item         the column that identifies a work item in the system of record
    event_order  the columns that put the events of one item in order
    eligible_at  the column with the moment the item became eligible
    date_format  how moments are written, such as `%d/%m/%Y %H:%M`; ISO 8601 when left out
    missing      values that stand for a missing value
    output       the column with a recorded output of the AI
    score        the column with its recorded confidence
    truth        the column that holds what turned out to be true
    tolerance    numbers: right when output and truth differ by no more than this
    human        the column that holds what people decided
    decided_at   the column with the moment of the decision
    outcome_at   the column with the moment the truth was known
    features     columns given to the model, read from the item's first event
    end          columns known only at the end, read from the item's last event; never given to the model
    until        the first day that is not read; everything when left out
    simulated    what is simulated in this log, in words
    """

    path: str
    item: str
    eligible_at: str
    truth: Column
    format: str | None = None
    event_order: tuple[str, ...] = ()
    date_format: str | None = None
    missing: tuple[str, ...] = ()
    output: str | None = None
    score: str | None = None
    tolerance: Amount | None = None
    human: Column | None = None
    decided_at: str | None = None
    outcome_at: str | None = None
    features: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    until: date | None = None
    simulated: tuple[str, ...] = ()


class Commonest(Section, frozen=True, kw_only=True):
    """Keep only the commonest values of a column.

    column  a column of the log, or `truth`
    keep    how many values are kept
    """

    column: str
    keep: int


class Filter(Section, frozen=True, kw_only=True):
    """One way the pilot's work was curated. Exactly one of `complete`, `at_most` and `commonest`.

    filter     the name it gets in the gap report
    complete   columns that had to be filled in
    at_most    columns with the largest number allowed
    commonest  a column of which only the commonest values were kept
    """

    filter: Name
    complete: tuple[str, ...] = ()
    at_most: Mapping[str, int] = {}
    commonest: Commonest | None = None


class Pilot(Section, frozen=True, kw_only=True):
    """How the pilot was done, so that its gap to the real work can be measured.

    until     the first day that is no longer pilot
    split     shares of the pilot's items used to train, to calibrate and to hold out; they add up to 1
    seeds     seeds of the random splits, one run each
    act_at    the error budget the gap report acts at
    curation  the filters that made the pilot's work cleaner than the real work
    """

    until: date
    split: tuple[Share, ...] = (Share(0.6), Share(0.2), Share(0.2))
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    act_at: Share | None = None
    curation: tuple[Filter, ...] = ()
