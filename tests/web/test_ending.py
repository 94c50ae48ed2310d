"""How a server starts and ends: nothing acknowledged is lost, and nothing is left behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from web.live import PLAIN, ask, live

SERVING = Path(__file__).with_name("serving.py")


class Process:
    """A server in a process of its own."""

    def __init__(self, folder, delay_s):
        self.file = folder / "server.json"
        command = [sys.executable, str(SERVING), str(folder), str(delay_s)]
        self.running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.url = self.running.stdout.readline().strip()
        self.key = json.loads(self.file.read_text())["key"]

    def ask(self, subject, key=None):
        headers = {"authorization": f"Bearer {key or self.key}"}
        with httpx.Client(trust_env=False, timeout=20, verify=PLAIN) as client:
            return client.post(f"{self.url}/v1/decisions", json=ask(subject), headers=headers)

    def until_deciding(self, n):
        """Waits until so many decisions are being made."""
        headers = {"authorization": f"Bearer {self.key}"}
        with httpx.Client(base_url=self.url, headers=headers, trust_env=False, verify=PLAIN) as client:
            while f"in_flight {n}.0" not in client.get("/metrics").text:
                time.sleep(0.01)

    def end(self, *signals):
        for one in signals:
            self.running.send_signal(one)
            time.sleep(0.05)
        said, journal = self.running.communicate(timeout=20)
        return self.running.returncode, said, journal


@contextmanager
def process(folder, delay_s=0.0):
    running = Process(folder, delay_s)
    try:
        yield running
    finally:
        running.running.kill()
        running.running.communicate()


def test_programs_of_the_same_person_find_it_with_a_key_of_each_start_until_it_ends_in_good_order(tmp_path):
    found = []
    for n, sent in enumerate((signal.SIGTERM, signal.SIGINT)):
        with process(tmp_path) as server:
            assert server.file.stat().st_mode & 0o777 == 0o600
            found.append(json.loads(server.file.read_text()))
            assert (found[n]["url"], found[n]["pid"]) == (server.url, server.running.pid)
            assert [server.ask("claim/1", one["key"]).status_code for one in found] == [401] * n + [200]
            code, said, journal = server.end(sent)
        assert (code, said) == (0, "decided 1 closed 1\n")
        assert [json.loads(line)["route"] for line in journal.splitlines()] == [""] * n + ["/v1/decisions"]
        assert not server.file.exists()


def test_what_is_under_way_is_answered_before_the_end(tmp_path):
    with process(tmp_path, delay_s=1) as server, ThreadPoolExecutor(32) as pool:
        asked = [pool.submit(server.ask, f"claim/{n}") for n in range(32)]
        server.until_deciding(32)
        code, said, _ = server.end(signal.SIGTERM)
        answers = [one.result().status_code for one in asked]
    assert answers == [200] * 32
    assert (code, said) == (0, "decided 32 closed 1\n")


def test_a_second_signal_ends_it_at_once(tmp_path):
    with process(tmp_path, delay_s=8) as server, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(server.ask, "claim/slow")
        server.until_deciding(1)
        started = time.monotonic()
        code, said, _ = server.end(signal.SIGTERM, signal.SIGTERM)
        assert time.monotonic() - started < 4
        assert asked.exception() is not None
    assert (code, said) == (128 + signal.SIGTERM, "")
    assert not server.file.exists()


def test_work_that_takes_longer_than_the_grace_is_given_up(tmp_path):
    with live(tmp_path, grace_s=1) as server, ThreadPoolExecutor(1) as pool:
        server.gateway.hold()
        asked = pool.submit(server.client().post, "/v1/decisions", json=ask())
        server.until(lambda: server.house.deciding.taken == 1)
        server.server.should_exit = True
        server.until(lambda: not server.thread.is_alive())
        server.gateway.let_go()
        assert (asked.result().status_code, asked.result().json()["code"]) == (503, "H027")
    assert server.gateway.closed == 1


def test_a_server_that_ends_takes_nothing_new(tmp_path):
    with live(tmp_path) as server, ThreadPoolExecutor(1) as pool:
        server.gateway.hold()
        asked = pool.submit(server.client().post, "/v1/decisions", json=ask())
        server.until(lambda: server.house.deciding.taken == 1)
        server.server.should_exit = True
        server.until(lambda: server.house.ending.is_set())
        refused = threading.Event()
        try:
            server.client().get("/healthz")
        except httpx.TransportError:
            refused.set()
        server.gateway.let_go()
        assert asked.result().status_code == 200
        assert refused.is_set()
