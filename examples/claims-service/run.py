"""Starts the service, sends it claims, shows who decided what. Takes half a minute; everything is simulated."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import httpx
from triage import claim, truth

HERE = Path(__file__).resolve().parent
AIRWORTHY = str(Path(sys.executable).parent / "airworthy")
HORIZON_S = 2


def _unused(folder: Path) -> Path:
    """`folder`, or the next one beside it that no run has used: in a log that was granted and stopped before, the
    story would begin at its end."""
    numbered = (folder.with_name(f"{folder.name}-{n}") for n in itertools.count(2))
    return next(one for one in itertools.chain([folder], numbered) if not one.exists())


DATA = _unused(Path(os.environ.get("CLAIMS_DATA", HERE / ".airworthy")))


def main() -> int:
    """The story, in six steps; exit 0 when each came out as told."""
    port = _free_port()
    environment = os.environ | {"PORT": str(port), "CLAIMS_DATA": str(DATA)}
    service = subprocess.Popen([sys.executable, "service.py"], cwd=HERE, env=environment)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as web:
            _await(web)
            return _story(web)
    finally:
        service.terminate()
        service.wait(20)


def _story(web: httpx.Client) -> int:
    first = _send(web, range(0, 20))
    _say("1  without a grant", first, "everything is done as before, and recorded")
    _airworthy("grant", "claims", "--stage", "default", "--until", "30d", "--as", "Amara Okafor")
    second = _send(web, range(20, 900))
    _say("2  granted; at first nothing is certified", second, "people decide, and what is decided is the evidence")
    time.sleep(HORIZON_S + 2)
    third = _send(web, range(900, 1_200))
    _say("3  certified where the model is sure", third, "what is acted on is wrong in at most 10 of 100")
    paid = len(web.get("/payments").json())
    refused = web.post("/claims/00001/pay").status_code
    print(f"4  {paid} payments, each under a permit of its own; one tried without: HTTP {refused}")
    _airworthy("stop", "claims", "--why", "wrong sums were seen", "--as", "Paul Meyer")
    fourth = _send(web, range(1_200, 1_220))
    _say("5  stopped", fourth, "everything is done as before, at once")
    print(f"6  the log, in {DATA.name}:", flush=True)
    sound = _airworthy("log", "verify", str(DATA))
    as_told = first["fallback"] == 20 and third["act"] > 0 and refused == 403 and fourth["fallback"] == 20
    return 0 if as_told and sound == 0 else 1


def _send(web: httpx.Client, numbers: range) -> Counter[str]:
    """Sends claims; a clerk's decision becomes known for each."""
    routes: Counter[str] = Counter()
    for number in numbers:
        one = claim(number)
        sent = {"id": one.id, "kind": one.kind, "amount": one.amount, "documents": one.documents}
        routes[web.post("/claims", json=sent).raise_for_status().json()["route"]] += 1
        web.post(f"/claims/{one.id}/decided", json={"action": truth(one)}).raise_for_status()
    return routes


def _say(what: str, routes: Counter[str], meaning: str) -> None:
    counted = ", ".join(f"{count} {route}" for route, count in sorted(routes.items()))
    print(f"{what}: {counted}. So {meaning}.", flush=True)


def _airworthy(*words: str) -> int:
    data = () if words[0] == "log" else ("--data", str(DATA))
    return subprocess.run([AIRWORTHY, *words, *data], cwd=HERE, check=False).returncode


def _await(web: httpx.Client) -> None:
    for _ in range(200):
        try:
            web.get("/payments")
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("the service did not start")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
