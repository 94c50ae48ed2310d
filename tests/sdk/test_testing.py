"""What users of the package get for their own tests."""

from __future__ import annotations

import pytest

import airworthy
from airworthy.sdk.testing import TestGateway
from airworthy.testing import TestGateway as Shown
from sdk.claims import PAY, POINT

pytest_plugins = ["pytester"]


def test_the_package_offers_it_by_name():
    assert airworthy.testing.TestGateway is TestGateway
    assert "gateway" in dir(airworthy.testing)


def test_it_can_be_imported_from_where_it_is_shown():
    assert Shown is TestGateway


def test_the_package_shows_its_public_names_and_no_others():
    assert dir(airworthy) == sorted(airworthy.__all__)
    assert {"connect", "observe", "Decision", "testing"} <= set(dir(airworthy))
    assert all(getattr(airworthy, name) is not None for name in airworthy.__all__)


def test_every_error_a_call_can_meet_stands_at_the_top():
    for error in (
        airworthy.BadInput,
        airworthy.NotFound,
        airworthy.Conflict,
        airworthy.NotAllowed,
        airworthy.StoreError,
    ):
        assert issubclass(error, airworthy.AirworthyError)


def test_a_route_can_be_changed_on_the_way(gateway):
    gateway.will(POINT, route="act")
    assert gateway.decide(POINT, subject="claim/1", output=PAY).route == "act"
    gateway.will(POINT, route="escalate")
    assert gateway.decide(POINT, subject="claim/2", output=PAY).route == "escalate"
    assert [told.route for told in gateway.decisions] == ["act", "escalate"]


def test_a_scripted_person_answers_what_waits(gateway):
    gateway.answers(POINT, "cannot_tell")
    assert gateway.decide(POINT, subject="claim/1", output=PAY).wait(5).route == "fallback"


def test_a_word_that_is_unknown_is_refused_with_those_that_are_not(gateway):
    with pytest.raises(ValueError, match="act, review, escalate, fallback"):
        gateway.will(POINT, route="approve")
    with pytest.raises(ValueError, match="accept, correct, challenge, cannot_tell, escalate"):
        gateway.answers(POINT, "cannot tell")
    with pytest.raises(ValueError, match="unreachable, slow, overloaded, refused, store"), gateway.down("offline"):
        pass


def test_two_runs_are_the_same(tmp_path):
    def run(folder):
        with TestGateway(folder) as gateway:
            gateway.will(POINT, route="act")
            return gateway.decide(POINT, subject="claim/1", output=PAY)

    one, two = run(tmp_path / "one"), run(tmp_path / "two")
    assert (one.id, one.permit.terms) == (two.id, two.permit.terms)


def test_the_plugin_gives_the_fixture(pytester):
    pytester.makepyfile("""
        def test_a_claim_waits(gateway):
            assert gateway.decide("claims.triage", subject="claim/1", output={}).route == "review"
    """)
    pytester.runpytest_inprocess().assert_outcomes(passed=1)
