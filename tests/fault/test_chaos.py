"""Servers and clients killed at random moments under load: nothing acknowledged is lost, nothing runs unpermitted."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

import airworthy
from airworthy.proof import verify
from airworthy.storage.fsck import fsck
from airworthy.storage.publish import export
from airworthy.storage.sqlite import open_store
from fault.chaos import notes
from fault.chaos.reckoning import Books, Ledger, differences, unfinished
from fault.chaos.world import (
    EARLY,
    ENVIRONMENT,
    HORIZON_US,
    Client,
    Server,
    application_key,
    certified,
    ending,
    pause,
    until_so,
)  # fmt: skip
from service.live.auditor import Auditor

PROCESSES, THREADS = 4, 8
BUDGET_MS = 1_000.0


class Chaos:
    """A certified use case with a server and clients, and every kill counted."""

    def __init__(self, folder: Path) -> None:
        self.data, self.notes = folder / "data", folder / "notes"
        self.notes.mkdir()
        self.server = Server(self.data, certified(self.data))
        self.key = application_key(self.data)
        self.clients = [
            Client(self.server, self.key, self.notes, f"client-{i}", THREADS, BUDGET_MS) for i in range(PROCESSES)
        ]
        self.server_kills = self.client_kills = 0

    def live_through(self, rounds: int, chance: random.Random) -> None:
        """Each round the server is killed, and one client process; both come back to where they were."""
        with ending(self.server, *self.clients):
            self.server.start()
            for client in self.clients:
                client.start()
            until_so(lambda: all(client.works() for client in self.clients), "every client works")
            for _ in range(rounds):
                self.round(chance)
            pause(0.5)
            for client in self.clients:
                client.end()
            self.hand_over()
            assert self.server.end() == 0

    def round(self, chance: random.Random) -> None:
        client = chance.choice(self.clients)
        steps = [self.kill_server, lambda: self.kill(client)]
        chance.shuffle(steps)
        for step in steps:
            pause(chance.uniform(0.1, 0.9))
            step()
        pause(chance.uniform(0.0, 0.2))
        self.server.start()

    def kill_server(self) -> None:
        self.server.kill()
        self.server_kills += 1

    def kill(self, client: Client) -> None:
        until_so(client.works, "a client works before it is killed")
        client.kill()
        self.client_kills += 1
        client.start()

    def hand_over(self) -> None:
        """Whoever connects with a spool hands over what is still in it."""
        for client in self.clients:
            with airworthy.connect(self.server.url, key=self.key, spool=client.spool):
                until_so(lambda: not list(client.spool.glob("*.segment")), "the spool is empty")

    def check(self) -> None:
        """From the log and the clients' notes alone."""
        store = open_store(self.data)
        assert fsck(store) == ()
        assert Auditor(HORIZON_US).read(stored.leaf for stored in store.scan()) == []
        ledger, books = Ledger(store), Books(notes.read(self.notes))
        assert list(differences(ledger, books, EARLY)) == []
        self.check_bounds(ledger, books)
        export(store, self.data.parent / "out")
        assert verify.main([str(self.data.parent / "out"), "--key", store.verifier_key]) == verify.OK
        store.close()
        verified = [
            sys.executable,
            "-c",
            "from airworthy.cli.main import main; main()",
            "log",
            "verify",
            str(self.data),
        ]
        assert subprocess.run(verified, env=ENVIRONMENT, check=False, capture_output=True).returncode == 0

    def check_bounds(self, ledger: Ledger, books: Books) -> None:
        """Something happened at all, and what stayed open is no more than was in flight when something was killed."""
        found = unfinished(ledger, books)
        print(f"{len(books.told)} told, {len(ledger.fell_back)} fell back, {len(books.ran)} ran, {dict(found)}")
        assert len(books.told) > len(ledger.fell_back) > 0
        assert len(books.ran) > 0
        assert found["asked and not told"] <= THREADS * self.client_kills
        assert found["run and not ended"] <= THREADS * self.client_kills
        assert found["called and neither run nor refused"] <= THREADS * self.client_kills
        assert found["redeemed and not run"] <= THREADS * (self.client_kills + PROCESSES * self.server_kills)
        assert not list(self.notes.glob("spool-*/refused.jsonl"))
        assert not list(self.notes.glob("spool-*/*.bad"))


@pytest.mark.slow
def test_three_rounds_of_kills_lose_nothing_and_run_nothing_unpermitted(tmp_path: Path) -> None:
    chaos = Chaos(tmp_path)
    chaos.live_through(3, random.Random(1))
    chaos.check()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_fifty_rounds_of_kills_lose_nothing_and_run_nothing_unpermitted(tmp_path: Path) -> None:
    chaos = Chaos(tmp_path)
    chaos.live_through(50, random.Random(20261122))
    chaos.check()
