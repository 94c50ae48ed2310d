"""A use case that acts, in a folder, with a server and clients in processes of their own that can be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import msgspec

from airworthy.base.clock import DAY, HOUR, FixedClock, Micros, SystemClock
from airworthy.base.ids import SystemRandom
from airworthy.client.server import FILE, ServerFile
from airworthy.service.access import KeyFile
from airworthy.service.open import open_gateway
from service.live.worlds import TEXT, granted, opened

TESTS = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    **os.environ,
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")]),
}
AIRWORTHY = "from airworthy.cli.main import main; main()"
HORIZON_US = DAY
PATIENCE_S = 60.0
EARLY = 500


def certified(folder: Path) -> Path:
    """Makes a log in `folder` whose gate is open, so that what is asked next is acted on. Returns its charter.

    It was worked on some days ago, by a clock that stood there: labels have matured, and nobody need wait for that.
    """
    charter = folder.parent / "claims.yaml"
    charter.write_text(TEXT, encoding="utf-8")
    clock = FixedClock(Micros(SystemClock().now() - 5 * DAY))
    with open_gateway(folder, [charter], clock=clock, watch=False) as gateway:
        granted(gateway)
        opened(gateway, clock, n=EARLY)
    return charter


def until_so(so: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    """Waits until something is so; fails where it never is."""
    for _ in range(int(patience_s / 0.02)):
        if so():
            return
        pause(0.02)
    raise AssertionError(f"it never came to be so that {what}")


def pause(seconds: float) -> None:
    Event().wait(seconds)


def application_key(folder: Path) -> str:
    """The secret of a key that outlives every server."""
    clock, random = SystemClock(), SystemRandom()
    return KeyFile(folder, clock, random).make("claims-service", ["application"], person=False, life_us=HOUR)[1]


class Server:
    """`airworthy serve` on one folder and one port, however often it is killed."""

    def __init__(self, folder: Path, charter: Path, around: tuple[str, ...] = ()) -> None:
        self.folder, self._charter, self._around = folder, charter, around
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.said = folder.parent / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it serves."""
        command = [*self._around, sys.executable, "-c", AIRWORTHY, "serve"]
        how = ["--data", str(self.folder), "--port", str(self.port), "--log-level", "error"]
        with self.said.open("ab") as said:
            self._process = subprocess.Popen(
                [*command, str(self._charter), *how], stdout=said, stderr=said, env=ENVIRONMENT
            )
        until_so(self._serves, "the server serves")

    def untraced(self) -> None:
        """From its next start on, it runs as it is."""
        self._around = ()

    def signal(self, number: int) -> None:
        os.kill(self.presence().pid, number)

    def kill(self) -> None:
        """Ends it this moment."""
        assert self._process is not None
        self.signal(signal.SIGKILL)
        self._process.wait(PATIENCE_S)

    def end(self) -> int:
        """Ends it in good order."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(PATIENCE_S)

    def presence(self) -> ServerFile:
        return msgspec.json.decode((self.folder / FILE).read_bytes(), type=ServerFile)

    def _serves(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.said.read_text()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                pass
            ours = [self._process.pid, *children(self._process.pid)]
            return self.presence().pid in ours
        except (OSError, msgspec.DecodeError):
            return False


class Client:
    """One client process: its name and spool outlive it."""

    def __init__(self, server: Server, key: str, folder: Path, name: str, threads: int, budget_ms: float) -> None:
        self._words = (server.url, key, str(folder), name)
        self.spool = folder / f"spool-{name}"
        self._threads, self._budget_ms = threads, budget_ms
        self._said = folder / f"{name}.log"
        self.runs = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns at once: it comes to work when it does."""
        script = str(TESTS / "fault" / "chaos" / "client.py")
        words = [*self._words, str(self.runs), str(self._threads), f"{self._budget_ms:g}"]
        with self._said.open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, script, *words], stdout=said, stderr=said, env=ENVIRONMENT
            )
        self.runs += 1

    def works(self) -> bool:
        return self._said.read_bytes().count(b"working") == self.runs

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE_S)

    def end(self) -> None:
        """Lets every thread finish what it does."""
        assert self._process is not None
        self._process.terminate()
        assert self._process.wait(PATIENCE_S) == 0, self._said.read_text()


def children(pid: int) -> list[int]:
    """Processes this one started, such as what it traces."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


@contextmanager
def ending(*all_of: Server | Client) -> Iterator[None]:
    """Whatever a test did, none of its processes outlives it."""
    try:
        yield
    finally:
        for one in all_of:
            process = one._process
            if process is not None and process.poll() is None:
                for child in children(process.pid):
                    os.kill(child, signal.SIGKILL)
                process.kill()
                process.wait(PATIENCE_S)
