"""Clients that are slow on purpose: none of them holds a place for long."""

from __future__ import annotations

import pytest

from web.live import ask, live


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    with live(tmp_path_factory.mktemp("impatient"), read_s=0.2, connections=3) as running:
        yield running


def head(server, length):
    secret = server.secrets["application"]
    return (
        f"POST /v1/decisions HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {secret}\r\n"
        f"content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    ).encode()


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nhost: h\r\nx: "], ids=len)
def test_a_head_that_never_ends_is_hung_up_on(impatient, sent):
    with impatient.connected() as client:
        client.sendall(sent)
        answer, problem = impatient.heard(client)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert problem["code"] == "H004"


def test_a_body_that_never_ends_is_hung_up_on(impatient):
    with impatient.connected() as client:
        client.sendall(head(impatient, 1_000) + b'{"point":')
        answer, problem = impatient.heard(client)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert problem["code"] == "H004"
    assert impatient.house.deciding.taken == 0


def test_a_head_without_an_end_to_its_size_is_hung_up_on(impatient):
    with impatient.connected() as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\n" + b"x-pad: " + b"y" * 80_000)
        answer, problem = impatient.heard(client)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert problem["code"] == "H015"


def test_a_quiet_connection_may_be_used_again(impatient):
    client = impatient.client()
    assert client.get("/healthz").status_code == 200
    impatient.until(lambda: impatient.server.server_state.total_requests > 0)
    assert client.post("/v1/decisions", json=ask("claim/quiet")).status_code == 200


def test_a_slow_gateway_is_not_taken_for_a_slow_client(tmp_path):
    with live(tmp_path, read_s=0.05) as server:
        server.gateway.delay_s = 0.4
        assert server.client().post("/v1/decisions", json=ask("claim/slow")).status_code == 200


def test_more_connections_than_allowed_are_turned_away(impatient):
    kept = [impatient.connected() for _ in range(3)]
    try:
        impatient.until(lambda: len(impatient.server.server_state.connections) == 3)
        with impatient.connected() as one_more:
            answer, problem = impatient.heard(one_more)
    finally:
        for one in kept:
            one.close()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert problem["code"] == "H012"


def test_a_client_that_hangs_up_leaves_nothing_behind(tmp_path):
    with live(tmp_path) as server:
        server.gateway.hold()
        with server.connected() as client:
            body = b'{"point":"claims.triage","subject":"claim/gone","output":1}'
            client.sendall(head(server, len(body)) + body)
            server.until(lambda: server.house.deciding.taken == 1)
        server.gateway.let_go()
        server.until(lambda: server.house.deciding.taken == 0)
        assert server.client().post("/v1/decisions", json=ask("claim/gone", output=1, score=None)).json()["again"]
