"""What is sent, how it is signed, when it is tried again, and that one endpoint never waits for another."""

from __future__ import annotations

import time

import pytest
from standardwebhooks import WebhookVerificationError

from airworthy.base.clock import HOUR, SECOND
from airworthy.base.errors import StoreFull
from airworthy.integration.webhook.backoff import GIVE_UP_US, STEPS, next_try
from airworthy.integration.webhook.deliver import AT_ONCE
from airworthy.integration.webhook.endpoint import BOTH_FOR_US, rotated
from airworthy.integration.webhook.event import TEST, ping
from airworthy.integration.webhook.outbox import LEASE_US
from integration.webhook.receiver import Seeded


def test_every_entry_from_now_on_arrives_signed(world, receiver):
    world.record(3)
    endpoint = world.add(receiver.url)
    world.record(5)
    assert world.run() is None
    assert sorted(got.data["seq"] for got in receiver.got) == [3, 4, 5, 6, 7]
    for got in receiver.got:
        assert got.verified(endpoint.secrets[0].value)["type"] in ("decision.made", "outcome.learnt")
        assert got.id == f"msg_{got.data['seq']}_{endpoint.id}"
    assert world.outbox.counts(endpoint.id) == {"due": 0, "delivered": 5, "dead": 0}


def test_what_is_sent_names_the_decision_and_nobody(world, receiver):
    world.add(receiver.url)
    world.record(2)
    world.run()
    decision, outcome = sorted(receiver.got, key=lambda got: got.data["seq"])
    assert decision.data["decision"] == decision.data["id"] == outcome.data["decision"]
    assert decision.data["route"] == "review"
    assert outcome.data["loss"] == 0
    assert outcome.data["actor"] == {"kind": "person", "role": "reviewer"}
    for got in receiver.got:
        assert b"canary" not in got.body
        assert not {"item", "payloads"} & set(got.data)
        assert b"kref" not in got.body


def test_a_tampered_body_is_refused_by_the_verifier(world, receiver):
    endpoint = world.add(receiver.url)
    world.record(1)
    world.run()
    got = receiver.got[0]
    with pytest.raises(WebhookVerificationError):
        type(got)(got.headers, got.body.replace(b"review", b"act")).verified(endpoint.secrets[0].value)


def test_an_endpoint_is_told_of_its_kinds_alone(world, receiver, another):
    world.add(receiver.url, kinds=("outcome.learnt",))
    world.add(another.url, kinds=("gate.opened",))
    world.record(6)
    world.run()
    assert sorted(got.data["seq"] for got in receiver.got) == [1, 3, 5]
    assert another.got == []


def test_a_failure_is_tried_again_under_the_same_id_with_a_new_signature(world, receiver):
    endpoint = world.add(receiver.url)
    receiver.statuses = [500]
    world.record(1)
    again = world.run()
    assert 0.9 * STEPS[0] <= again - world.clock.now() <= 1.1 * STEPS[0]
    assert world.run() == again
    assert len(receiver.got) == 1, "nothing is tried before it is due"
    world.clock.move(6 * SECOND)
    assert world.run() is None
    first, second = receiver.got
    assert (first.id, first.body) == (second.id, second.body)
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    second.verified(endpoint.secrets[0].value)


@pytest.mark.parametrize("status", [301, 400, 404, 429, 503])
def test_whatever_is_not_a_success_is_tried_again(status, world, receiver):
    endpoint = world.add(receiver.url)
    receiver.status = status
    world.record(1)
    assert world.run() > world.clock.now()
    assert world.outbox.counts(endpoint.id)["due"] == 1


def test_a_redirect_is_not_followed(world, receiver, another):
    world.add(receiver.url)
    receiver.status, receiver.location = 307, another.url
    world.record(1)
    world.run()
    assert len(receiver.got) == 1
    assert another.got == []


def test_three_days_of_failures_end_among_the_dead_and_can_be_redriven(world, receiver):
    endpoint = world.add(receiver.url)
    receiver.status = 500
    world.record(1)
    started = world.clock.now()
    while (due := world.run()) is not None:
        world.clock.move(due - world.clock.now())
    (dead,) = world.outbox.dead()
    assert world.clock.now() - started == GIVE_UP_US == 72 * HOUR
    assert (dead.id, dead.status, dead.attempts) == (f"msg_0_{endpoint.id}", "HTTP 500", len(receiver.got))
    assert len(receiver.got) == 15

    receiver.status = 204
    assert world.outbox.redrive([dead], world.clock.now()) == 1
    assert world.run() is None
    assert world.outbox.dead() == ()
    assert len({got.id for got in receiver.got}) == 1


