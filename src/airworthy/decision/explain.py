"""Reasons in plain words, from the very values that decided."""

from __future__ import annotations

from airworthy.record.decision import Reason

WORDS = {
    "stopped": "the stop switch is pulled",
    "grant.expired": "the grant has expired",
    "grant.none": "no grant lets `{about}` run at the stage its charter declares; see airworthy grant",
    "grant.policy": "the grant of `{about}` was given for other rules; see airworthy grant",
    "model.other": "another version of the model spoke than the one that was judged",
    "output.malformed": "the output is not what its schema allows: {about}",
    "model.failed": "the model gave nothing usable",
    "client.unreachable": "the gateway could not be reached",
    "client.slow": "the gateway did not answer in time",
    "client.overloaded": "the gateway had more work than it can record",
    "client.refused": "the gateway refused",
    "client.store": "nothing could be recorded",
    "answered.accepted": "people let it be carried out",
    "answered.corrected": "people corrected it",
    "answered.challenged": "it was challenged",
    "answered.deadline": "nobody answered in time, so the work is done as before",
    "answered.fell_back": "the caller had fallen back meanwhile",
    "answered.withdrawn": "what allowed it holds no longer",
    "permit.gone": "the permit it gave is good no longer",
    "answered.stopped": "the stop switch was pulled meanwhile",
    "segment.unknown": "this kind of item belongs to no declared segment",
    "score.missing": "the AI gave no confidence",
    "gate.closed": "not enough evidence yet that `{about}` stays within the error budget",
    "gate.below": "its confidence is below what is certified for `{about}`",
    "gate.certified": "at or above the certified threshold for `{about}`",
    "irreversible.not_measured": "this effect cannot be undone, and confidence is not measured yet",
    "rule": "rule `{about}` asks for it",
    "rule.agrees": "rule `{about}` has nothing against it",
    "rule.not_evaluated": "rule `{about}` could not be evaluated, so a person decides",
    "source.not_read": "source `{about}` was not read",
    "source.owner": "nobody who owns source `{about}` has answered",
    "source.definition": "the terms of source `{about}` are not agreed",
    "source.contract": "source `{about}` breaks its contract",
    "source.stale": "source `{about}` is older than it may be",
    "source.incomplete": "source `{about}` lacks a field this decision reads",
    "source.lineage": "nobody knows where source `{about}` comes from",
    "source.basis": "nothing allows source `{about}` to be used for this",
    "source.unknown": "nobody knows whether source `{about}` can be defended",
    "source.not_defended": "source `{about}` cannot be defended now",
    "stage.pilot": "stage pilot: a person looks at every output",
    "stage.shadow": "stage shadow: recorded, influences nothing",
    "stage.assist": "stage assist: people decide, with the output in front of them",
}


def explain(reason: Reason) -> str:
    """One reason as a person reads it; an unknown code is shown as it stands."""
    return WORDS.get(reason.code, reason.code + (" `{about}`" if reason.about else "")).format(about=reason.about)
