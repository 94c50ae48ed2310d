"""What whoever operates a server can see: its metrics and its journal, and never what flowed through."""

from __future__ import annotations

import logging

import pytest
from prometheus_client.parser import text_string_to_metric_families

from airworthy.base.clock import FixedClock, Micros
from airworthy.web.journal import MOST_BATCHES, Journal, Line
from web.live import ask, live


@pytest.fixture
def fresh(tmp_path):
    with live(tmp_path) as running:
        yield running


def numbers(server):
    """Every sample by its name and labels."""
    text = server.client("auditor").get("/metrics").text
    return {
        (sample.name.removeprefix("airworthy_"), *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def redeemed(server, permit):
    body = {"permit": permit, "effect": "claims.pay", "payload": {}}
    return server.client().post(f"/v1/permits/{permit['terms']['permit']}/redeem", json=body)


def test_decisions_are_counted_by_use_case_point_and_route(fresh):
    client = fresh.client()
    for subject in ("claim/1", "claim/2", "claim/2", "ask/3"):
        client.post("/v1/decisions", json=ask(subject))
    client.post("/v1/decisions:batch", json={"asks": [ask("claim/4")]})
    client.post("/v1/failures", json={"point": "claims.triage", "subject": "claim/5"})
    found = numbers(fresh)
    assert found["decisions_total", "act", "claims", "triage"] == 3
    assert found["decisions_total", "claims", "review", "triage"] == 1
    assert found["decisions_again_total",] == 1
    assert found["fallbacks_total", "claims", "triage"] == 1


def test_permits_and_spooled_entries_are_counted_by_what_became_of_them(fresh):
    permit = fresh.client().post("/v1/decisions", json=ask()).json()["permit"]
    assert [redeemed(fresh, permit).status_code for _ in range(2)] == [200, 409]
    entry = {"id": "kept", "at": "2026-11-22T10:00:00Z", "why": "slow", "ask": ask()}
    fresh.client().post("/v1/spool", json={"entries": [entry]})
    found = numbers(fresh)
    assert [found["permits_total", event] for event in ("issued", "redeemed", "refused")] == [1, 1, 1]
    assert found["spooled_total", "recorded"] == 1


def test_answers_are_timed_by_route_and_waits_are_not(fresh):
    fresh.client().post("/v1/decisions", json=ask())
    fresh.client().get("/v1/decisions/nobody?wait=0.01")
    found = numbers(fresh)
    assert found["request_seconds_count", "/v1/decisions"] == 1
    assert found["request_seconds_bucket", "+Inf", "/v1/decisions"] == 1
    assert 0 < found["request_seconds_sum", "/v1/decisions"] < 5
    assert ("request_seconds_count", "/v1/decisions/{id}") not in found
    assert found["requests_total", "/v1/decisions/{id}", "404"] == 1


def test_the_state_of_the_gateway_is_told_as_it_is_now(fresh):
    fresh.gateway.record("decision.made", "d", ts=fresh.clock.now() - 5_000_000)
    found = numbers(fresh)
    assert (found["is_ok",], found["is_broken",]) == (1, 0)
    assert (found["log_entries",], found["decisions_in_flight",]) == (1, 0)
    assert 5 <= found["unsigned_seconds",] < 60
    fresh.gateway.log.signed = "a note"
    assert numbers(fresh)["unsigned_seconds",] == 0


def test_no_label_holds_what_a_caller_wrote(fresh):
    secret = "somebody/private"
    fresh.client().post("/v1/decisions", json=ask(secret, context=secret))
    fresh.client().post("/v1/decisions", json=ask() | {"point": secret})
    fresh.client().get(f"/v1/decisions/{secret}")
    fresh.client().get(f"/{secret}")
    assert secret not in fresh.client().get("/metrics").text


def test_a_request_is_one_line_with_everything_needed_to_find_it(fresh):
    answer = fresh.client().post("/v1/decisions", json=ask())
    fresh.client().get("/v1/decisions/nobody")
    fresh.client("nobody").get("/v1/keys")
    fresh.end()
    good, missing, stranger = fresh.lines()
    assert {name: good[name] for name in ("level", "method", "route", "status", "environment")} == {
        "level": "info", "method": "POST", "route": "/v1/decisions", "status": 200, "environment": "test",
    }  # fmt: skip
    assert good["request"] == answer.headers["request-id"]
    assert good["key"] == fresh.keys["application"].id
    assert good["ms"] > 0
    assert good["ts"].endswith("Z")
    assert (missing["route"], missing["status"], missing["code"]) == ("/v1/decisions/{id}", 404, "G404")
    assert (stranger["route"], stranger["code"], stranger.get("key")) == ("", "H009", None)


def test_no_line_holds_content_a_path_or_a_secret(fresh):
    client = fresh.client()
    client.post("/v1/decisions?q=query-secret", json=ask("subject-secret", context="context-secret"))
    client.post("/v1/decisions", content=b'{"point":"body-secret"', headers={"content-type": "application/json"})
    client.post("/v1/decisions", json=ask() | {"field-secret": 1})
    client.get("/v1/decisions/path-secret")
    client.get("/other-path-secret")
    fresh.end()
    assert len(fresh.lines()) == 5
    for word in ("secret", *fresh.secrets.values()):
        assert word not in fresh.written.getvalue()


def test_a_level_leaves_out_what_lies_below_it(tmp_path):
    with live(tmp_path, level="warning") as server:
        server.client().get("/healthz")
        server.client().get("/v1/decisions/nobody")
    assert [line["status"] for line in server.lines()] == [404]


def test_a_library_that_complains_is_a_line_without_its_words(fresh):
    def complain():
        try:
            raise ValueError("words that may hold content")
        except ValueError:
            logging.getLogger("uvicorn.error").exception("words that may hold %s", "content")

    complain()
    fresh.end()
    (line,) = fresh.lines()
    assert line["said"] == "uvicorn.error.complain: ValueError"
    assert "words" not in fresh.written.getvalue()


class Stuck:
    """A sink nobody reads."""

    def write(self, text):
        raise BrokenPipeError

    def flush(self):
        raise AssertionError("never reached")


def test_a_journal_nobody_reads_stops_nothing():
    journal = Journal(Stuck(), FixedClock(Micros(1_795_000_000_000_000)))
    for _ in range(3):
        line = Line(
            ts=journal.now(), level="info", method="GET", route="/", status=200, ms=1.0, request="r", environment="test"
        )
        journal.put(line)
    journal.close()
    assert journal.dropped == 3
    assert journal.now() == "2026-11-18T11:06:40.000000Z"
    assert MOST_BATCHES > 1
