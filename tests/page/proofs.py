"""A proof with everything a proof can hold."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from airworthy.charter.load import loads
from airworthy.claim.catalogue import BY_ID
from airworthy.claim.readiness import readiness
from airworthy.page import proof
from claim.facts import START, facts
from evidence.test_gap import measured
from page.looks import look_at
from service.worlds import CHARTER, PILOT

LOG = proof.LogFacts("airworthy.local/log", "airworthy.local/log+0a1b2c3d+AZbo" + "0" * 36, None, ".airworthy")


def whole_proof():
    """The page: claims refuted and undecided, the gap and its causes, the slider, bands and weeks."""
    charter = loads(CHARTER + PILOT, known_claims=BY_ID)
    gap = measured(only_filled_in_by_the_service_desk=700_000, commonest=650_000)
    *earlier, last = gap.slices
    gap = replace(gap, slices=(*earlier, replace(last, person_accuracy=620_000)))
    known = facts(500, loss=np.ones(500), person_loss=np.zeros(500), score=np.full(500, 0.9), gap=gap)
    return proof.page(charter, known, readiness(known, charter, "assist"), look_at("ordinary"), LOG, at=START)
