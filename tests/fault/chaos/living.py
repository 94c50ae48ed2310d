"""A use case lived through chaos: servers and clients killed again and again, then held against the log."""

from __future__ import annotations

import random
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import airworthy
from airworthy.proof import verify
from airworthy.storage.fsck import fsck
from airworthy.storage.publish import export
from airworthy.storage.sqlite import open_store
from fault.chaos import notes
from fault.chaos.reckoning import Books, Ledger, differences, unfinished
from fault.chaos.world import (
    AIRWORTHY,
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
)
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
            pause(chance.uniform(0.2, 1.2))
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
                until_so(partial(is_empty, client.spool), "the spool is empty")

    def check(self) -> None:
        """Nothing differs, something happened, and what stayed open was in flight when something was killed."""
        ledger, books = check(self.data, self.notes), Books(notes.read(self.notes))
        found = unfinished(ledger, books)
        print(f"{len(books.told)} told, {len(ledger.fell_back)} fell back, {len(books.ran)} ran, {dict(found)}")
        assert len(books.told) > len(ledger.fell_back) > 0
        assert len(books.ran) > 0
        of_clients, of_servers = THREADS * self.client_kills, THREADS * PROCESSES * self.server_kills
        assert found["asked and not told"] <= of_clients
        assert found["run and not ended"] <= of_clients
        assert found["called and neither run nor refused"] <= of_clients
        assert found["redeemed and not run"] <= of_clients + of_servers


def is_empty(spool: Path) -> bool:
    """Whether everything in it was handed over."""
    return not list(spool.glob("*.segment"))


def check(data: Path, folder: Path) -> Ledger:
    """The log in `data` is whole, an auditor finds nothing in it, and it agrees with the notes in `folder`."""
    with closing(open_store(data)) as store:
        assert fsck(store) == ()
        assert Auditor(HORIZON_US).read(stored.leaf for stored in store.scan()) == []
        ledger = Ledger(store)
        assert list(differences(ledger, Books(notes.read(folder)), EARLY)) == []
        export(store, data.parent / "out")
        assert verify.main([str(data.parent / "out"), "--key", store.verifier_key]) == verify.OK
    assert not list(folder.glob("spool-*/refused.jsonl"))
    assert not list(folder.glob("spool-*/*.bad"))
    verified = [sys.executable, "-c", AIRWORTHY, "log", "verify", str(data)]
    assert subprocess.run(verified, env=ENVIRONMENT, check=False, capture_output=True).returncode == 0
    return ledger
