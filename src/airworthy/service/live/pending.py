"""Decisions a person has yet to answer. What was computed stays: an answer never makes anything be computed again."""

from __future__ import annotations

import unicodedata
from hashlib import blake2b
from typing import Any, Literal

import msgspec

from airworthy.base import canonical
from airworthy.base.clock import Micros
from airworthy.base.errors import Conflict, NotAllowed
from airworthy.base.quantity import MILLION
from airworthy.record.decision import DecisionMade
from airworthy.record.review import DecisionSettled
from airworthy.record.store import Draft


class Vote(msgspec.Struct, frozen=True):
    """One person stands behind one value."""

    person: str
    digest: str


class Pending(msgspec.Struct):
    """One decision that waits, and who has said what. One thread at a time."""

    made: DecisionMade
    subject: str
    output: Any
    requested_by: str = ""
    salt: bytes = b""  # of digests: whoever has not seen a value cannot guess it
    value: Any = None  # what is to be agreed on: the output, or the last correction
    votes: tuple[Vote, ...] = ()
    owner: str = ""

    @property
    def drawn_blind(self) -> bool:
        """Whether a person answers before seeing the output.

        So it is where their answer is to count as truth: drawn for that share, or for the audit of a use case whose
        truth becomes known no other way.
        """
        blind, audit = self.made.blind_first, self.made.audit
        sampled = audit is not None and audit.drawn and audit.chance < MILLION
        return sampled or (blind is not None and blind.drawn)

    @property
    def digest(self) -> str:
        """Of what a person is shown: an answer that names another was given to something else."""
        return shown(self.salt, self.made.id, self.value)

    def vote(self, person: str, value: Any) -> bool:
        """Adds a person behind a value; True once enough different people stand behind it. Raises Conflict."""
        self.refuse(person)
        digest = shown(self.salt, self.made.id, value)
        if digest != self.digest:
            self.value = value  # a correction: whoever accepted something else has not accepted this
        self.votes = (*self.votes, Vote(person, digest))
        return self.people >= self.made.quorum

    @property
    def people(self) -> int:
        """How many different people stand behind what is to be agreed on."""
        return len({folded(vote.person) for vote in self.votes if vote.digest == self.digest})

    def refuse(self, person: str) -> None:
        """Raises NotAllowed for whoever asked for this decision, Conflict for whoever stands behind this value."""
        if self.requested_by and folded(person) == folded(self.requested_by):
            raise NotAllowed("who asked for a decision cannot approve it", code="G031", help="let somebody else answer")
        if any(folded(vote.person) == folded(person) and vote.digest == self.digest for vote in self.votes):
            raise Conflict("you have answered this already", code="G032", help="it waits for somebody else")

    def due(self, now: Micros) -> bool:
        """Whether its deadline has passed."""
        return self.made.due is not None and now >= self.made.due


def shown(salt: bytes, decision: str, value: Any) -> str:
    """Keyed digest of what a person is shown of a decision; 64 hex characters."""
    body = canonical.encode_trusted([decision, canonical.profiled(value)])
    return blake2b(body, key=salt[:64], digest_size=32, person=b"shown").hexdigest()


def folded(person: str) -> str:
    """A name as it is compared: case, spaces, marks nobody sees and other spellings make no other person."""
    seen = "".join(char for char in unicodedata.normalize("NFKC", person) if unicodedata.category(char) != "Cf")
    return " ".join(seen.casefold().split())


How = Literal["deadline", "fell_back", "stopped", "withdrawn"]


def closing(waits: Pending, how: How, now: Micros, id: str) -> Draft:
    """The draft that settles a decision without an answer: its work falls back."""
    made = waits.made
    settled = DecisionSettled(
        id=id, ts=now, at=now, use_case=made.use_case, simulated=made.simulated, decision=made.id, how=how, told="fallback",
        people=waits.people,
    )  # fmt: skip
    return Draft(record=settled)
