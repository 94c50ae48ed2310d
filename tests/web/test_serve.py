"""`airworthy serve` and `airworthy key`, as one types them, over the real gateway."""

from __future__ import annotations

import ipaddress
import json
import signal
import socket
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airworthy.base.clock import SystemClock
from airworthy.base.ids import SystemRandom
from airworthy.service.open import open_gateway
from airworthy.storage.fsck import fsck
from airworthy.storage.sqlite import open_reader
from cli.typed import typed
from integration.webhook.receiver import Receiver
from web.live import PLAIN, live

ROOT = Path(__file__).parents[2]
CHARTER = ROOT / "examples/incident-triage/charter.yaml"
POINT = "incident-triage.resolving-group"
COMMAND = [sys.executable, "-m", "airworthy.cli.main"]


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    """A command over the test's folder, in this process."""
    return lambda *words: typed(capsys, monkeypatch, *words, "--data", tmp_path)


@pytest.fixture
def refused(run):
    """How `airworthy serve` refuses to start: its exit code, and the code of what it says."""

    def start(*words):
        found = run("serve", CHARTER, *words)
        return found.exit, found.err[:4]

    return start


class Serving:
    """`airworthy serve` in a process of its own, once it is ready."""

    def __init__(self, folder, *words):
        command = [*COMMAND, "serve", str(CHARTER), "--data", str(folder), "--port", "0", *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.said = []
        while not self.said or not self.said[-1].startswith("end "):
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read()
            self.said.append(line)
        place = folder / words[words.index("--environment") + 1] if "--environment" in words else folder
        self.found = json.loads((place / "server.json").read_text())

    def client(self):
        headers = {"authorization": f"Bearer {self.found['key']}"}
        return httpx.Client(base_url=self.found["url"], headers=headers, timeout=20, trust_env=False, verify=PLAIN)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        said, journal = self.process.communicate(timeout=30)
        return self.process.returncode, said, [json.loads(line) for line in journal.splitlines()]


@contextmanager
def serving(folder, *words):
    running = Serving(folder, *words)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.communicate()


def ask(subject, group="network", **more):
    return {"point": POINT, "subject": subject, "output": {"group": group}, **more}


def test_it_says_where_it_listens_and_what_to_do_next(tmp_path):
    with serving(tmp_path, "--environment", "test") as running:
        said = "".join(running.said)
        code, _, journal = running.end()
    assert f"listening  {running.found['url']}\n" in said
    assert "serving    incident-triage; environment test" in said
    assert "key make NAME --scope application" in said
    assert f"curl {running.found['url']}/v1/decisions" in said
    assert (code, journal) == (0, [])
    assert not list(tmp_path.rglob("server.json"))


def test_the_line_it_prints_is_answered(tmp_path):
    with serving(tmp_path) as running:
        line = next(one for one in running.said if "curl" in one)
        body = msgspec.json.decode(line[line.index("-d '") + 4 : line.rindex("'")])
        with running.client() as client:
            answer = client.post("/v1/decisions", json=body)
        code, _, journal = running.end()
    assert answer.json()["point"] == POINT
    assert answer.json()["route"] == "fallback"
    assert code == 0
    assert [one["route"] for one in journal] == ["/v1/decisions"]


def test_a_running_server_tells_webhooks_what_it_recorded(tmp_path, run):
    receiver = Receiver()
    try:
        with serving(tmp_path) as running, running.client() as client:
            assert run("webhook", "add", receiver.url, "--kind", "decision.made").exit == 0
            told = client.post("/v1/decisions", json=ask("claim/1")).json()
            until = time.monotonic() + 20
            while not receiver.got and time.monotonic() < until:
                time.sleep(0.05)
            code, _, _ = running.end()
    finally:
        receiver.close()
    assert [one.data["id"] for one in receiver.got] == [told["id"]]
    assert code == 0


def test_what_was_acknowledged_while_it_ended_is_in_the_log_and_the_log_is_sound(tmp_path):
    with serving(tmp_path) as running, ThreadPoolExecutor(32) as pool:
        enough = []

        def work(worker):
            told = []
            with running.client() as client:
                for n in range(10_000):
                    try:
                        answer = client.post("/v1/decisions", json=ask(f"incident/{worker}/{n}"))
                    except httpx.TransportError:
                        return told
                    if answer.status_code == 200:
                        told.append(answer.json()["id"])
                    enough.append(1)
            return told

        workers = [pool.submit(work, n) for n in range(32)]
        while len(enough) < 200:
            time.sleep(0.01)
        code, _, _ = running.end()
        told = {id for one in workers for id in one.result()}
    assert code == 0
    reader = open_reader(tmp_path)
    try:
        kept = {msgspec.json.decode(entry.leaf)["id"] for entry in reader.scan(kinds=["decision.made"])}
        assert len(told) >= 200
        assert told <= kept
        assert reader.head().size == reader.size(), "the last head does not cover everything"
        assert list(fsck(reader)) == []
    finally:
        reader.close()


def test_it_listens_beyond_this_machine_only_with_a_key_and_where_nobody_reads_along(tmp_path, run, refused):
    both = run("serve", CHARTER, "--host", "0.0.0.0", "--port", "0")
    assert (both.exit, both.err.count("H022")) == (2, 2)
    assert "airworthy key make NAME" in both.err
    assert "--behind-proxy" in both.err
    assert refused("--host", "0.0.0.0", "--behind-proxy") == (2, "H022")
    made = json.loads(run("key", "make", "claims", "--scope", "application", "--json").out)
    assert refused("--host", "0.0.0.0") == (2, "H022")
    with serving(tmp_path, "--host", "0.0.0.0", "--behind-proxy") as running:
        assert "exposed    anyone who reaches port" in "".join(running.said)
        headers = {"authorization": f"Bearer {made['secret']}"}
        assert httpx.get(f"{running.found['url']}/v1/keys", headers=headers, trust_env=False).status_code == 200
        assert refused("--port", "0") == (2, "R003"), "two servers wrote to one folder"
    run("key", "revoke", made["id"])
    assert refused("--host", "0.0.0.0", "--behind-proxy") == (2, "H022")


def test_without_its_libraries_it_says_what_to_install_and_all_other_commands_work():
    script = (
        "import sys; sys.modules['litestar'] = None; from airworthy.cli.main import main;"
        "assert not {'uvicorn', 'prometheus_client'} & set(sys.modules); "
        "sys.argv = ['airworthy', *sys.argv[1:]]; main()"
    )
    serve, version = (
        subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, timeout=60)
        for words in (("serve", str(CHARTER)), ("--version",))
    )
    assert serve.stderr[:4] == "U001"
    assert "airworthy-ai[server]" in serve.stderr
    assert version.returncode == 0


