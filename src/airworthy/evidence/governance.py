"""Governance: whether it can be explained, defended, and lets the use case scale."""

from __future__ import annotations

import numpy as np

from airworthy.charter.model import Charter
from airworthy.evidence.facts import Facts
from airworthy.evidence.measurement import Measurement, Measures, Share, Unmeasured
from airworthy.record.governance import UNDATED


def governed_before_first_real_decision(facts: Facts, charter: Charter) -> Measurement:
    """Share of real decisions made after the charter was adopted."""
    if not facts.live:
        return Unmeasured(
            "no real decision has been made: everything recorded is a backtest", "decisions through the gateway"
        )
    by_people = [one.ts for one in facts.charters if one.actor is None or one.actor.role != "backtest"]
    adopted = min(by_people, default=np.iinfo(np.int64).max)
    real = facts.decisions.work == ""
    return Share((facts.decisions.at[real] >= adopted).astype(float), facts.decisions.at[real], "real decision")


def rules_in_force(facts: Facts, charter: Charter) -> Measurement:
    """Share of decisions that carry the digest of an adopted charter's policy."""
    made = facts.decisions
    if not len(made):
        return Unmeasured("no decision under this policy is recorded", "`airworthy backtest`, or live decisions")
    adopted = any(one.policy == charter.policy_digest for one in facts.charters)
    return Share(np.full(len(made), float(adopted)), made.at, "decision")


def duties_separated(facts: Facts, charter: Charter) -> Measurement:
    """Share of grants and approvals signed by someone who did not author them."""
    return Unmeasured("nothing has been granted or approved yet", "a grant")


def log_complete(facts: Facts, charter: Charter) -> Measurement:
    """Share of items of the source that have no decision in the log."""
    if facts.started is None:
        return Unmeasured("nothing to reconcile the log with", "the items of the system of record")
    if facts.finished is None:
        return Unmeasured(
            "the backtest has not finished", "run `airworthy backtest` again: it goes on where it stopped"
        )
    undated = sum(one.items for one in facts.finished.left_out if one.why == UNDATED)
    items, made = facts.started.items + undated, len(facts.decisions)
    missing = np.zeros(items)
    missing[min(made, items) :] = 1.0
    return Share(missing, np.full(items, facts.finished.at), "item of the log file")


def log_anchored(facts: Facts, charter: Charter) -> Measurement:
    """Share of entries covered by a checkpoint that someone else holds."""
    return Unmeasured(
        "nobody else holds a checkpoint of this log", "a checkpoint committed with the charter, or a witness"
    )


def replay_agrees(facts: Facts, charter: Charter) -> Measurement:
    """Share of replayed decisions that come out differently."""
    return Unmeasured("no decision has been replayed", "a replay of decisions drawn by the auditor")


def fallback_drilled(facts: Facts, charter: Charter) -> Measurement:
    """Share of fallback drills that failed or were late."""
    return Unmeasured("the fallback has not been drilled", "a drill of the fallback")


def stop_drilled(facts: Facts, charter: Charter) -> Measurement:
    """Share of stop drills that failed or were late."""
    return Unmeasured("the stop switch has not been drilled", "a drill of the stop switch")


def waivers_in_date(facts: Facts, charter: Charter) -> Measurement:
    """Share of waivers past their date."""
    return Unmeasured("no waiver is recorded, and none can be yet", "the grant record")


def governance_lead_time(facts: Facts, charter: Charter) -> Measurement:
    """Share of requests granted or refused within ten working days."""
    return Unmeasured("nobody has asked for a stage yet", "a request for promotion")


MEASURES: Measures = {
    "governed-before-first-real-decision": governed_before_first_real_decision,
    "rules-in-force": rules_in_force,
    "duties-separated": duties_separated,
    "log-complete": log_complete,
    "log-anchored": log_anchored,
    "replay-agrees": replay_agrees,
    "fallback-drilled": fallback_drilled,
    "stop-drilled": stop_drilled,
    "waivers-in-date": waivers_in_date,
    "governance-lead-time": governance_lead_time,
}
