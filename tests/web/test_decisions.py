"""What a program asks over HTTP, and what it is told."""

from __future__ import annotations

import pytest

from airworthy.exchange.ask import MOST_AT_ONCE
from web.live import ask


def told(server, subject, **more):
    return server.client().post("/v1/decisions", json=ask(subject, **more))


def test_a_settled_decision_is_told_with_its_permit(server):
    answer = told(server, "claim/settled")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["route"] == "act"
    assert answer.json()["permit"]["terms"]["effect"] == "claims.pay"


def test_a_decision_that_waits_for_a_person_is_accepted_and_not_settled(server):
    answer = told(server, "ask/pending")
    assert answer.status_code == 202
    assert answer.json()["status"] == "pending"
    assert server.client().get(f"/v1/decisions/{answer.json()['id']}").status_code == 202


def test_asking_again_tells_the_same_again(server):
    first, second = told(server, "claim/again").json(), told(server, "claim/again").json()
    assert second == first | {"again": True}


def test_the_gateway_learns_who_asks_from_the_key_alone(server):
    told(server, "claim/who", requested_by="somebody else")
    caller = server.gateway.callers[-1]
    assert (caller.name, caller.scopes, caller.is_person) == ("the application", {"application"}, False)


def test_a_batch_is_told_in_its_order(server):
    asks = [ask(f"claim/batch{n}") for n in (3, 1, 2)]
    answer = server.client().post("/v1/decisions:batch", json={"asks": asks})
    assert answer.status_code == 200
    assert [one["subject"] for one in answer.json()["told"]] == [one["subject"] for one in asks]


def test_an_empty_batch_is_told_nothing(server):
    assert server.client().post("/v1/decisions:batch", json={"asks": []}).json() == {"told": []}


def test_more_at_once_than_a_request_may_bring_are_refused(server):
    answer = server.client().post("/v1/decisions:batch", json={"asks": [ask("many")] * (MOST_AT_ONCE + 1)})
    assert (answer.status_code, answer.json()["code"]) == (400, "H007")


def test_a_person_answers_what_they_saw(server):
    pending = told(server, "ask/answered").json()
    path = f"/v1/decisions/{pending['id']}/answers"
    stale = server.client("reviewer").post(path, json={"verb": "accept", "seen": "other bytes"})
    good = server.client("reviewer").post(path, json={"verb": "correct", "seen": "seen", "value": {"action": "hold"}})
    assert stale.status_code == 409
    assert good.status_code == 200
    assert good.json()["value"] == {"action": "hold"}


def test_a_failed_model_is_told_to_fall_back(server):
    answer = server.client().post("/v1/failures", json={"point": "claims.triage", "subject": "claim/failed"})
    assert (answer.status_code, answer.json()["route"]) == (200, "fallback")


def test_an_outcome_is_noted_and_one_for_an_unknown_decision_is_not(server):
    known = told(server, "claim/outcome").json()["id"]
    good = server.client().post("/v1/outcomes", json={"decision": known, "correct": False})
    bad = server.client().post("/v1/outcomes", json={"decision": "nobody", "correct": False})
    assert good.status_code == 200
    assert bad.status_code == 404


def test_a_permit_is_redeemed_once_and_its_end_is_noted(server):
    permit = told(server, "claim/permit").json()["permit"]
    id, client = permit["terms"]["permit"], server.client()
    redemption = {"permit": permit, "effect": "claims.pay", "payload": {"action": "pay"}}
    first, second = (client.post(f"/v1/permits/{id}/redeem", json=redemption) for _ in range(2))
    end = {"permit": id, "decision": permit["terms"]["decision"], "ended": "done"}
    assert (first.status_code, second.status_code) == (200, 409)
    assert client.post(f"/v1/permits/{id}/ended", json=end).status_code == 200


@pytest.mark.parametrize("verb", ["redeem", "ended"])
def test_a_path_that_names_another_permit_is_refused(server, verb):
    permit = told(server, f"claim/other/{verb}").json()["permit"]
    body = {
        "redeem": {"permit": permit, "effect": "claims.pay", "payload": {}},
        "ended": {"permit": permit["terms"]["permit"], "decision": "d", "ended": "done"},
    }[verb]
    answer = server.client().post(f"/v1/permits/another/{verb}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "H017")


def test_what_a_client_kept_is_recorded_once_however_often_it_comes(server):
    entry = {"id": "kept1", "at": "2026-11-22T10:00:00Z", "why": "unreachable", "ask": ask("claim/kept")}
    first, second = (server.client().post("/v1/spool", json={"entries": [entry]}).json() for _ in range(2))
    assert first["recorded"] == ["kept1"]
    assert (second["recorded"], second["known"]) == ([], ["kept1"])


def test_the_same_idempotency_key_with_another_body_is_a_conflict(server):
    client, key = server.client(), {"idempotency-key": "k1"}
    first = client.post("/v1/decisions", json=ask("claim/key"), headers=key)
    again = client.post("/v1/decisions", json=ask("claim/key"), headers=key)
    other = client.post("/v1/decisions", json=ask("claim/another"), headers=key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert (other.status_code, other.json()["code"]) == (409, "H014")


def test_an_idempotency_key_belongs_to_whoever_used_it(server):
    headers = {"idempotency-key": "shared"}
    mine = server.client().post("/v1/decisions", json=ask("claim/mine"), headers=headers)
    theirs = server.client("everything").post("/v1/decisions", json=ask("claim/theirs"), headers=headers)
    assert (mine.status_code, theirs.status_code) == (200, 200)


def test_a_key_whose_request_was_refused_may_be_used_for_the_corrected_one(server):
    client, key = server.client(), {"idempotency-key": "k2"}
    refused = client.post("/v1/decisions", json=ask("claim/k2", score="high"), headers=key)
    mended = client.post("/v1/decisions", json=ask("claim/k2", score=0.9), headers=key)
    assert (refused.status_code, mended.status_code) == (422, 200)


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_an_idempotency_key_of_no_use_is_refused(server, key):
    answer = server.client().post("/v1/decisions", json=ask("claim/k3"), headers={"idempotency-key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "H014")


def test_owners_grant_stop_and_release(server):
    owner, why = server.client("owner"), {"use_case": "claims", "why": "a drill"}
    grant = {"use_case": "claims", "stage": "assist", "until": "2027-01-01T00:00:00Z"}
    asked = [
        owner.post("/v1/stop", json=why),
        owner.post("/v1/release", json=why),
        owner.post("/v1/grants", json=grant),
        owner.post("/v1/grants/revoke", json={"use_case": "claims"}),
    ]
    assert [one.status_code for one in asked] == [200] * 4


def test_what_is_public_about_the_log_can_be_read(server):
    client = server.client("auditor")
    assert client.get("/v1/keys").json() == {"log": server.gateway.log.verifier_key, "permit": "ab" * 32}
    assert client.get("/v1/checkpoint").json()["code"] == "H019"
    server.gateway.log.signed = "airworthy.local/log\n1\nroot\n\n- signature\n"
    assert client.get("/v1/checkpoint").text == server.gateway.log.signed
    assert client.get("/v1/use-cases").json()["environment"] == "test"
