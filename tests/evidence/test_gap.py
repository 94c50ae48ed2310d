"""Reading the gap report: the filter that flattered the pilot is named, time is not blamed for it."""

from __future__ import annotations

import numpy as np
import pytest

from airworthy.base.clock import Micros
from airworthy.evidence.gap import averaged, figures, read_gap
from airworthy.record.data import Ablation, GapMeasured, GapSlice


def slice_(name, right, sure=700_000, n=5_000):
    return GapSlice(name, n, right, sure, 10_000, None, None, None)


def measured(everything=(600_000, 600_000), confidence=(800_000, 790_000), **filters):
    ablations = [Ablation((), *everything, 5_000, 5_000)]
    ablations += [Ablation((name,), pilot, 600_000, 5_000, 5_000) for name, pilot in filters.items()]
    first, last = slice_("P0", 750_000, confidence[0]), slice_("P3", 600_000, confidence[1])
    return GapMeasured(
        id="g", ts=Micros(0), at=Micros(0), use_case="u", run="r", seeds=1, act_at=50_000,
        slices=(first, slice_("P1", 600_000), slice_("P2", 740_000), last), ablations=tuple(ablations),
        over_time=(), honest_coverage=None, honest_n=100,
    )  # fmt: skip


def test_the_filters_with_a_real_part_of_the_gap_are_named_largest_first():
    found = read_gap(measured(easy=700_000, tidy=650_000, harmless=605_000))
    assert found.named == ("easy", "tidy")
    assert [cause.name for cause in found.causes] == ["easy", "tidy", "harmless"]
    assert (found.verdict, found.drifted) == ("the pilot saw easier work", False)


def test_time_is_named_where_it_alone_moves_the_work():
    found = read_gap(measured(everything=(700_000, 600_000), harmless=605_000))
    assert (found.verdict, found.named) == ("the work changed", ())
    assert found.drift[2] < 0


def test_both_are_named_where_both_did_it():
    assert read_gap(measured(everything=(700_000, 600_000), easy=700_000)).verdict == "both"


def test_nothing_is_blamed_where_nothing_broke():
    assert read_gap(measured(harmless=601_000)).verdict == "nothing broke"


def test_how_far_confidence_moved_is_unknown_where_there_was_none():
    assert read_gap(measured()).confidence_moved == pytest.approx(-0.01)
    assert read_gap(measured(confidence=(None, None))).confidence_moved is None


def test_figures_of_a_slice_by_hand():
    loss, score = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.95, 0.85, 0.75, 0.15])
    found = figures(loss, score, np.array([0.0, np.nan, 1.0, 0.0]), 0.8)
    assert (found.n, found.accuracy, found.coverage, found.acted_error) == (4, 0.5, 0.5, 0.5)
    assert found.confidence == pytest.approx(0.675)
    assert found.calibration_error == pytest.approx((0.05 + 0.85 + 0.25 + 0.15) / 4)
    assert found.person_accuracy == pytest.approx(2 / 3)


def test_an_empty_slice_measures_nothing():
    none = np.empty(0)
    found = averaged("P2", [figures(none, none, none, 0.5)])
    assert found == GapSlice("P2", 0, None, None, None, None, None, None)


def test_items_that_stand_for_others_weigh_as_many():
    found = figures(np.array([1.0, 0.0]), np.array([0.5, 0.5]), np.full(2, np.nan), None, np.array([3.0, 1.0]))
    assert found.accuracy == pytest.approx(0.25)