def test_a_port_in_use_is_said_before_anything_is_written(tmp_path, run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = run("serve", CHARTER, "--port", taken.getsockname()[1])
    assert (found.exit, found.err[:4]) == (2, "H021")
    assert "is in use" in found.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["256.1.1.1", "nobody.invalid", "192.0.2.1", "a..b"])
def test_a_host_that_is_not_ours_is_said(refused, host):
    assert refused("--host", host) == (2, "H022")


def test_an_address_of_another_machine_is_said(run, refused):
    run("key", "make", "claims", "--scope", "application")
    assert refused("--host", "192.0.2.1", "--behind-proxy") == (2, "H021")
    assert refused("--host", "nobody.invalid", "--behind-proxy") == (2, "H021")


def test_a_certificate_that_cannot_be_used_is_said(tmp_path, refused):
    (tmp_path / "cert.pem").write_text("not a certificate")
    cert = tmp_path / "cert.pem"
    assert refused("--tls-cert", cert) == (2, "H026")
    assert refused("--tls-cert", cert, "--tls-key", cert) == (2, "H026")
    assert refused("--tls-cert", tmp_path / "gone", "--tls-key", cert) == (2, "H026")


def certificate(folder):
    """A certificate for this machine that signs itself, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number()).add_extension(here, False)
    now = datetime.now(UTC)
    signed = made.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1)).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(signed.public_bytes(pem))
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    return folder / "cert.pem", folder / "key.pem"


def test_with_a_certificate_it_speaks_tls_and_nothing_else(tmp_path):
    cert, key = certificate(tmp_path)
    with serving(tmp_path, "--tls-cert", str(cert), "--tls-key", str(key)) as running:
        assert running.found["url"].startswith("https://127.0.0.1:")
        trusting = ssl.create_default_context(cafile=cert)
        assert httpx.get(f"{running.found['url']}/readyz", verify=trusting, trust_env=False).status_code == 200
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{running.found['url'].replace('https', 'http')}/readyz", trust_env=False)
        assert running.end()[0] == 0


def test_keys_are_made_listed_and_revoked(run):
    made = run("key", "make", "Ada", "--scope", "reviewer", "--scope", "owner", "--person")
    secret = next(line.strip() for line in made.out.splitlines() if "aw_" in line)
    (listed,) = json.loads(run("key", "list", "--json").out)["keys"]
    assert (listed["name"], listed["scopes"], listed["person"]) == ("Ada", ["reviewer", "owner"], True)
    assert listed["state"] == "in force"
    assert secret.startswith(f"aw_{listed['id']}_")
    assert run("key", "revoke", listed["id"]).exit == 0
    shown = run("key", "list").out
    assert "revoked" in shown
    assert secret not in shown


def test_a_key_that_cannot_be_made_or_taken_away_is_said(run):
    for words in (
        ("make", "Ada", "--scope", "everything"),
        ("make", " ", "--scope", "owner"),
        ("make", "Ada", "--scope", "owner", "--expires", "soon"),
        ("make", "Ada", "--scope", "owner", "--expires", "0d"),
    ):
        found = run("key", *words)
        assert (found.exit, found.err[:4]) == (2, "H025"), words
    assert run("key", "revoke", "nobody").err[:4] == "H024"
    assert "No keys yet" in run("key", "list").out


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """A live server over the real gateway, in this process."""
    folder = tmp_path_factory.mktemp("real")
    gateway = open_gateway(folder, [CHARTER], environment="test", clock=SystemClock(), random=SystemRandom())
    with live(folder, gateway) as running:
        yield running


def test_the_events_of_the_real_log_come_whole_in_order_and_without_content(real):
    client = real.client("everything")
    told = client.post("/v1/decisions", json=ask("incident/private", context="ticket/private")).json()["id"]
    client.post("/v1/outcomes", json={"decision": told, "value": {"group": "private"}})
    seen = []
    with client.stream("GET", "/v1/events", headers={"last-event-id": "0"}) as response:
        for line in response.iter_lines():
            seen.append(line)
            if "outcome.learnt" in line and told in line:
                break
    numbers = [int(line[4:]) for line in seen if line.startswith("id: ")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert any('"kind":"decision.made"' in line and f'"decision":"{told}"' in line for line in seen)
    assert "private" not in "".join(seen)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.text(min_size=1, max_size=20)
ASKS = st.fixed_dictionaries(
    {"point": st.just(POINT), "subject": NAMES, "output": VALUES | st.just({"group": "network"})},
    optional={
        "attempt": st.integers(-1, 3),
        "item": st.dictionaries(st.text(), VALUES, max_size=4),
        "score": st.floats(allow_nan=False, allow_infinity=False) | st.just(0.9),
        "proba": VALUES,
        "samples": VALUES,
        "logprobs": st.lists(st.floats(-50, 1), max_size=4),
        "scores": st.dictionaries(NAMES, st.floats(0, 1), max_size=3),
        "sources": st.lists(st.fixed_dictionaries({"source": NAMES}, optional={"as_of": st.datetimes().map(str)})),
        "model_version": NAMES,
    },
)


@settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(asked=ASKS)
def test_no_ask_of_any_form_ends_in_a_defect_or_acts(real, asked):
    body = json.dumps(asked).encode("utf-8", "surrogatepass")
    answer = real.client().post("/v1/decisions", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (200, 202, 400, 409, 422), answer.text
    assert answer.json().get("route") != "act"


@settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(value=VALUES, moment=st.datetimes().map(str) | st.text(max_size=5))
def test_no_outcome_answer_or_redemption_of_any_form_ends_in_a_defect(real, value, moment):
    client = real.client("everything")
    decided = client.post("/v1/decisions", json=ask("incident/known")).json()["id"]
    for path, body in (
        ("/v1/outcomes", {"decision": decided, "value": value, "observed_at": moment}),
        ("/v1/outcomes", {"decision": decided, "correct": True, "observed_at": moment}),
        (f"/v1/decisions/{decided}/answers", {"verb": "correct", "seen": "x", "value": value}),
        (
            "/v1/permits/p/redeem",
            {"permit": {"terms": {"permit": "p"}, "more": value}, "effect": "e", "payload": value},
        ),
        ("/v1/grants", {"use_case": "incident-triage", "stage": "shadow", "until": moment}),
    ):
        answer = client.post(path, content=json.dumps(body), headers={"content-type": "application/json"})
        assert answer.status_code < 500, answer.text


def test_people_govern_over_the_network_under_the_key_they_hold(tmp_path, run, monkeypatch):
    with serving(tmp_path) as running:
        monkeypatch.setenv("AIRWORTHY_URL", running.found["url"])
        monkeypatch.setenv("AIRWORTHY_KEY", running.found["key"])
        assert run("stop", "incident-triage", "--why", "odd").out.splitlines()[0] == "✓ `incident-triage` is stopped"
        assert run("release", "incident-triage", "--as", "nobody", "--why", "mended").exit == 0
        with running.client() as client:
            assert client.get("/v1/use-cases").json()["use_cases"][0]["stopped"]
        code, _, _ = running.end()
    assert code == 0
    assert run("stop", "incident-triage", "--why", "odd").exit == 2
