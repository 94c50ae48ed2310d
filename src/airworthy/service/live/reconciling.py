"""What clients could not hand over in time: recorded once each, however often it comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future

import msgspec

from airworthy.base.clock import Micros, micros
from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import AirworthyError, BadInput
from airworthy.base.ids import is_id
from airworthy.exchange.ask import MOST_AT_ONCE, Ask, Missed, Spooled
from airworthy.exchange.channel import Caller
from airworthy.exchange.told import Reconciled
from airworthy.record.decision import DecisionMade
from airworthy.record.store import Draft
from airworthy.record.trouble import ClientFellBack, GapNoted, ModelFailed
from airworthy.service.live.core import Core, require
from airworthy.service.live.deciding import Deciding, Fresh
from airworthy.service.live.judging import Judging
from airworthy.service.live.permitting import Permitting


class Work(msgspec.Struct):
    """One spool entry on its way into the log; `took` is done once the store has it."""

    drafts: list[Draft] = []
    took: Callable[[], None] = lambda: None


class Done(msgspec.Struct):
    """What became of the entries so far."""

    recorded: list[str] = []
    known: list[str] = []
    refused: list[tuple[str, str]] = []
    made: dict[tuple[str, str, int], DecisionMade | ModelFailed] = {}

    def told(self) -> Reconciled:
        """For the client."""
        return Reconciled(recorded=tuple(self.recorded), known=tuple(self.known), refused=tuple(self.refused))


class Reconciling:
    """Spools handed over."""

    def __init__(self, core: Core, deciding: Deciding, judging: Judging, permitting: Permitting) -> None:
        self._core, self._deciding = core, deciding
        self._judging, self._permitting = judging, permitting

    def reconcile(self, spooled: Sequence[Spooled], caller: Caller) -> Future[Reconciled]:
        """Records every entry that is not in the log yet; says which were, and which cannot be used and why."""
        require(caller, "application")
        if not 1 <= len(spooled) <= MOST_AT_ONCE:
            raise BadInput(
                [Diagnostic("G008", f"{len(spooled)} entries at once; between 1 and {MOST_AT_ONCE} can be taken")]
            )
        done = Done()
        with self._core.lock:
            now = self._core.now()
            # What speaks of a decision must find it in the log, so decisions go first and are waited for.
            first = [one for one in spooled if one.outcome is None and one.ended is None]
            last = [one for one in spooled if one.outcome is not None or one.ended is not None]
            self._append(first, done, now, caller).result()
            return self._append(last, done, now, caller, gap_of=spooled)

    def _append(
        self, entries: Sequence[Spooled], done: Done, now: Micros, caller: Caller, *, gap_of: Sequence[Spooled] = ()
    ) -> Future[Reconciled]:
        """Records what is not there yet, and at last that there was a gap."""
        works = [work for entry in entries if (work := self._tried(entry, done, now, caller)) is not None]
        drafts = [draft for work in works for draft in work.drafts]
        if gap_of and done.recorded:
            drafts.append(self._gap(gap_of, now))
        future = self._core.append(drafts, lambda _: done.told()) if drafts else _ready(done.told())
        for work in works:
            work.took()
        return future

    def _tried(self, entry: Spooled, done: Done, now: Micros, caller: Caller) -> Work | None:
        """What an entry adds; None where it is there already, or cannot be used."""
        if entry.id in done.recorded:
            return None
        try:
            work = self._work(entry, done, now, caller)
        except AirworthyError as error:
            done.refused.append((entry.id, str(error.diagnostics[0])))
            return None
        except Exception as error:  # the edge of one entry: a defect of ours must not keep those behind it out
            done.refused.append((entry.id, f"X000 it cannot be taken: {type(error).__name__}"))
            return None
        (done.known if work is None else done.recorded).append(entry.id)
        return work

    def _work(self, entry: Spooled, done: Done, now: Micros, caller: Caller) -> Work | None:
        """What an entry adds to the log, None where it is there. Raises BadInput, NotFound."""
        said = [one for one in (entry.ask, entry.failure, entry.outcome, entry.ended) if one is not None]
        if len(said) != 1 or not is_id(entry.id) or entry.at.tzinfo is None:
            help = "one of ask, failure, outcome and ended, a random id, a moment with its zone"
            raise BadInput([Diagnostic("G070", "this is no spool entry", help=help)])
        id, at = f"spool.{entry.id}", min(micros(entry.at), now)
        if entry.ask is not None:
            return self._ask(entry.ask, id, Micros(at), entry.why, done, now)
        if entry.failure is not None:
            fresh = self._deciding.late_failure(entry.failure, now)
            once = (entry.failure.point, entry.failure.subject, entry.failure.attempt)
            if fresh is None or once in done.made:
                return None
            assert isinstance(fresh.record, ModelFailed)
            done.made[once] = fresh.record
            return Work(list(fresh.drafts))
        if entry.outcome is not None:
            if self._is_there(entry.outcome.decision, id):
                return None
            heard = self._judging.hear(entry.outcome, now, id, caller)
            return Work([heard.draft], lambda: self._judging.took(heard))
        assert entry.ended is not None
        if self._is_there(entry.ended.decision, id) or self._permitting.has_ended(entry.ended):
            return None
        return Work([self._permitting.finishing(entry.ended, now, id)])

    def _ask(self, ask: Ask, id: str, at: Micros, why: Missed, done: Done, now: Micros) -> Work | None:
        """A decision the caller did not hear: made now for the record, or there already and then taken back."""
        once = (ask.point, ask.subject, ask.attempt)
        found = done.made.get(once) or self._deciding.late(ask, at, why, now)
        decision = found.record.id if isinstance(found, Fresh) else found.id
        if isinstance(found, Fresh):
            done.made[once] = found.record  # asked about twice while nobody answered: one decision, two callers
        if not isinstance(found, Fresh) and self._is_there(decision, id):
            return None
        case = self._core.cases[ask.point.partition(".")[0]]
        missed = ClientFellBack(
            id=id, ts=now, at=at, use_case=case.name, simulated=case.simulated, decision=decision, why=why
        )
        if isinstance(found, Fresh):
            return Work([*found.drafts, Draft(record=missed)], lambda: self._deciding.record_late(found, now))
        drafts, took = self._core.take_back(found.id, now)
        return Work([Draft(record=missed), *drafts], took)

    def _is_there(self, decision: str, id: str) -> bool:
        """Whether the log has this spool entry already."""
        about = (*self._core.store.about(decision), *self._core.store.about(id))
        return any(f'"id":"{id}"'.encode() in stored.leaf for stored in about)

    def _gap(self, spooled: Sequence[Spooled], now: Micros) -> Draft:
        moments = [min(micros(one.at), now) for one in spooled if one.at.tzinfo is not None]
        return Draft(record=GapNoted(
            id=self._core.id(now), ts=now, at=now, use_case="", since=Micros(min(moments)), until=Micros(max(moments)),
            entries=len(spooled), why=spooled[0].why,
        ))  # fmt: skip


def _ready(told: Reconciled) -> Future[Reconciled]:
    future: Future[Reconciled] = Future()
    future.set_result(told)
    return future
