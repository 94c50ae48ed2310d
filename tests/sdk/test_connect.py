"""Connecting: embedded here, or to a server, with the key found where it was left."""

from __future__ import annotations

import fcntl
import json
import os

import pytest

import airworthy
from airworthy.base.errors import BadInput, StoreLocked
from airworthy.client.server import key_for
from contract.ways import EvesServer
from service.live.worlds import TEXT, in_memory

PATIENT_MS = 30_000  # a busy machine must not turn a test into a fallback


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in, with nothing set from outside."""
    for name in ("AIRWORTHY_URL", "AIRWORTHY_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_charter(path):
    path.parent.mkdir(exist_ok=True)
    path.write_text(TEXT, encoding="utf-8")


def decide(gateway):
    return gateway.decide("claims.triage", subject="claim/1", output={"action": "pay"})


@pytest.mark.parametrize("name", ["charter.yaml", "claims.charter.yaml", "charters/claims.yaml"])
def test_without_anything_it_is_embedded_here_with_the_charters_here(here, name):
    write_charter(here / name)
    with airworthy.connect(budget_ms=PATIENT_MS) as gateway:
        assert decide(gateway).route == "fallback"  # nothing is granted yet
        assert gateway.health().fallbacks == {}
    assert (here / ".airworthy" / "log.db").exists()


def test_what_was_decided_is_there_when_it_is_opened_again(here):
    write_charter(here / "charter.yaml")
    with airworthy.connect(budget_ms=PATIENT_MS) as gateway:
        first = decide(gateway)
    with airworthy.connect(".airworthy", charters="charter.yaml", budget_ms=PATIENT_MS) as gateway:
        assert (decide(gateway).id, decide(gateway).again) == (first.id, True)


def test_environments_are_kept_apart(here):
    write_charter(here / "charter.yaml")
    with airworthy.connect(environment="test", budget_ms=PATIENT_MS) as gateway:
        decide(gateway)
    assert (here / ".airworthy" / "test" / "log.db").exists()
    assert not (here / ".airworthy" / "log.db").exists()


def test_without_a_charter_it_says_what_to_do(here):
    with pytest.raises(BadInput) as refused:
        airworthy.connect()
    assert refused.value.diagnostics[0].code == "C020"


def test_a_folder_another_gateway_holds_is_refused_at_once(here):
    write_charter(here / "charter.yaml")
    with airworthy.connect(budget_ms=PATIENT_MS), pytest.raises(StoreLocked):
        airworthy.connect()


@pytest.fixture
def server(tmp_path):
    running = EvesServer(tmp_path / "server", in_memory())
    running.start()
    yield running
    running.close()


def test_a_url_is_asked_over_http_with_the_key_given(here, server):
    with airworthy.connect(
        server.url, key=server.secrets["everything"], environment="test", budget_ms=PATIENT_MS
    ) as gateway:
        assert decide(gateway).stage == "shadow"
        assert gateway.health().fallbacks == {}


def test_the_environment_names_server_and_key(here, server, monkeypatch):
    monkeypatch.setenv("AIRWORTHY_URL", server.url)
    monkeypatch.setenv("AIRWORTHY_KEY", server.secrets["everything"])
    with airworthy.connect(environment="test", budget_ms=PATIENT_MS) as gateway:
        assert decide(gateway).stage == "shadow"


def leave_key(folder, url, key, mode=0o600):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "server.json").write_text(json.dumps({"url": url, "key": key, "pid": os.getpid()}))
    (folder / "server.json").chmod(mode)


def test_the_server_of_this_folder_is_known_by_the_key_it_left(here, server):
    leave_key(here / ".airworthy" / "test", server.url, server.secrets["everything"])
    with airworthy.connect(f"{server.url}/", environment="test", budget_ms=PATIENT_MS) as gateway:
        assert decide(gateway).stage == "shadow"


def test_a_server_that_holds_this_folder_is_found(here, server):
    leave_key(here / ".airworthy" / "test", server.url, server.secrets["everything"])
    with (here / ".airworthy" / "test" / "writer.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with airworthy.connect(environment="test", budget_ms=PATIENT_MS) as gateway:
            assert decide(gateway).stage == "shadow"
    assert not (here / ".airworthy" / "test" / "log.db").exists()


def test_what_a_killed_server_left_behind_leads_nowhere(here):
    write_charter(here / "charter.yaml")
    leave_key(here / ".airworthy", "http://127.0.0.1:1", "secret")
    with airworthy.connect(budget_ms=PATIENT_MS) as gateway:
        decide(gateway)
        assert gateway.health().fallbacks == {}
    assert (here / ".airworthy" / "log.db").exists()


def test_a_key_is_never_sent_to_another_address(here):
    leave_key(here, "http://127.0.0.1:1", "secret")
    with pytest.raises(BadInput) as refused:
        key_for("http://example.org", None, here)
    assert refused.value.diagnostics[0].code == "C021"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url":1}'])
def test_a_file_that_is_no_server_s_is_as_if_it_were_not_there(here, text):
    (here / "server.json").write_text(text)
    (here / "server.json").chmod(0o600)
    with pytest.raises(BadInput, match="key"):
        key_for("http://127.0.0.1:1", None, here)


def test_a_key_others_may_read_is_not_used(here):
    leave_key(here, "http://127.0.0.1:1", "secret", mode=0o644)
    with pytest.raises(BadInput) as refused:
        key_for("http://127.0.0.1:1", None, here)
    assert refused.value.diagnostics[0].code == "C022"
