from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import norm

from airworthy.base.errors import OutOfRange
from airworthy.stats.calibration import (
    ISOTONIC_FROM,
    Calibrator,
    NotYetMeasured,
    expected_calibration_error,
    fit,
    reliability,
    smooth_calibration_error,
    venn_abers,
)
from airworthy.stats.sequence import rate_interval


def overconfident(rows: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    scores = random.random(rows)
    return scores, (random.random(rows) < scores**2).astype(int)


def test_the_logistic_is_the_one_scikit_learn_finds():
    linear_model = pytest.importorskip("sklearn.linear_model")
    scores, right = overconfident(1_000)
    found = fit(scores, right)
    rights = right.sum()
    target = np.where(right == 1, (rights + 1) / (rights + 2), 1 / (1_000 - rights + 2))
    logits = np.log(scores / (1 - scores))[:, None]
    oracle = linear_model.LogisticRegression(C=np.inf, tol=1e-12, max_iter=1_000)
    # each case once as right and once as wrong, weighted by its target, is the likelihood of a soft target
    oracle.fit(
        np.vstack((logits, logits)),
        np.repeat([1, 0], 1_000),
        sample_weight=np.concatenate((target, 1 - target)),
    )
    assert found.kind == "logistic"
    assert found.slope == pytest.approx(oracle.coef_[0, 0], abs=1e-4)
    assert found.intercept == pytest.approx(oracle.intercept_[0], abs=1e-4)


def test_the_isotonic_curve_is_the_one_scikit_learn_finds():
    isotonic = pytest.importorskip("sklearn.isotonic")
    scores, right = overconfident(ISOTONIC_FROM)
    scores = np.round(scores, 3)  # with ties
    grid = np.linspace(0, 1, 501)
    oracle = isotonic.IsotonicRegression(out_of_bounds="clip").fit(scores, right)
    found = fit(scores, right)
    assert found.kind == "isotonic"
    np.testing.assert_allclose(found.apply(grid), oracle.predict(grid), atol=1e-12)


@pytest.mark.parametrize("rows", [1_000, ISOTONIC_FROM])
def test_one_score_at_a_time_gives_what_the_array_gives(rows):
    found = fit(*overconfident(rows))
    grid = np.linspace(0, 1, 97)
    assert [found.confidence(score) for score in grid.tolist()] == pytest.approx(found.apply(grid).tolist(), abs=1e-15)


@pytest.mark.parametrize("rows", [1_000, ISOTONIC_FROM])
def test_a_calibrator_survives_being_written_down(rows):
    found = fit(*overconfident(rows))
    plain = json.loads(json.dumps(found.to_plain()))
    plain["scores"], plain["confidences"] = tuple(plain["scores"]), tuple(plain["confidences"])
    assert Calibrator(**plain) == found


@pytest.mark.parametrize("rows", [2_000, 20_000])
def test_calibrating_makes_fresh_scores_honest(rows):
    found = fit(*overconfident(rows))
    scores, right = overconfident(20_000, seed=2)
    assert smooth_calibration_error(scores, right) > 0.12
    assert smooth_calibration_error(found.apply(scores), right) < 0.05


def test_there_is_no_confidence_before_there_are_labels():
    with pytest.raises(NotYetMeasured, match="14 of 200"):
        fit([0.5] * 14, [1] * 14)
    with pytest.raises(NotYetMeasured, match="all alike"):
        fit(np.linspace(0, 1, 300), [1] * 300)


def test_expected_calibration_error_by_hand():
    # ten cases at .85 with nine right, ten at .25 with one right: half of |.9 - .85| and half of |.1 - .25|
    scores, right = [0.85] * 10 + [0.25] * 10, [1] * 9 + [0] + [1] + [0] * 9
    assert expected_calibration_error(scores, right) == pytest.approx(0.5 * 0.05 + 0.5 * 0.15)


def test_smooth_calibration_error_by_hand():
    # all residuals of one sign: smoothing cannot cancel anything, the error is their mean
    assert smooth_calibration_error([0.5] * 10, [1] * 6 + [0] * 4) == pytest.approx(0.1, abs=1e-8)
    assert smooth_calibration_error([1.0] * 10, [1] * 6 + [0] * 4) == pytest.approx(0.4, abs=1e-8)


def test_smooth_calibration_error_is_the_fixed_point_of_the_reflected_kernel():
    """The slow version: at the scale found, the integral of the absolute kernel average equals the scale."""
    scores, right = overconfident(300)
    scores = np.round(scores, 3)
    scale, grid = smooth_calibration_error(scores, right), np.linspace(0, 1, 2_001)
    images = np.concatenate([2 * turn + sign * scores for turn in range(-3, 4) for sign in (-1, 1)])
    kernel = norm.pdf(grid[:, None], images[None, :], scale)
    residual = kernel @ np.tile(right - scores, 14) / len(scores)
    assert np.trapezoid(np.abs(residual), grid) == pytest.approx(scale, abs=2e-4)


def test_reliability_counts_every_case_once_and_shows_empty_bands():
    scores, right = [0.0, 0.49, 0.5, 1.0], [0, 1, 1, 1]
    low, middle, high = reliability(scores, right, [0, 0.5, 0.9, 1])
    assert (low.labels, low.right, low.mean_score) == (2, 1, pytest.approx(0.245))
    assert (middle.labels, high.labels) == (1, 1)
    assert low.interval == pytest.approx(rate_interval(1, 2, level=0.05))
    (_, empty) = reliability([0.1], [1], [0, 0.5, 1])
    assert (empty.labels, empty.interval) == (0, (0.0, 1.0))


def test_venn_abers_by_hand():
    # added as wrong, one right in the three at .5 and .6; added as right, two in those three
    assert venn_abers([0.2, 0.5, 0.6, 0.9], [0, 1, 0, 1], 0.6) == pytest.approx((1 / 3, 2 / 3))


def test_venn_abers_narrows_with_labels_and_holds_the_fitted_value():
    few, many = (venn_abers(*overconfident(rows), 0.7) for rows in (100, 4_000))
    assert many[1] - many[0] < few[1] - few[0]
    assert many[0] <= float(np.mean(many)) <= many[1]
    assert many[0] == pytest.approx(0.49, abs=0.08)


def test_impossible_arguments_are_named():
    with pytest.raises(OutOfRange, match="`scores`"):
        fit([1.2], [1])
    with pytest.raises(OutOfRange, match="`right`"):
        fit([0.2, 0.3], [1])
    with pytest.raises(OutOfRange, match="`right`"):
        fit([0.2], [0.5])
    with pytest.raises(OutOfRange, match="`bands`"):
        reliability([0.2], [1], [0.1, 1.0])
    with pytest.raises(OutOfRange, match="`score`"):
        fit(*overconfident(300)).confidence(float("nan"))
