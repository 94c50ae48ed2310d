"""Grants and stops from the command line: here, through whoever holds the log, and left for whoever opens it."""

from __future__ import annotations

import json

import pytest

from airworthy.service.open import open_gateway
from cli.typed import typed
from service.live.worlds import APP, TEXT, ask


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "claims.yaml").write_text(TEXT)
    return tmp_path


@pytest.fixture
def run(capsys, monkeypatch):
    """Types a command; its exit code and everything it printed."""

    def typing(*words: str) -> tuple[int, str]:
        got = typed(capsys, monkeypatch, *words)
        return got.exit, got.out + got.err

    return typing


def told(gateway, subject: str):
    return gateway.submit([ask(subject)], APP).result()[0]


def test_a_grant_given_here_holds_when_the_gateway_opens(folder, run):
    code, out = run("grant", "claims.yaml", "--stage", "assist", "--until", "90d", "--as", "Cleo")
    assert code == 0, out
    assert "may run at stage assist" in out
    with open_gateway(folder / ".airworthy", ["claims.yaml"], watch=False) as gateway:
        assert told(gateway, "claim/1").stage == "assist"


def test_whoever_does_not_hold_the_seat_grants_nothing(folder, run):
    code, out = run("grant", "claims.yaml", "--stage", "assist", "--until", "90d", "--as", "Eve")
    assert code == 2
    assert "G053" in out
    assert "held by Cleo" in out


def test_a_stop_reaches_the_process_that_holds_the_log_before_its_next_decision(folder, run):
    run("grant", "claims.yaml", "--stage", "assist", "--until", "90d", "--as", "Cleo")
    with open_gateway(folder / ".airworthy", ["claims.yaml"], watch=True) as gateway:
        assert told(gateway, "claim/1").route == "review"
        code, out = run("stop", "claims", "--why", "wrong sums", "--json")
        assert (code, json.loads(out)["by"]) == (0, "holder")
        assert told(gateway, "claim/2").route == "fallback"
        assert gateway.health().state == "stopped"
        for name, says in (("Eve", "another person"), ("Cleo", "goes on")):
            assert says in run("release", "claims", "--as", name, "--why", "mended")[1]
        assert told(gateway, "claim/3").route == "review"


def test_a_stop_nobody_could_take_yet_counts_before_the_next_decision(folder, run):
    run("grant", "claims.yaml", "--stage", "assist", "--until", "90d", "--as", "Cleo")
    code, out = run("stop", "claims", "--why", "wrong sums")
    assert code == 3
    assert "nobody runs there now" in out
    with open_gateway(folder / ".airworthy", ["claims.yaml"], watch=False) as gateway:
        assert told(gateway, "claim/1").route == "fallback"


def test_revoking_what_was_never_granted_says_so(folder, run):
    code, out = run("revoke", "claims.yaml", "--as", "Cleo")
    assert code == 2
    assert "G056" in out


@pytest.mark.parametrize("until", ["tomorrow", "2027-03-31T12:00:00", ""])
def test_an_end_that_is_none_is_refused(folder, run, until):
    code, out = run("grant", "claims.yaml", "--stage", "assist", "--until", until, "--as", "Cleo")
    assert code == 2
    assert "U009" in out


@pytest.mark.parametrize("word", ["stop", "release", "revoke"])
def test_where_there_is_no_log_nothing_is_done_and_that_is_said_loudly(folder, run, word):
    why = () if word == "revoke" else ("--why", "odd")
    code, out = run(word, "claims", "--as", "Cleo", *why)
    assert code == 2
    assert "G059" in out
    assert not (folder / ".airworthy").exists()


def test_the_next_command_names_the_same_folder(folder, run):
    run("grant", "claims.yaml", "--stage", "assist", "--until", "90d", "--as", "Cleo", "--data", "else where")
    _, out = run("stop", "claims.yaml", "--why", "odd", "--data", "else where")
    assert "release claims.yaml --as NAME --why TEXT --data 'else where'" in " ".join(out.split())
