"""Confidence in words, and only once it was measured."""

from __future__ import annotations

import pytest

from airworthy.base.quantity import ppm
from airworthy.decision.confidence import band, confidence
from airworthy.record.decision import Confidence
from decision.worlds import MEASURED


def test_nothing_is_said_before_it_was_measured():
    assert confidence(0.9, None) is None
    assert confidence(None, MEASURED) is None


def test_what_stood_behind_it_is_said_with_it():
    found = confidence(0.9, MEASURED)
    assert (found.p, found.n, found.calibrator) == (ppm(0.9), 500, "d" * 64)


@pytest.mark.parametrize(
    ("p", "word"),
    [(1.0, "Established"), (0.95, "Established"), (0.949, "Likely"), (0.75, "Likely"), (0.74, "Doubtful")],
)
def test_each_band_has_one_word(p, word):
    assert band(Confidence(ppm(p), 500, "d")) == word
    assert band(None) == "Unknown"