def test_waits_grow_with_jitter_and_end_after_three_days():
    random = Seeded()
    for attempts, step in enumerate(STEPS, 1):
        waits = [next_try(attempts, first_at=0, now=0, random=random) for _ in range(200)]
        assert 0.9 * step <= min(waits) < 0.93 * step
        assert 1.07 * step < max(waits) <= 1.1 * step
    assert next_try(99, first_at=0, now=GIVE_UP_US - 1, random=random) == GIVE_UP_US
    assert next_try(99, first_at=0, now=GIVE_UP_US, random=random) is None


def test_a_sender_that_was_away_for_a_week_still_tries_for_three_days(world, receiver):
    world.add(receiver.url)
    world.record(1)
    world.deliverer().take(world.clock.now())
    world.clock.move(7 * 24 * HOUR)
    receiver.status = 500
    assert world.run() is not None
    assert world.outbox.dead() == ()


def test_an_endpoint_that_is_gone_is_disabled_and_gets_nothing_more(world, receiver):
    endpoint = world.add(receiver.url)
    receiver.status = 410
    world.record(3 * AT_ONCE)
    assert world.run() is None
    assert world.endpoints.one(endpoint.id).disabled == world.clock.now()
    assert len(world.outbox.dead()) == 3 * AT_ONCE
    assert len(receiver.got) == AT_ONCE
    world.record(1)
    world.run()
    assert len(receiver.got) == AT_ONCE


def test_two_secrets_sign_for_a_day_after_a_rotation_and_then_one(world, receiver):
    endpoint = world.add(receiver.url)
    old = endpoint.secrets[0].value
    new = world.endpoints.replace(
        endpoint.id, lambda one: rotated(one, world.clock.now() - BOTH_FOR_US + SECOND, world.random)
    )
    world.record(1)
    world.run()
    receiver.got[0].verified(old)
    receiver.got[0].verified(new.secrets[0].value)
    world.clock.move(SECOND)
    world.record(1)
    world.run()
    receiver.got[1].verified(new.secrets[0].value)
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        receiver.got[1].verified(old)


def test_a_hanging_endpoint_holds_up_no_other_and_costs_one_timeout(world, receiver, another):
    hanging, good = world.add(receiver.url), world.add(another.url)
    receiver.hangs = True
    world.record(40)
    world.run(timeout_s=0.3)
    assert world.outbox.counts(good.id)["delivered"] == 40
    assert world.outbox.counts(hanging.id) == {"due": 40, "delivered": 0, "dead": 0}
    assert len(receiver.got) == AT_ONCE


def test_the_thread_sends_to_a_good_endpoint_while_another_hangs(world, receiver, another):
    world.add(receiver.url)
    good = world.add(another.url)
    receiver.hangs = True
    thread = world.deliverer(timeout_s=60).thread()
    try:
        for n in (8, 16, 24):
            world.record(8)
            wait_until(lambda n=n: world.outbox.counts(good.id)["delivered"] == n)
        assert len(receiver.got) == AT_ONCE
        assert thread.trouble == ""
    finally:
        thread.stop()
    assert not thread.is_alive()


def test_the_thread_says_what_keeps_it_from_sending_and_goes_on_after(world, receiver):
    endpoint = world.add(receiver.url)
    file = world.folder / "webhooks.json"
    file.chmod(0o644)
    thread = world.deliverer().thread()
    try:
        wait_until(lambda: "W003" in thread.trouble)
        file.chmod(0o600)
        world.record(1)
        wait_until(lambda: world.outbox.counts(endpoint.id)["delivered"] == 1)
        assert thread.trouble == ""
    finally:
        thread.stop()


def test_a_full_disk_is_named_and_what_it_kept_from_being_noted_is_sent_again(world, receiver, another):
    world.add(receiver.url)
    good = world.add(another.url)
    whole, full = world.outbox.settle, []

    def settle(one, *settled, **how):
        if one.endpoint != good.id and not full:
            full.append(one)
            raise StoreFull("the disk is full")
        whole(one, *settled, **how)

    world.outbox.settle = settle
    world.record(8)
    with pytest.raises(StoreFull):
        world.run()
    assert world.outbox.counts(good.id)["delivered"] == 8
    world.clock.move(LEASE_US)
    assert world.run() is None
    assert len(receiver.got) == 9
    assert len({got.id for got in receiver.got}) == 8


def test_an_endpoint_nobody_listens_at_is_tried_again(world, receiver):
    endpoint = world.add(receiver.url)
    receiver.close()
    world.record(1)
    assert world.run() > world.clock.now()
    assert world.outbox.counts(endpoint.id)["due"] == 1


def test_a_test_message_says_that_it_is_one():
    event = ping("01", "ab12", 1_790_000_000_000_000)
    assert event.id == "test_01_ab12"
    assert event.body == b'{"type":"%s","timestamp":"2026-09-21T14:13:20Z","data":{"endpoint":"ab12"}}' % TEST.encode()


def wait_until(true, most_s=20.0):
    end = time.monotonic() + most_s
    while not true():
        assert time.monotonic() < end, "it never became so"
        time.sleep(0.02)
