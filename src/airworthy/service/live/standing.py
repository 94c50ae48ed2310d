"""At which stage a use case may run now: what its charter declares, what was granted, whether it was stopped."""

from __future__ import annotations

import msgspec

from airworthy.base.clock import Micros
from airworthy.charter.term import STAGES
from airworthy.record.control import GrantGiven, GrantRevoked, StopPulled, StopReleased
from airworthy.record.decision import Stage

UNGRANTED: Stage = "shadow"  # influences nothing, so it needs no grant


class Standing(msgspec.Struct, frozen=True):
    """Where one use case stands at a moment."""

    stage: Stage
    granted_until: Micros | None = None
    stopped: bool = False
    changes_at: Micros | None = None  # when time alone will change it
    lacks: str = ""  # why it stands below what its charter declares: `grant.none` or `grant.policy`


class Control:
    """Grants and stops of one use case, as recorded. One thread at a time."""

    def __init__(self) -> None:
        self.grant: GrantGiven | None = None
        self.stop: StopPulled | None = None

    def apply(self, record: GrantGiven | GrantRevoked | StopPulled | StopReleased) -> None:
        """Takes a record into account; a grant replaces the one before it."""
        match record:
            case GrantGiven():
                self.grant = record
            case GrantRevoked():
                self.grant = None if self.grant is not None and self.grant.grant == record.grant else self.grant
            case StopPulled():
                self.stop = self.stop or record
            case StopReleased():
                self.stop = None

    def standing(self, declared: Stage, permits: str, now: Micros) -> Standing:
        """Where the use case stands at `now`: never above what its charter declares.

        permits   digest a grant must have been given under

        Without a grant it runs at most in shadow. An expired grant lets it fall by one stage, so that nothing it
        allowed goes on. A grant given under another policy holds no longer.
        """
        stopped, grant = self.stop is not None, self.grant
        if grant is None or grant.policy != permits:
            stage = _lower(declared, UNGRANTED)
            lacks = "" if stage == declared else "grant.none" if grant is None else "grant.policy"
            return Standing(stage, None, stopped, lacks=lacks)
        if now < grant.until:
            return Standing(_lower(declared, grant.stage), grant.until, stopped, grant.until)
        fallen = STAGES[max(0, STAGES.index(grant.stage) - 1)]
        return Standing(_lower(declared, fallen), grant.until, stopped)


def _lower(one: Stage, other: Stage) -> Stage:
    return min(one, other, key=STAGES.index)
