"""Who may ask: keys, made and taken away while a server runs."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from airworthy.base.clock import DAY, FixedClock, Micros, SystemClock
from airworthy.base.errors import AirworthyError, BadInput, NotFound, StoreError
from airworthy.base.ids import SystemRandom
from airworthy.service.access import Access, KeyFile
from web.live import live

NOW = Micros(1_795_000_000_000_000)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def keys(tmp_path, clock) -> KeyFile:
    return KeyFile(tmp_path, clock, SystemRandom())


@pytest.fixture
def access(keys, clock) -> Access:
    """Looks at the file every time it is asked."""
    ticks = iter(range(1_000_000))
    return Access(keys.path, clock, ticks=lambda: next(ticks))


def refusal(of, *arguments, **more) -> AirworthyError:
    with pytest.raises(AirworthyError) as refused:
        of(*arguments, **more)
    return refused.value


def test_a_secret_names_its_key_and_stands_nowhere(keys):
    key, secret = keys.make("claims service", ["application"])
    assert secret.startswith(f"aw_{key.id}_")
    assert len(secret) > 50
    assert secret.encode() not in keys.path.read_bytes()
    assert key.sha256 == hashlib.sha256(secret.encode()).hexdigest()


def test_the_file_is_for_its_owner_alone(keys):
    keys.make("claims service", ["application"])
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600
    assert list(keys.path.parent.glob(".access*")) == []


def test_a_key_is_good_until_it_expires(keys, access, clock):
    key, secret = keys.make("Ada", ["reviewer"], person=True)
    session = access.session(secret)
    assert session.key == key.id
    assert (session.caller.name, session.caller.scopes, session.caller.is_person) == ("Ada", {"reviewer"}, True)
    clock.move(90 * DAY - 1)
    assert access.session(secret) is not None
    clock.move(1)
    assert access.session(secret) is None


def test_a_revoked_key_is_no_longer_good_and_its_entry_stays(keys, access):
    key, secret = keys.make("Ada", ["reviewer"])
    assert access.session(secret) is not None
    keys.revoke(key.id)
    assert access.session(secret) is None
    assert [one.state(NOW) for one in keys.kept()] == ["revoked"]
    assert keys.revoke(key.id) == keys.kept()[0]


SPOILT = {
    "head": lambda s: s[:3],
    "shorter": lambda s: s[:-1], "longer": lambda s: s + "x", "another": lambda s: s[:-1] + "ä",
}  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_secret_that_is_nearly_right_is_nobodys(keys, access, spoil):
    _, secret = keys.make("Ada", ["owner"])
    assert access.session(spoil(secret)) is None


def test_the_secret_of_another_key_does_not_open_this_one(keys, access):
    (one, secret), (other, _) = keys.make("Ada", ["owner"]), keys.make("Bob", ["auditor"])
    assert access.session(secret.replace(one.id, other.id)) is None


def test_a_name_a_scope_and_a_life_are_asked_for_at_once():
    keys = KeyFile(Path("nowhere"), FixedClock(NOW), SystemRandom())
    refused = refusal(keys.make, "\n", ["appliction"], life_us=0)
    assert isinstance(refused, BadInput)
    assert [one.code for one in refused.diagnostics] == ["H025"] * 3
    assert "did you mean `application`?" in str(refused)


def test_a_key_that_is_not_there_cannot_be_revoked(keys):
    refused = refusal(keys.revoke, "nobody")
    assert (type(refused), refused.diagnostics[0].code) == (NotFound, "H024")


@pytest.mark.parametrize("content", [b"", b"[]", b'{"v":1,"keys":[{"id":"x"}]}', b'{"v":1,"kys":[]}', b"\xff"])
def test_a_file_that_is_no_list_of_keys_is_never_taken_for_an_empty_one(keys, access, content):
    _, secret = keys.make("Ada", ["owner"])
    keys.path.write_bytes(content)
    for asked in (keys.kept, lambda: access.session(secret), lambda: keys.make("Bob", ["owner"])):
        refused = refusal(asked)
        assert (type(refused), refused.diagnostics[0].code) == (StoreError, "H023")
    assert keys.path.read_bytes() == content


def test_a_file_others_can_read_is_not_trusted(keys, access):
    _, secret = keys.make("Ada", ["owner"])
    keys.path.chmod(0o644)
    assert "chmod 600" in str(refusal(access.session, secret))
    keys.path.chmod(0o600)
    assert access.session(secret) is not None


def test_a_file_that_is_gone_holds_no_keys(keys, access):
    _, secret = keys.make("Ada", ["owner"])
    assert access.session(secret) is not None
    keys.path.unlink()
    assert access.session(secret) is None


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("no folder")
    refused = refusal(KeyFile(tmp_path / "file", FixedClock(NOW), SystemRandom()).make, "Ada", ["owner"])
    assert refused.diagnostics[0].code == "H023"


def test_a_running_server_knows_a_new_key_and_forgets_a_revoked_one_within_a_second(tmp_path):
    keys = KeyFile(tmp_path, SystemClock(), SystemRandom())
    with live(tmp_path) as server:
        client = server.client("nobody")
        assert client.get("/v1/keys").status_code == 401
        key, secret = keys.make("claims service", ["application"])
        client.headers["authorization"] = f"Bearer {secret}"
        server.until(lambda: client.get("/v1/keys").status_code == 200)
        keys.revoke(key.id)
        server.until(lambda: client.get("/v1/keys").status_code == 401)


def test_a_broken_list_of_keys_stops_its_keys_and_not_the_servers_own(tmp_path):
    keys = KeyFile(tmp_path, SystemClock(), SystemRandom())
    _, secret = keys.make("claims service", ["application"])
    os.truncate(keys.path, 10)
    with live(tmp_path) as server:
        theirs = server.client("nobody", params={})
        theirs.headers["authorization"] = f"Bearer {secret}"
        answer = theirs.get("/v1/keys")
        assert (answer.status_code, answer.json()["code"]) == (503, "H023")
        assert server.client().get("/v1/keys").status_code == 200


@pytest.mark.parametrize("shown", ["", "Basic YTpi", "Bearer", "Bearer aw_", "Bearer aw_x_y", "aw_x_y"])
def test_no_key_that_is_good_is_an_invitation_to_show_one(server, shown):
    answer = server.client("nobody").get("/v1/keys", headers={"authorization": shown} if shown else {})
    assert (answer.status_code, answer.json()["code"]) == (401, "H009")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/schema/openapi.json"])
def test_probes_need_no_key(server, path):
    assert server.client("nobody").get(path).status_code == 200


EVERYONE = ("application", "reviewer", "owner", "auditor")
MAY = {
    "/v1/decisions": ("application",),
    "/v1/decisions:batch": ("application",),
    "/v1/failures": ("application",),
    "/v1/outcomes": ("application", "reviewer", "owner"),
    "/v1/permits/p/redeem": ("application",),
    "/v1/permits/p/ended": ("application",),
    "/v1/spool": ("application",),
    "/v1/decisions/d/answers": ("reviewer", "owner"),
    "/v1/stop": EVERYONE,
    "/v1/release": ("reviewer", "owner"),
    "/v1/grants": ("owner",),
    "/v1/grants/revoke": ("owner",),
}


@pytest.mark.parametrize("path", MAY)
def test_a_key_does_what_its_scope_says_and_nothing_else(server, path):
    for scope in EVERYONE:
        answer = server.client(scope).post(path, json={})
        expected = (422, "H008") if scope in MAY[path] else (403, "H010")
        assert (answer.status_code, answer.json()["code"]) == expected, scope


@pytest.mark.parametrize("path", ["/v1/use-cases", "/v1/keys", "/metrics", "/v1/decisions/nobody"])
def test_whoever_has_a_key_may_read(server, path):
    for scope in EVERYONE:
        assert server.client(scope).get(path).status_code in (200, 404)


def test_who_asks_is_never_taken_from_what_they_send(server):
    body, headers = {"verb": "accept", "seen": "x"}, {"x-user": "the owner", "from": "the owner"}
    server.client("reviewer").post("/v1/decisions/d/answers", json=body, headers=headers)
    assert server.gateway.callers[-1].name == "the reviewer"
