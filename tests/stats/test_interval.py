from __future__ import annotations

import pytest
from scipy.integrate import quad
from scipy.stats import binom, binomtest

from airworthy.base.errors import OutOfRange
from airworthy.stats.interval import clopper_pearson, jeffreys, wilson

COUNTS = [(0, 20), (1, 20), (7, 50), (20, 20)]


@pytest.mark.parametrize(("errors", "labels"), COUNTS)
def test_clopper_pearson_and_wilson_agree_with_scipy(errors, labels):
    for ours, method in ((clopper_pearson, "exact"), (wilson, "wilson")):
        theirs = binomtest(errors, labels).proportion_ci(0.95, method=method)
        assert ours(errors, labels, level=0.025) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_jeffreys_ends_where_the_posterior_leaves_its_level():
    """The posterior of the rate under the prior p^-1/2 (1-p)^-1/2, by numerical integration."""

    def density(rate: float) -> float:
        return rate**6.5 * (1 - rate) ** 42.5

    low, high = jeffreys(7, 50, level=0.025)
    whole = quad(density, 0, 1)[0]
    assert quad(density, 0, low)[0] / whole == pytest.approx(0.025, abs=1e-6)
    assert quad(density, high, 1)[0] / whole == pytest.approx(0.025, abs=1e-6)


def test_clopper_pearson_by_hand():
    # no error in n: the upper end solves (1 - p)^n = level
    assert clopper_pearson(0, 29, level=0.05)[1] == pytest.approx(1 - 0.05 ** (1 / 29))


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.3])
def test_clopper_pearson_never_misses_more_often_than_promised(rate):
    """The exact chance of a miss, summed over every outcome of forty labels."""
    for side in (0, 1):
        missed = 0.0
        for errors in range(41):
            low, high = clopper_pearson(errors, 40, level=0.05)
            missed += binom.pmf(errors, 40, rate) * (rate < low if side == 0 else rate > high)
        assert missed <= 0.05


def test_no_labels_exclude_nothing():
    for interval in (clopper_pearson, jeffreys, wilson):
        assert interval(0, 0, level=0.05) == (0.0, 1.0)
        with pytest.raises(OutOfRange, match="`errors`"):
            interval(2, 1, level=0.05)
