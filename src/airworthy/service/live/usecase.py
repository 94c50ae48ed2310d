"""One use case as it runs: its charter, its decision points, its grants and stops, and who may do what in it."""

from __future__ import annotations

from collections.abc import Iterator

from airworthy.base.clock import Micros
from airworthy.base.errors import NotAllowed
from airworthy.base.ids import Random
from airworthy.charter.model import Charter
from airworthy.charter.people import Owner
from airworthy.charter.term import Name, Stage
from airworthy.record.decision import Route
from airworthy.service.live.point import Point
from airworthy.service.live.standing import Control, Standing

SANDBOX = ("a sandbox for one person, which can grant nothing real",)


class UseCase:
    """State of one use case. One thread at a time."""

    def __init__(self, charter: Charter, seed: bytes, random: Random) -> None:
        self.charter, self.name = charter, str(charter.use_case)
        self.points = {str(one.point): Point(charter, one, seed, random) for one in charter.decision_points}
        self.permit_digest = charter.permit_digest  # computed once
        self.control = Control()
        self.release_asked_by: str | None = None
        self.simulated = SANDBOX if charter.mode == "solo" else ()
        self._standing: Standing | None = None
        self._until: Micros | None = None

    def standing(self, now: Micros) -> Standing:
        """Where it stands at `now`; the same object as long as nothing changes."""
        if self._standing is None or (self._until is not None and now >= self._until):
            self._standing = self.control.standing(self.charter.stage, self.permit_digest, now)
            self._until = self._standing.changes_at
        return self._standing

    def changed(self) -> None:
        """A grant or a stop was recorded."""
        self._standing = None

    def advance(self, now: Micros) -> None:
        """Lets labels that have matured count at every point."""
        for point in self.points.values():
            point.advance(now)

    def seat_of(self, person: str, seats: Iterator[str]) -> str | None:
        """The first of `seats` that `person` holds."""
        return next((seat for seat in seats if person in self.holders(seat)), None)

    def holders(self, seat: str) -> tuple[str, ...]:
        """Who holds a seat."""
        named = [one.person for one in self._owners() if one.seat == seat and one.person]
        return (*self.charter.seats.get(Name(seat), ()), *named)

    def approver(self, person: str, stage: Stage) -> str:
        """The seat in whose name `person` may grant `stage`. Raises NotAllowed saying whose it is."""
        approvals = self.charter.approvals
        wanted = (getattr(approvals, stage, None) if approvals else None) or self.charter.owners.trust.seat
        if self.charter.mode != "solo" and person not in self.holders(wanted):
            who = ", ".join(self.holders(wanted)) or "nobody yet"
            help = f"`{wanted}` grants stage {stage}; held by {who}"
            raise NotAllowed(f"only seat `{wanted}` may grant stage {stage}", code="G053", help=help)
        return str(wanted)

    def stopper(self, person: str) -> str | None:
        """The trust or accountable seat `person` holds or deputises for, None for everybody else."""
        owners = (self.charter.owners.trust, self.charter.owners.accountable)
        seats = [seat for one in owners for seat in (one.seat, one.deputy) if seat]
        return self.seat_of(person, iter(map(str, seats)))

    def may_answer(self, person: str) -> bool:
        """Whether `person` holds any seat; in a sandbox anybody does."""
        return self.charter.mode == "solo" or any(person in self.holders(seat) for seat in self._seats())

    def asked(self, route: Route) -> str:
        """The seat that answers first."""
        first = self.charter.escalation.steps[0].to if self.charter.escalation.steps else "owner"
        if route == "escalate" or first == "owner":
            return str(self.charter.owners.outcome.seat)
        return first.partition("/")[2] or first

    def _owners(self) -> tuple[Owner, ...]:
        owners = self.charter.owners
        return owners.outcome, owners.trust, owners.accountable

    def _seats(self) -> set[str]:
        return {str(seat) for seat in self.charter.seats} | {str(one.seat) for one in self._owners()}
