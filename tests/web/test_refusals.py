"""What is refused, how it is said, and what is never said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from airworthy.base.errors import StoreError, StoreFull
from airworthy.web.strict import DEEPEST, MOST_VALUES
from web.live import ask, live

JSON = {"content-type": "application/json"}


def posted(server, body, path="/v1/decisions", headers=JSON):
    return server.client().post(path, content=body, headers=headers)


def said(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"urn:airworthy:error:{problem['code']}"
    assert problem["docs"] == f"docs/reference/errors/{problem['code'][0]}.md#{problem['code'].lower()}"
    return answer.status_code, problem["code"]


def with_output(output):
    return b'{"point":"claims.triage","subject":"s","output":' + output + b"}"


NOT_JSON = {
    "nothing": b"",
    "cut short": b'{"point":"cl',
    "something behind it": b"{} {}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"point":"x"}'.encode("utf-16"),
    "not UTF-8 in a value": with_output(b'"\xff"'),
    "not UTF-8 in a key": with_output(b'{"\xff":1}'),
    "a bare null character": with_output(b'"\x00"'),
    "a comment": with_output(b"1 /* one */"),
}

SURPRISES = {
    "a key that stands twice": b'{"point":"claims.triage","point":"claims.other","subject":"s","output":1}',
    "a key that stands twice further in": with_output(b'[{"a":{"b":1,"b":2}}]'),
    "a key that stands twice in two spellings": with_output(b'{"a":1,"\\u0061":2}'),
    "a key that stands twice among a hundred thousand": with_output(
        b"{" + b",".join(b'"%d":0' % n for n in range(100_000)) + b',"99999":0}'
    ),
    "NaN": with_output(b"NaN"),
    "infinity": with_output(b"-Infinity"),
    "an integer beyond 64 bits": with_output(b"9223372036854775808"),
    "an integer nobody can read": with_output(b"9" * 100_000),
    "half a surrogate pair": with_output(b'"\\ud800"'),
    "half a surrogate pair in a key": with_output(b'{"\\udc00":1}'),
    "a null character": b'{"point":"claims.triage","subject":"claim\\u0000","output":1}',
    "one level too deep": with_output(b"[" * DEEPEST + b"]" * DEEPEST),
    "a depth bomb": with_output(b"[" * 500_000),
    "an object bomb": with_output(b'{"a":' * 100_000),
    "too many values": with_output(b"[" + b"0," * MOST_VALUES + b"0]"),
}

NOT_DECLARED = {
    "a list": b"[]",
    "a missing output": b'{"point":"claims.triage","subject":"s"}',
    "a missing subject": b'{"point":"claims.triage","output":1}',
    "an empty subject": b'{"point":"claims.triage","subject":"","output":1}',
    "a typo": b'{"point":"claims.triage","subject":"s","output":1,"atempt":2}',
    "a wrong type": b'{"point":"claims.triage","subject":8831,"output":1}',
    "a number that is too large": with_output(b"1e999"),
    "an attempt out of range": b'{"point":"claims.triage","subject":"s","output":1,"attempt":0}',
    "a share out of range": b'{"point":"claims.triage","subject":"s","output":1,"scores":{"a":1.5}}',
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_no_json_is_malformed(server, body):
    assert said(posted(server, body)) == (400, "H001")


@pytest.mark.parametrize("body", SURPRISES.values(), ids=SURPRISES)
def test_json_that_could_be_understood_differently_is_refused(server, body):
    assert said(posted(server, body)) == (400, "H007")


@pytest.mark.parametrize("body", NOT_DECLARED.values(), ids=NOT_DECLARED)
def test_json_that_is_not_what_was_declared_is_refused_with_its_place(server, body):
    assert said(posted(server, body)) == (422, "H008")


def test_every_other_endpoint_reads_as_strictly(server):
    twice = b'{"decision":"d","correct":true,"correct":false}'
    assert said(posted(server, twice, "/v1/outcomes")) == (400, "H007")
    assert said(posted(server, b'{"decision":"d","correct":"yes"}', "/v1/outcomes")) == (422, "H008")


@pytest.mark.parametrize("output", [b"9223372036854775807", b'"\\ud83d\\ude00"', b'"\\\\u0000"', b"1e300", b"[[[]]]"])
def test_what_only_looks_odd_passes(server, output):
    subject = msgspec.json.encode(f"odd {output!r}")
    body = b'{"point":"claims.triage","subject":' + subject + b',"output":' + output + b"}"
    answer = posted(server, body)
    assert answer.status_code == 200
    assert answer.json()["proposed"] == msgspec.json.decode(output)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
    ids=str,
)
def test_another_media_type_is_refused(server, headers):
    assert said(posted(server, b"{}", headers=headers)) == (415, "H002")
    assert said(posted(server, b"{}", "/v1/outcomes", headers=headers)) == (415, "H002")


def test_a_charset_that_is_ours_is_accepted(server):
    body = msgspec.json.encode(ask("claim/charset"))
    assert posted(server, body, headers={"content-type": "application/json; charset=UTF-8"}).status_code == 200


LARGE = b'"' + b"x" * (1 << 20) + b'"'


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/outcomes", "/v1/failures"])
def test_a_body_past_a_mebibyte_is_refused(server, path):
    assert said(posted(server, with_output(LARGE), path)) == (413, "H003")


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/outcomes"])
def test_a_chunked_body_is_refused_at_the_byte_past_a_mebibyte(server, path):
    head = f"POST {path} HTTP/1.1\r\nhost: here\r\nauthorization: Bearer {server.secrets['application']}\r\n"
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    with server.connected() as client:
        client.sendall(head.encode() + b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        client.sendall(chunk * 16)
        client.sendall(b"1\r\n \r\n")  # its end is never sent
        head, problem = server.heard(client)
    assert head.startswith(b"HTTP/1.1 413 ")
    assert problem["code"] == "H003"


def test_a_batch_may_be_larger_than_a_decision(server):
    asks = [ask(f"claim/large{n}", context="", item={"text": "x" * 900_000}) for n in range(2)]
    answer = server.client().post("/v1/decisions:batch", json={"asks": asks})
    assert answer.status_code == 200
    assert said(posted(server, b'"' + b"x" * (8 << 20) + b'"', "/v1/decisions:batch")) == (413, "H003")


def test_a_path_nobody_serves_and_a_method_nobody_serves(server):
    client = server.client()
    assert said(client.get("/v1/nothing")) == (404, "H005")
    for method, path, allowed in (
        ("GET", "/v1/decisions", "POST"),
        ("PUT", "/v1/decisions", "POST"),
        ("POST", "/v1/events", "GET"),
        ("DELETE", "/v1/outcomes", "POST"),
        ("PATCH", "/v1/decisions/d", "GET"),
    ):
        answer = client.request(method, path)
        assert said(answer) == (405, "H006")
        assert allowed in answer.headers["allow"]


@pytest.mark.parametrize("id", ["nobody", "%00", "%ff%fe", "..%2f..%2fetc", "'; drop table", "x" * 2_000])
def test_a_decision_that_is_not_there_is_not_found(server, id):
    assert server.client().get(f"/v1/decisions/{id}").status_code == 404


@pytest.mark.parametrize("wait", ["nan", "inf", "-1", "26", "soon", "1e400"])
def test_a_wait_out_of_range_is_refused(server, wait):
    assert said(server.client().get(f"/v1/decisions/d?wait={wait}")) == (422, "H008")


def test_bad_input_is_told_with_every_mistake_at_once(server):
    answer = server.client().post("/v1/decisions", json=ask("bad"))
    assert said(answer) == (422, "G001")
    assert answer.json()["errors"] == ["G002 and another"]


def test_an_unknown_point_is_not_found(server):
    assert said(server.client().post("/v1/decisions", json=ask() | {"point": "nobody.there"})) == (404, "G404")


def test_a_defect_is_recorded_by_its_place_and_told_by_its_id(tmp_path):
    with live(tmp_path) as server:
        answer = server.client().post("/v1/decisions", json=ask("defect"))
        assert said(answer) == (500, "H013")
        assert "Traceback" not in answer.text
        assert answer.headers["request-id"] in answer.json()["help"]
    defect = next(line for line in server.lines() if line.get("said"))
    assert defect["said"] == "a defect stopped a request: RuntimeError"
    assert defect["request"] == answer.headers["request-id"]
    assert defect["at"][-1].startswith("fakes.py:")
    assert "4310" not in server.written.getvalue(), "what a caller sent stands in the journal"


@pytest.mark.parametrize(
    ("shut", "code", "retry"),
    [(StoreFull("the disk is full"), "R005", "1"), (StoreError("the disk failed", code="R001"), "R001", None)],
    ids=["full", "broken"],
)
def test_a_store_that_is_shut_leaves_the_server_up_for_reading(tmp_path, shut, code, retry):
    with live(tmp_path) as server:
        client = server.client()
        known = client.post("/v1/decisions", json=ask()).json()["id"]
        server.gateway.shut = shut
        refused = client.post("/v1/decisions", json=ask("claim/2"))
        assert said(refused) == (503, code)
        assert refused.headers.get("retry-after") == retry
        ready = client.get("/readyz")
        assert said(ready) == (503, "H018")
        assert "the disk is full" in ready.json()["detail"]
        assert client.get("/healthz").json() == {"alive": True}
        assert client.get(f"/v1/decisions/{known}").status_code == 200


def test_more_decisions_than_there_is_room_for_are_refused_at_once(tmp_path):
    with live(tmp_path, decisions=2) as server, ThreadPoolExecutor(2) as pool:
        server.gateway.hold()
        held = [pool.submit(server.client().post, "/v1/decisions", json=ask(f"claim/{n}")) for n in range(2)]
        server.until(lambda: server.house.deciding.taken == 2)
        refused = server.client().post("/v1/decisions", json=ask("claim/3"))
        batch = server.client().post("/v1/decisions:batch", json={"asks": [ask("claim/4")]})
        server.gateway.let_go()
        assert [one.result().status_code for one in held] == [200, 200]
        assert said(refused) == said(batch) == (503, "H012")
        assert refused.headers["retry-after"] == "1"
        assert server.house.deciding.taken == 0


def test_work_for_another_environment_is_refused(server):
    for environment, status in (("test", 200), ("prod", 409), ("", 409)):
        headers = {"airworthy-environment": environment}
        answer = server.client().post("/v1/decisions", json=ask("claim/env"), headers=headers)
        assert answer.status_code == status, environment
    assert said(answer) == (409, "H011")


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/outcomes", "/healthz", "/v1/nothing", "/metrics"])
def test_every_answer_says_what_it_is_and_that_nobody_may_keep_it(server, path):
    for answer in (server.client().get(path), server.client("nobody").get(path)):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "server" not in answer.headers


@pytest.mark.parametrize(
    "raw",
    [b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\r\n\r\nx y z\r\n\r\n"],
    ids=["TLS", "no path", "no version", "no method"],
)
def test_what_is_no_http_is_refused_as_a_problem(server, raw):
    with server.connected() as client:
        client.sendall(raw)
        head, problem = server.heard(client)
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"nosniff" in head
    assert problem["code"] == "H015"
