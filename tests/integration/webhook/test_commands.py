"""`airworthy webhook`: added, shown, sent, given up, redriven, removed."""

from __future__ import annotations

import msgspec
import pytest

from airworthy.cli import webhook
from airworthy.integration.webhook.backoff import GIVE_UP_US
from cli.typed import typed


@pytest.fixture
def type_(capsys, monkeypatch, world):
    """Commands about the world's folder, by the world's clock."""
    monkeypatch.setattr(webhook, "CLOCK", world.clock)

    def type_(*words):
        return typed(capsys, monkeypatch, "webhook", *words, "--data", world.folder)

    return type_


def answer(done):
    return msgspec.json.decode(done.out)


def added(type_, receiver, *words):
    return answer(type_("add", receiver.url, *words, "--json"))


def test_the_secret_is_shown_once_and_verifies_what_is_sent(type_, world, receiver):
    done = type_("add", receiver.url, "--kind", "decision.made")
    assert done.exit == 0
    secret = done.out.split("secret     ")[1].split()[0]
    assert secret.startswith("whsec_")
    world.record(4)
    assert "2 messages arrived" in type_("send").out
    assert [got.verified(secret)["type"] for got in receiver.got] == ["decision.made"] * 2
    for words in (["list"], ["list", "--json"], ["dead"]):
        assert secret not in type_(*words).out


def test_nothing_yet_is_said_clearly(capsys, monkeypatch, tmp_path):
    def type_(*words):
        return typed(capsys, monkeypatch, "webhook", *words, "--data", tmp_path / "none")

    assert "No endpoints yet" in type_("list").out
    assert "No endpoints yet" in type_("send").out
    assert type_("dead").out == "Nothing was given up.\n"
    assert type_("redrive", "--all").out == "0 messages are due again.\n"
    assert answer(type_("list", "--json")) == {"endpoints": []}
    assert answer(type_("dead", "--json")) == {"dead": []}
    assert answer(type_("send", "--json")) == {"delivered": 0, "failed": 0, "next_due": None}
    assert not (tmp_path / "none").exists(), "looking makes nothing"
    assert type_("add", "https://192.0.2.1/", "--allow-private").exit == 0
    assert "No log yet" in type_("send").out


def test_what_fails_is_said_and_exits_1(type_, world, receiver):
    added(type_, receiver)
    receiver.status = 503
    world.record(2)
    done = type_("send")
    assert done.exit == 1
    assert "0 of 2 messages arrived" in done.out
    assert "2: HTTP 503" in done.out
    assert "The next is due" in done.out
    assert type_("send").out.startswith("Nothing is due now.")


def test_dead_messages_are_listed_and_redriven_by_message_endpoint_or_all(type_, world, receiver):
    id = added(type_, receiver)["id"]
    receiver.status = 500
    world.record(3)
    type_("send")
    world.clock.move(GIVE_UP_US)
    type_("send")
    dead = answer(type_("dead", "--json"))["dead"]
    assert [one["id"] for one in dead] == [f"msg_{seq}_{id}" for seq in range(3)]
    assert "HTTP 500" in type_("dead").out
    receiver.status = 204
    assert answer(type_("redrive", dead[0]["id"], "--json")) == {"redriven": 1}
    assert answer(type_("redrive", id, "--json")) == {"redriven": 2}
    assert answer(type_("redrive", "--all", "--json")) == {"redriven": 0}
    assert answer(type_("send", "--json")) == {"delivered": 3, "failed": 0, "next_due": None}


def test_redriving_to_an_endpoint_that_was_gone_tells_it_again(type_, world, receiver):
    id = added(type_, receiver)["id"]
    receiver.status = 410
    world.record(1)
    type_("send")
    assert "answered 410 Gone" in type_("list").out
    receiver.status = 204
    type_("redrive", id)
    assert type_("send").exit == 0
    (shown,) = answer(type_("list", "--json"))["endpoints"]
    assert (shown["disabled"], shown["delivered"], shown["dead"]) == (None, 1, 0)


def test_a_rotation_shows_the_new_secret_and_both_sign(type_, world, receiver):
    made = added(type_, receiver)
    new = answer(type_("rotate", made["id"], "--json"))
    assert new["secret"] != made["secret"]
    world.record(1)
    type_("send")
    receiver.got[0].verified(made["secret"])
    receiver.got[0].verified(new["secret"])


def test_a_test_message_says_whether_it_arrived(type_, receiver):
    made = added(type_, receiver)
    done = type_("test", made["id"])
    assert (done.exit, "it arrived: HTTP 204" in done.out) == (0, True)
    assert receiver.got[0].verified(made["secret"])["type"] == "webhook.test"
    receiver.status = 500
    assert type_("test", made["id"]).exit == 1


def test_a_removed_endpoint_is_told_of_nothing_and_says_what_was_not_sent(type_, world, receiver):
    id = added(type_, receiver)["id"]
    receiver.status = 500
    world.record(2)
    type_("send")
    assert "2 messages will never be sent" in type_("remove", id).out
    assert "No endpoints yet" in type_("list").out
    assert world.outbox.counts(id) == {"due": 0, "delivered": 0, "dead": 0}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["add", "http://example.com/"], "W001"),
        (["add", "https://10.0.0.1/"], "W002"),
        (["add", "https://192.0.2.1/", "--allow-private", "--kind", "decision.mad"], "W004"),
        (["rotate", "nobody"], "W005"),
        (["remove", "nobody"], "W005"),
        (["test", "nobody"], "W005"),
        (["redrive", "nobody"], "W005"),
        (["redrive"], "U005"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_code(words, code, type_):
    done = type_(*words, "--json")
    assert done.exit == 2
    assert [one["code"] for one in answer(done)["error"]] == [code]


def test_a_misspelt_kind_is_met_with_the_nearest_one(type_):
    done = type_("add", "https://192.0.2.1/", "--allow-private", "--kind", "decision.mad")
    assert "did you mean `decision.made`?" in done.err


def test_there_is_room_for_sixteen_endpoints(type_, receiver):
    for _ in range(16):
        added(type_, receiver)
    assert "W006" in type_("add", receiver.url).err
