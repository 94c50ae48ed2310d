"""Waiting on purpose: for a person's answer, and for what happens next."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import msgspec
import pytest

from airworthy.base.clock import SystemClock
from airworthy.base.ids import SystemRandom
from airworthy.service.access import KeyFile
from web.live import ask, live


def decided(server, subject):
    return server.client().post("/v1/decisions", json=ask(subject)).json()["id"]


class Stream:
    """Events as a reader sees them."""

    def __init__(self, response):
        self._lines = response.iter_lines()

    def next(self):
        """The next event: its id, kind and data."""
        event = {}
        for line in self._lines:
            if not line and "data" in event:
                return int(event["id"]), event["event"], msgspec.json.decode(event["data"])
            name, _, value = line.partition(": ")
            event[name] = value
        return None


@contextmanager
def events(server, last=None):
    headers = {} if last is None else {"last-event-id": str(last)}
    with server.client("auditor").stream("GET", "/v1/events", headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        yield Stream(response)


@contextmanager
def unread(server):
    """A reader of events that never reads, on a connection that holds little."""
    head = f"GET /v1/events HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {server.secrets['auditor']}\r\n"
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.settimeout(10)
        client.connect(("127.0.0.1", server.port))
        client.sendall(head.encode() + b"last-event-id: 0\r\n\r\n")
        yield client


def test_a_long_poll_is_answered_when_the_person_answers(server):
    id = decided(server, "ask/poll")
    with ThreadPoolExecutor(1) as pool:
        polled = pool.submit(server.client().get, f"/v1/decisions/{id}?wait=20")
        server.until(lambda: server.house.polling.taken == 1)
        server.client("reviewer").post(f"/v1/decisions/{id}/answers", json={"verb": "accept", "seen": "seen"})
        assert polled.result().json()["status"] == "settled"
    assert server.house.polling.taken == 0


def test_a_long_poll_nobody_answers_ends_by_itself(server):
    answer = server.client().get(f"/v1/decisions/{decided(server, 'ask/nobody')}?wait=0.05")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")


def test_a_settled_decision_is_not_waited_for(server):
    assert server.client().get(f"/v1/decisions/{decided(server, 'claim/poll')}?wait=25").status_code == 200


def test_more_long_polls_than_there_is_room_for_are_refused(tmp_path):
    with live(tmp_path, polls=1) as server, ThreadPoolExecutor(1) as pool:
        id = decided(server, "ask/room")
        first = pool.submit(server.client().get, f"/v1/decisions/{id}?wait=20")
        server.until(lambda: server.house.polling.taken == 1)
        second = server.client().get(f"/v1/decisions/{id}?wait=20")
        assert (second.status_code, second.json()["code"]) == (503, "H016")
        assert server.client().get(f"/v1/decisions/{id}").status_code == 202
        server.end()
        assert first.result().json()["status"] == "pending"


def test_a_long_poll_ends_at_once_when_the_server_ends(tmp_path):
    with live(tmp_path) as server, ThreadPoolExecutor(1) as pool:
        id = decided(server, "ask/ending")
        polled = pool.submit(server.client().get, f"/v1/decisions/{id}?wait=25")
        server.until(lambda: server.house.polling.taken == 1)
        server.end()
        assert polled.result().json()["status"] == "pending"


def test_an_event_names_what_happened_and_holds_no_content(server):
    with events(server) as stream:
        id = decided(server, "claim/event")
        number, kind, data = stream.next()
    assert kind == "decision.made"
    assert data == {"id": id, "kind": "decision.made", "use_case": "claims", "decision": id}
    assert number == server.gateway.log.size() - 1


def test_a_stream_goes_on_behind_the_last_event_without_a_gap(server):
    for n in range(300):  # more than one piece of the stream
        server.gateway.record("outcome.learnt", f"o{n}", decision="d")
    start, size = server.gateway.log.size() - 301, server.gateway.log.size()
    with events(server, last=start) as stream:
        caught_up = [stream.next()[0] for _ in range(300)]
        decided(server, "claim/after")
        following = stream.next()[0]
    assert [*caught_up, following] == [*range(start + 1, size), size]


def test_two_readers_see_the_same_while_work_goes_on(server):
    last = server.gateway.log.size() - 1
    with events(server, last) as one, events(server, last) as other, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: decided(server, f"claim/busy{n}"), range(40)))
        seen = [[stream.next()[0] for _ in range(40)] for stream in (one, other)]
    assert seen == [list(range(last + 1, last + 41))] * 2


@pytest.mark.parametrize("last", ["-1", "soon", "1e3", "999999999999", "9" * 40, ""])
def test_a_position_the_log_does_not_have_is_refused(server, last):
    answer = server.client("auditor").get("/v1/events", headers={"last-event-id": last})
    assert (answer.status_code, answer.json()["code"]) == (400, "H020")


def test_a_silent_stream_shows_that_somebody_is_still_there(tmp_path):
    with live(tmp_path, beat_s=0.02) as server, server.client("auditor").stream("GET", "/v1/events") as response:
        lines = response.iter_lines()
        assert next(line for line in lines if line.startswith(":")) == ": still here"


def test_more_readers_than_there_is_room_for_are_refused(tmp_path):
    with live(tmp_path, streams=1) as server:
        with events(server):
            refused = server.client("auditor").get("/v1/events")
            assert (refused.status_code, refused.json()["code"]) == (503, "H016")
        server.until(lambda: server.house.streaming.taken == 0)


def test_one_key_takes_no_more_than_its_share_of_the_readers(tmp_path):
    with live(tmp_path, streams_of_a_key=1) as server:
        with events(server):
            refused = server.client("auditor").get("/v1/events")
            assert (refused.status_code, refused.json()["code"]) == (503, "H016")
            with server.client("owner").stream("GET", "/v1/events") as other:
                assert other.status_code == 200
        server.until(lambda: server.house.streaming.taken == 0)
        with events(server) as again:
            decided(server, "claim/again")
            assert again.next()


@pytest.mark.parametrize("busy", [False, True])
def test_a_stream_ends_with_the_key_it_was_opened_with(tmp_path, busy):
    keys = KeyFile(tmp_path, SystemClock(), SystemRandom())
    key, secret = keys.make("an auditor", ["auditor"])
    with live(tmp_path) as server:

        def over():
            if busy:
                server.gateway.record("outcome.learnt", "o", decision="d")
            return server.house.streaming.taken == 0

        shown = {"authorization": f"Bearer {secret}"}
        with server.client("nobody").stream("GET", "/v1/events", headers=shown) as response:
            assert response.status_code == 200
            keys.revoke(key.id)
            server.until(over)
            assert not [line for line in response.iter_lines() if line.startswith(":")]


def test_a_stream_ends_at_once_when_the_server_ends(tmp_path):
    with live(tmp_path) as server, events(server) as stream:
        server.server.should_exit = True
        assert stream.next() is None


def test_a_reader_who_takes_nothing_is_cut_off_and_the_others_go_on(tmp_path):
    with live(tmp_path, stall_s=0.1) as server:
        for n in range(30_000):
            server.gateway.log.leaves.append(msgspec.json.encode({"kind": "decision.made", "id": f"{n:0200d}"}))
        with unread(server):
            server.until(lambda: server.house.streaming.taken == 1)
            server.until(lambda: server.house.streaming.taken == 0)
            assert server.client().get("/healthz").status_code == 200
            with events(server, last=29_998) as other:
                assert other.next()[0] == 29_999
