"""Nothing is recorded and not sent: the fault table of taking, sending and settling."""

from __future__ import annotations

import pytest

from airworthy.base.errors import StoreDamaged, StoreError
from airworthy.integration.webhook.endpoint import Endpoints
from airworthy.integration.webhook.outbox import KEPT_US, LEASE_US, Outbox
from airworthy.storage.database import Writer


class Crash(Exception):
    """The process ends here."""


def seqs(receiver):
    return sorted(got.data["seq"] for got in receiver.got)


def test_a_crash_between_taking_and_sending_loses_nothing(world, receiver):
    world.add(receiver.url)
    world.record(5)
    world.deliverer().take(world.clock.now())
    world.reopened()
    world.run()
    assert seqs(receiver) == [0, 1, 2, 3, 4]


def test_a_crash_between_sending_and_settling_sends_again_under_the_same_id(world, receiver):
    world.add(receiver.url)
    world.record(1)

    def crash(*settled, **how):
        raise Crash

    whole, world.outbox.settle = world.outbox.settle, crash
    with pytest.raises(Crash):
        world.run()
    world.outbox.settle = whole
    world.reopened()
    assert world.run() == world.clock.now() + LEASE_US, "another process may still be at it"
    world.clock.move(LEASE_US)
    assert world.run() is None
    assert [got.id for got in receiver.got] == [receiver.got[0].id] * 2


@pytest.mark.parametrize("step", ["move_cursor", "add_delivery"])
def test_a_crash_while_taking_takes_all_or_nothing(step, world, receiver, monkeypatch):
    world.add(receiver.url)
    world.record(5)

    def failing(method):
        def run(writer, name, rows):
            done = method(writer, name, rows)
            if name == step:
                raise Crash
            return done

        return run

    with monkeypatch.context() as patched:
        for name in ("many", "changed"):
            patched.setattr(Writer, name, failing(getattr(Writer, name)))
        with pytest.raises(Crash):
            world.deliverer().take(world.clock.now())
    world.reopened()
    assert world.deliverer().take(world.clock.now()) == 5
    world.run()
    assert seqs(receiver) == [0, 1, 2, 3, 4]


def test_two_senders_beside_each_other_send_everything_once(world, receiver):
    world.add(receiver.url)
    world.record(12)
    beside = Outbox(world.folder)
    now = world.clock.now()
    try:
        assert world.outbox.take(world.log, world.endpoints, now) == 12
        assert beside.take(world.log, world.endpoints, now) == 0
        (endpoint,) = world.endpoints.all()
        first, second = world.outbox.claim(endpoint.id, now, 8), beside.claim(endpoint.id, now, 8)
    finally:
        beside.close()
    assert sorted(one.seq for one in first + second) == list(range(12))


def test_an_entry_that_arrives_while_an_endpoint_is_added_is_told_to_it(world, receiver):
    """The size is read first: whatever is appended after the endpoint stands in its file meets it."""
    world.record(2)

    class Late(Endpoints):
        def enabled(self):
            if not self.all():
                world.add(receiver.url)
                world.record(1)
            return super().enabled()

    world.outbox.take(world.log, Late(world.folder), world.clock.now())
    world.run()
    assert seqs(receiver) == [2]


def test_more_than_one_transaction_of_entries_is_taken_to_the_end(world, receiver):
    world.add(receiver.url, kinds=("outcome.learnt",))
    world.add(receiver.url, kinds=("decision.made",))
    world.record(2_300)
    assert world.deliverer().take(world.clock.now()) == 2_300
    assert world.deliverer().take(world.clock.now()) == 0


def test_an_endpoint_that_is_removed_meanwhile_is_sent_nothing(world, receiver):
    endpoint = world.add(receiver.url)
    world.record(3)
    world.deliverer().take(world.clock.now())
    world.endpoints.remove(endpoint.id)
    assert world.run() is None
    assert receiver.got == []


def test_what_was_delivered_a_week_ago_is_let_go_of(world, receiver):
    endpoint = world.add(receiver.url)
    world.record(3)
    world.run()
    world.clock.move(KEPT_US + 1)
    world.record(1)
    world.run()
    assert world.outbox.counts(endpoint.id)["delivered"] == 1
    assert seqs(receiver) == [0, 1, 2, 3]


def test_a_log_shorter_than_what_was_read_before_is_named(world, receiver, tmp_path):
    world.add(receiver.url)
    world.record(3)
    world.run()

    class Older:
        def size(self):
            return 2

    with pytest.raises(StoreDamaged) as refused:
        world.outbox.take(Older(), world.endpoints, world.clock.now())
    assert refused.value.diagnostics[0].code == "W008"


@pytest.mark.parametrize("damage", [b"", b"{", b'{"v":1}', b'{"v":1,"endpoints":[{"id":1}]}', b"\xff"])
def test_a_damaged_file_of_endpoints_is_named_and_nothing_is_passed_over(damage, world, receiver):
    world.add(receiver.url)
    world.record(2)
    file = world.folder / "webhooks.json"
    whole = file.read_bytes()
    file.write_bytes(damage)
    with pytest.raises(StoreError) as refused:
        world.run()
    assert refused.value.diagnostics[0].code == "W003"
    file.write_bytes(whole)
    world.run()
    assert seqs(receiver) == [0, 1]


def test_the_file_of_endpoints_is_for_its_owner_alone(world, receiver):
    endpoint = world.add(receiver.url)
    file = world.folder / "webhooks.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert endpoint.secrets[0].value not in repr(endpoint)
