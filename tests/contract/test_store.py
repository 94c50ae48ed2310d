"""What every engine promises, run against every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from airworthy.base.canonical import OutOfProfile
from airworthy.base.errors import OutOfRange, StoreError
from airworthy.ledger.checkpoint import open_checkpoint
from airworthy.ledger.leaf import LeafTooLong, leaf_hash
from airworthy.ledger.note import VerifierKey
from airworthy.record import codec
from airworthy.record.envelope import Kref
from airworthy.record.store import Content, Draft, Store
from airworthy.storage.fsck import fsck
from airworthy.storage.memory import MemoryStore
from airworthy.storage.sqlite import SqliteStore, open_store
from contract.samples import decision, judged, mixed, outcome, sealed

Engine = MemoryStore | SqliteStore


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    engines: dict[str, Callable[[], Engine]] = {"memory": MemoryStore, "sqlite": lambda: open_store(tmp_path / "log")}
    store = engines[request.param]()
    yield store
    store.close()


def test_an_engine_is_a_store(store: Engine) -> None:
    as_promised: Store = store
    assert as_promised.origin == "airworthy.local/log"
    assert as_promised.size() == 0
    assert as_promised.head() is None


def test_what_was_appended_is_found_at_its_place(store: Engine) -> None:
    receipts = store.append(mixed(10))
    assert [receipt.seq for receipt in receipts] == list(range(10))
    entries = list(store.scan())
    assert [entry.seq for entry in entries] == list(range(10))
    assert [leaf_hash(entry.leaf) for entry in entries] == [receipt.leaf_hash for receipt in receipts]
    assert codec.record(entries[0].leaf).id == decision(0).id


def test_drafts_of_one_call_are_neighbours_also_among_many_callers(store: Engine) -> None:
    with ThreadPoolExecutor(16) as callers:
        answers = list(callers.map(lambda i: store.append(mixed(3, 10 * i)), range(60)))
    for receipts in answers:
        first = receipts[0].seq
        assert [receipt.seq for receipt in receipts] == [first, first + 1, first + 2]
    assert sorted(receipt.seq for receipts in answers for receipt in receipts) == list(range(180))
    assert fsck(store) == ()


def test_nothing_appended_gives_nothing(store: Engine) -> None:
    assert store.append([]) == ()
    assert store.size() == 0


def test_a_scan_takes_a_range_and_kinds(store: Engine) -> None:
    store.append(mixed(1_200))
    assert [entry.seq for entry in store.scan(5, 9)] == [5, 6, 7, 8]
    assert [entry.seq for entry in store.scan(1_190, 5_000)] == list(range(1_190, 1_200))
    assert [entry.seq for entry in store.scan(0, 8, kinds=["outcome.learnt"])] == [1, 3, 5, 7]
    both = store.scan(kinds=["outcome.learnt", "decision.made", "never.seen"])
    assert [entry.seq for entry in both] == list(range(1_200))
    assert list(store.scan(kinds=[])) == []
    assert list(store.scan(9, 5)) == []


def test_a_scan_streams(store: Engine) -> None:
    store.append(mixed(40))
    scan = store.scan()
    assert [entry.seq for entry in islice(scan, 3)] == [0, 1, 2]
    store.append(mixed(1))
    assert [entry.seq for entry in scan][-1] == 39


def test_a_decision_is_found_with_its_outcome(store: Engine) -> None:
    store.append(mixed(10))
    assert [entry.seq for entry in store.about(decision(4).id)] == [4, 5]
    assert store.about("nobody") == ()


def test_a_live_decision_is_found_by_what_was_asked_and_by_its_id(store: Engine) -> None:
    live = msgspec.structs.replace(decision(7), run=None)
    again = msgspec.structs.replace(live, id="d" * 26)
    store.append([sealed(1), Draft(record=live, subject="INC-7"), Draft(record=again, subject="INC-7")])
    found = store.decided("triage.route", "INC-7", 1)
    assert found is not None
    assert codec.record(found.leaf).id == live.id
    assert store.decided("triage.route", "INC-7", 2) is None
    assert store.decided("triage.route", "INC-8", 1) is None
    assert store.decided("triage.route", "INC-canary-1", 1) is None  # of a backtest
    assert (store.bears(live.id), store.bears("e" * 26)) == (True, False)
    assert fsck(store) == ()


def test_a_run_says_how_far_it_came(store: Engine) -> None:
    assert store.progress("r1") is None
    store.append([sealed(3), sealed(7), sealed(5)])
    store.append([sealed(6)])
    assert store.progress("r1") == 7


def test_sealed_content_opens_to_what_was_sealed(store: Engine) -> None:
    store.append(mixed(4))
    assert store.content(2, "input") == sealed(2).contents[0].body
    assert store.content(2, "output") == sealed(2).contents[1].body
    with pytest.raises(OutOfRange, match="purpose"):
        store.content(2, "weather")
    with pytest.raises(OutOfRange, match="seq"):
        store.content(4, "input")


def test_content_without_a_subject_is_sealed_too(store: Engine) -> None:
    store.append([Draft(record=decision(0), contents=(Content("charter", "house", b'"text"'),))])
    record = codec.record(next(store.scan()).leaf)
    assert record.item is None
    assert store.content(0, "charter") == b'"text"'
    assert store.subject(record.payloads[0].kref) is None


def test_krefs_lead_to_names_and_never_repeat(store: Engine) -> None:
    store.append(mixed(100))
    records = [codec.record(entry.leaf) for entry in store.scan()]
    items = [record.item.kref for record in records if record.item]
    people = [record.actor.kref for record in records if record.actor and record.actor.kref]
    assert len({*items, *people}) == len(items) + len(people) == 150
    assert {store.subject(kref) for kref in people} == {"kim.canary@example.com"}
    assert store.subject(items[2]) == "INC-canary-2"
    assert store.subject("0" * 32) is None
    with pytest.raises(OutOfRange):
        store.subject("not a kref")


def test_a_checkpoint_is_signed_over_everything_before_it(store: Engine) -> None:
    store.append(mixed(300))
    head = store.checkpoint()
    assert head == store.head()
    signed = open_checkpoint(head.note, VerifierKey.parse(store.verifier_key))
    assert (signed.origin, signed.size, signed.root) == (store.origin, 300, head.root)


def test_a_checkpoint_with_nothing_new_is_the_same(store: Engine) -> None:
    store.append(mixed(3))
    assert store.checkpoint() == store.checkpoint()


def test_an_empty_log_can_be_signed(store: Engine) -> None:
    assert store.checkpoint().size == 0
    store.append(mixed(1))
    assert store.checkpoint().size == 1


def test_a_closed_store_says_so_and_closes_twice(store: Engine) -> None:
    store.append(mixed(3))
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed") as refused:
        store.append(mixed(1))
    assert refused.value.diagnostics[0].code == "R002"


@pytest.mark.parametrize(
    ("draft", "error"),
    [
        (Draft(record=msgspec.structs.replace(decision(0), item=Kref("0" * 32))), OutOfRange),
        (Draft(record=msgspec.structs.replace(decision(0), actor=None), person="kim"), OutOfRange),
        (Draft(record=decision(0), contents=(Content("a", "work", b"1"), Content("a", "work", b"2"))), OutOfRange),
        (Draft(record=decision(0), contents=(Content("a\0b", "work", b"1"),)), OutOfRange),
        (Draft(record=msgspec.structs.replace(decision(0), segment="s" * 70_000)), LeafTooLong),
        (Draft(record=msgspec.structs.replace(decision(0), segment="\ud800")), OutOfProfile),
        (Draft(record=msgspec.structs.replace(decision(0), epoch=0.5)), OutOfProfile),
    ],
)
def test_a_draft_that_cannot_stand_in_a_log_is_refused_alone(
    store: Engine, draft: Draft, error: type[Exception]
) -> None:
    with pytest.raises(error):
        store.append([sealed(0), draft])
    assert store.size() == 0
    assert store.append([judged(0)])[0].seq == 0


def test_a_bad_draft_is_the_answer_to_its_own_submission(store: Engine) -> None:
    bad = Draft(record=msgspec.structs.replace(decision(0), epoch=0.5), subject="INC-canary-0")
    futures = [store.submit([judged(0)]), store.submit([judged(1), bad]), store.submit([judged(2)])]
    with pytest.raises(OutOfProfile):
        futures[1].result(30)
    assert [futures[i].result(30)[0].seq for i in (0, 2)] == [0, 1]
    assert fsck(store) == ()


def test_a_list_that_is_filled_again_after_it_was_submitted_changes_nothing(store: Engine) -> None:
    drafts = [judged(0), judged(1)]
    future = store.submit(drafts)
    drafts.clear()
    assert len(future.result(30)) == 2


def test_a_log_without_damage_has_none(store: Engine) -> None:
    for start in range(0, 700, 70):
        store.append(mixed(70, start))
    assert fsck(store) == ()
    store.checkpoint()
    store.append([Draft(record=outcome(9))])
    assert fsck(store) == ()
