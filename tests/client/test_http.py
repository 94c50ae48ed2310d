"""Over HTTP: every way a server, or whatever answers in its place, can fail to answer."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import msgspec
import pytest

from airworthy.base.errors import AirworthyError, BadInput, Conflict, NotAllowed, NotFound, StoreError, Unavailable
from airworthy.client.answer import read
from airworthy.client.http import HttpChannel
from airworthy.client.line import Line
from airworthy.client.missed import Unanswered
from airworthy.exchange.ask import Ask
from airworthy.exchange.channel import Caller
from airworthy.exchange.told import Noted, Problem, Told
from airworthy.sdk.gateway import Gateway
from contract.ways import EvesServer, Unclosed
from service.live.worlds import granted, in_memory

NOBODY = Caller()
ASK = Ask(point="claims.triage", subject="claim/1", output={"action": "pay", "amount": 1.0})


@contextmanager
def answering(*answers: bytes):
    """A server that answers every connection with one of `answers`, in turn, then hangs up; b'' hangs for good."""
    listening = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []
    held: list[socket.socket] = []

    def serve():
        for answer in answers:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            seen.append(connection.recv(65_536))
            if not answer:
                held.append(connection)
                continue
            connection.sendall(answer)
            connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", seen
    finally:
        listening.close()
        for connection in held:
            connection.close()
        thread.join(0.1)


def http(status: int, body: bytes, kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return head.encode() + body


@contextmanager
def channel(url: str, budget_s: float = 5.0, key: str = "k"):
    made = HttpChannel(url, key, "prod", budget_s=budget_s)
    try:
        yield made
    finally:
        made.close()


def why(url: str, budget_s: float = 5.0) -> str:
    """Why the gateway at `url` gave no answer that counts."""
    with channel(url, budget_s) as made, pytest.raises(Unanswered) as error:
        made.submit([ASK], NOBODY).result(10)
    return error.value.why


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as once:
        return once.getsockname()[1]


def test_where_nobody_listens_it_is_unreachable():
    assert why(f"http://127.0.0.1:{free_port()}") == "unreachable"


def test_a_server_that_hangs_is_slow_after_the_budget_in_all():
    with answering(b"", b"") as (url, _):
        began = time.monotonic()
        assert why(url, 0.1) == "slow"
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (http(200, b"<html>sign in</html>", "text/html"), "refused"),
        (http(200, b'{"id":1}'), "refused"),
        (http(200, b"{}"), "refused"),
        (http(302, b""), "refused"),
        (http(404, b"nginx"), "refused"),
        (http(500, b"oops"), "refused"),
        (http(502, b"<html>"), "refused"),
        (http(503, b"busy"), "overloaded"),
        (http(429, b"slow down"), "overloaded"),
        (b"no http at all", "unreachable"),
    ],
    ids=["html", "wrong type", "empty", "redirect", "foreign 404", "500", "502", "503", "429", "no http"],
)
def test_whatever_answers_in_its_place_is_no_answer(answer, expected):
    with answering(answer, answer) as (url, _):
        assert why(url) == expected


def problem(status: int, code: str) -> bytes:
    return msgspec.json.encode(
        Problem(
            type="urn:x",
            title="X",
            status=status,
            detail="it is so",
            code=code,
            help="do this",
            errors=("G002 and so",),
        )
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, BadInput), (413, BadInput), (415, BadInput), (422, BadInput), (401, NotAllowed), (403, NotAllowed),
     (404, NotFound), (409, Conflict), (418, AirworthyError), (500, StoreError), (503, StoreError), (507, StoreError)],
)  # fmt: skip
def test_a_problem_comes_back_as_the_error_it_was(status, kind):
    with pytest.raises(kind) as error:
        read(status, problem(status, "G014"), Noted)
    first = error.value.diagnostics[0]
    assert (first.code, first.sentence, first.help) == ("G014", "it is so", "do this")
    assert isinstance(error.value, Unavailable) == (status >= 500)
    if kind is BadInput:
        assert [one.sentence for one in error.value.diagnostics] == ["it is so", "and so"]


@pytest.mark.parametrize(("code", "why"), [("R001", "store"), ("R005", "overloaded"), ("H012", "overloaded")])
def test_a_store_that_takes_nothing_any_more_is_not_called_overloaded(code, why):
    with pytest.raises(Unanswered) as error:
        read(503, problem(503, code), Noted)
    assert error.value.why == why


def test_a_request_says_who_asks_and_where():
    told = Told(id="d", point="p.q", subject="s", attempt=1, status="settled", route="fallback", proposed={})
    with answering(http(200, msgspec.json.encode(told))) as (url, seen), channel(url, key="secret") as made:
        assert made.submit([ASK], NOBODY).result(10) == (told,)
    head = seen[0].split(b"\r\n\r\n")[0].lower()
    assert b"post /v1/decisions http/1.1" in head
    assert b"authorization: bearer secret" in head
    assert b"airworthy-environment: prod" in head


def test_a_batch_that_is_answered_in_part_is_no_answer():
    with answering(http(200, b'{"told":[]}')) as (url, _), channel(url) as made, pytest.raises(Unanswered) as error:
        made.submit([ASK, ASK], NOBODY).result(10)
    assert error.value.why == "refused"


def test_an_id_cannot_leave_its_place_in_the_path():
    with answering(http(404, b"")) as (url, seen), channel(url) as made, pytest.raises(Unanswered):
        made.told("../../stop?x=1#", NOBODY).result(10)
    assert b"GET /v1/decisions/..%2F..%2Fstop%3Fx%3D1%23 " in seen[0]


def test_an_address_without_a_host_is_refused_when_connecting():
    with pytest.raises(BadInput) as refused:
        HttpChannel("http://", "k", "prod", budget_s=1)
    assert refused.value.diagnostics[0].code == "C023"


def test_a_closed_channel_answers_that_it_is_closed():
    made = HttpChannel(f"http://127.0.0.1:{free_port()}", "k", "prod", budget_s=1)
    made.close()
    made.close()
    with pytest.raises(Unanswered):
        made.submit([ASK], NOBODY).result(5)


def test_what_is_under_way_when_it_closes_fails_and_nobody_waits_for_it():
    with answering(b"") as (url, seen):
        made = HttpChannel(url, "k", "prod", budget_s=60)
        waiting = made.submit([ASK], NOBODY)
        while not seen:
            time.sleep(0.001)
        made.close()
        assert isinstance(waiting.exception(5), Unanswered)


# --- the real server


@pytest.fixture
def server(tmp_path):
    behind = in_memory()
    granted(behind)
    running = EvesServer(tmp_path / "server", behind)
    running.start()
    yield running
    running.close()


def test_a_key_the_server_does_not_know_falls_back_is_kept_and_said_aloud_once(server, tmp_path, caplog):
    with Gateway(Line(HttpChannel(server.url, "expired", "test", budget_s=20), tmp_path, budget_s=20)) as gateway:
        decision = gateway.decide("claims.triage", subject="claim/1", output={"action": "pay"})
        failed = gateway.failure("claims.triage", subject="claim/2", error="no answer")
        noted = gateway.outcome("some decision", correct=True)
        health = gateway.health()
        with pytest.raises(NotAllowed):
            gateway.look(decision.id, dict)
    assert (decision.route, decision.reasons[0].code) == ("fallback", "client.refused")
    assert (failed.route, noted.seq) == ("fallback", -1)
    assert (health.refused_key, health.fallbacks, health.spooled) == (3, {"refused": 2}, 3)
    (said,) = [one for one in caplog.records if one.levelname == "ERROR"]
    assert "refuses our key" in said.getMessage()


def test_nobody_waits_for_a_person_with_a_key_the_server_does_not_know(server, tmp_path):
    with Gateway(Line(HttpChannel(server.url, "expired", "test", budget_s=20), tmp_path, budget_s=20)) as gateway:
        pending = Told(id="d", point="p.q", subject="s", attempt=1, status="pending", route="review", proposed={})
        with pytest.raises(NotAllowed):
            gateway.read(msgspec.json.encode(pending), dict).wait()


def test_a_key_for_something_else_is_a_mistake_and_raised(tmp_path):
    with (
        answering(http(403, problem(403, "H010"))) as (url, _),
        Gateway(Line(HttpChannel(url, "k", "test", budget_s=20), tmp_path, budget_s=20)) as gateway,
    ):
        with pytest.raises(NotAllowed):
            gateway.decide("claims.triage", subject="claim/1", output={"action": "pay"})
        assert (gateway.health().spooled, gateway.health().refused_key) == (0, 0)


def test_a_new_key_of_the_server_is_found_and_used(server):
    key = server.secrets["everything"]
    made = HttpChannel(server.url, "the key before the restart", "test", budget_s=20, renew=lambda: key)
    assert made.submit([ASK], NOBODY).result(20)[0].route == "review"
    made.close()


def test_a_server_that_came_back_is_used_again_and_gets_what_was_kept(tmp_path):
    behind = Unclosed(in_memory())
    granted(behind)
    first = EvesServer(tmp_path / "one", behind)
    first.start()
    key = first.secrets["everything"]
    line = Line(HttpChannel(first.url, key, "test", budget_s=20), tmp_path / "spool", budget_s=20)
    with Gateway(line) as gateway:

        def decide(n: int) -> str:
            return gateway.decide("claims.triage", subject=f"claim/{n}", output={"action": "pay"}).route

        assert decide(1) == "review"
        first.close()
        assert decide(2) == "fallback"
        again = EvesServer(tmp_path / "two", behind)
        again.on(first.port)
        again.start()
        # For a tenth of a second after nobody listened nobody is asked.
        routes = list(itertools.takewhile(lambda route: route == "fallback", map(decide, range(3, 3_000))))
        gateway.close()
        assert len(routes) < 2_997
        assert gateway.health().reconciled == 1 + len(routes)
        again.close()


def test_under_load_every_call_ends_within_its_budget_when_the_server_stops(tmp_path):
    """Each is answered, and every one that fell back is kept. Budgets are generous: the machine is shared."""
    behind = in_memory()
    granted(behind)
    server = EvesServer(tmp_path / "server", behind)
    server.start()
    budget_s = 3.0
    line = Line(
        HttpChannel(server.url, server.secrets["everything"], "test", budget_s=budget_s),
        tmp_path / "spool",
        budget_s=budget_s,
    )
    gateway = Gateway(line)
    took: list[float] = []

    def decide(n: int) -> str:
        began = time.monotonic()
        route = gateway.decide("claims.triage", subject=f"claim/{n}", output={"action": "pay"}).route
        took.append(time.monotonic() - began)
        return route

    with ThreadPoolExecutor(16) as pool:
        before = list(pool.map(decide, range(100)))
        stopping = threading.Timer(0.02, server.end)
        stopping.start()
        after = list(pool.map(decide, range(100, 500)))
        stopping.join()
    gateway.close()
    health = gateway.health()
    assert set(before) == {"review"}
    assert set(after) <= {"review", "fallback"}
    assert (health.calls, health.lost, health.late) == (500, 0, 0)
    assert health.spooled == after.count("fallback") == sum(health.fallbacks.values()) > 0
    assert max(took) < budget_s
    server.close()
