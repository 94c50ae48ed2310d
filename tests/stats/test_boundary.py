from __future__ import annotations

import numpy as np
import pytest

from airworthy.stats.boundary import NEVER, Boundary
from airworthy.stats.eprocess import above, below

BUDGETS = [1e-5, 0.005, 0.05, 0.2, 0.6, 0.99]


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("level", [0.1, 1e-4])
def test_the_boundary_to_open_is_the_closed_form_exactly(budget, level):
    least = Boundary(budget=budget, level=level).upto(300)
    errors = np.arange(301)
    assert np.all(below(errors, least, budget) >= -np.log(level))
    assert np.all(below(errors, least - 1, budget) < -np.log(level))


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("level", [0.1, 1e-4])
def test_the_boundary_to_revoke_is_the_closed_form_exactly(budget, level):
    most = Boundary(budget=budget, level=level, side="above").upto(300)
    errors = np.arange(301)
    revokes = most != NEVER
    assert np.all(above(errors[revokes], most[revokes], budget) >= -np.log(level))
    assert np.all(above(errors, np.maximum(most, errors - 1) + 1, budget) < -np.log(level))
    assert np.all(most[revokes] >= errors[revokes])


def test_the_first_labels_that_decide_by_hand():
    # with no error E averages ((1 - p) / .95)^n over p below .05, and first reaches 20 at 88 labels
    by_hand = [(1 - 0.95 ** (n + 1)) / (0.05 * (n + 1) * 0.95**n) for n in (87, 88)]
    assert by_hand[0] < 20 <= by_hand[1]
    assert Boundary(budget=0.05, level=0.05).at(0) == 88


def test_growing_does_not_change_what_was_said():
    boundary = Boundary(budget=0.05, level=0.05)
    early = boundary.upto(10)
    boundary.at(500)
    assert boundary.upto(10).tolist() == early.tolist()
    assert boundary.edge(np.array([0, 7, 500])).tolist() == [boundary.at(0), boundary.at(7), boundary.at(500)]


def test_the_first_decision_is_found_as_by_looking_after_every_label():
    random = np.random.default_rng(5)
    for risk in (0.0, 0.01, 0.04, 0.05, 0.2):
        boundary, wrong = Boundary(budget=0.05, level=0.2), random.random(1_500) < risk
        looks = [boundary.reached(int(k), n) for n, k in enumerate(np.cumsum(wrong), start=1)]
        expected = looks.index(True) + 1 if any(looks) else None
        assert boundary.first(np.flatnonzero(wrong) + 1, len(wrong)) == expected
