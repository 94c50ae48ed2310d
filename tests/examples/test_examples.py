"""The examples run as someone would run them, and say what they are said to say."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from airworthy.charter.load import load
from airworthy.claim.catalogue import BY_ID
from airworthy.record import codec
from airworthy.record.permit import PermitRedeemed
from airworthy.storage.sqlite import open_reader
from charter.golden import ROOT
from service.live.auditor import Auditor

AIRWORTHY = str(Path(sys.executable).parent / "airworthy")
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/charter.yaml"))


def run(folder, *words):
    return subprocess.run([AIRWORTHY, *words], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_charter_of_every_example_is_sound_and_says_what_is_simulated(example):
    charter = load(example / "charter.yaml", BY_ID)
    assert charter.log.simulated if charter.log else "is simulated" in charter.document.text
    assert run(example, "check", "charter.yaml").returncode == 0


@pytest.fixture(scope="module")
def forms(tmp_path_factory):
    """The form-reading example, run whole in a folder of its own."""
    folder = tmp_path_factory.mktemp("forms")
    for name in ("charter.yaml", "reader.py", "stream.py"):
        shutil.copy(ROOT / "examples/form-reading" / name, folder)
    subprocess.run([sys.executable, "stream.py", "forms.csv"], cwd=folder, check=True)
    done = run(folder, "backtest", "charter.yaml", "--outputs", "out.csv", "--json")
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_form_reading_is_clean_in_the_pilot_and_not_at_work(forms):
    _, found = forms
    slices = {one["name"]: one for one in found["gap"]["slices"]}
    assert slices["P0"]["accuracy"] > 920_000
    assert slices["P3"]["accuracy"] < 870_000
    assert abs(slices["P3"]["confidence"] - slices["P0"]["confidence"]) < 40_000
    assert slices["P0"]["acted_error"] <= 50_000 < slices["P3"]["acted_error"]


def test_form_reading_opens_its_gate_only_where_scans_are_clean(forms):
    _, found = forms
    assert {one["segment"] for one in found["opened"]} == {"counter"}
    assert found["closed"] == []


def test_form_reading_proves_what_it_acts_on_and_refutes_the_rest(forms):
    folder, _ = forms
    done = run(folder, "prove", "charter.yaml", "--html", "proof.html", "--json")
    assert done.returncode == 1
    words = {one["claim"]: one["word"] for one in json.loads(done.stdout)["readiness"]["needed"]}
    assert words["acted-error-within-budget"] == "proven"
    assert words["production-like-pilot"] == words["no-worse-than-today"] == "refuted"
    assert "simulated" in (folder / "proof.html").read_text(encoding="utf-8")


def test_form_readings_outputs_can_be_tried_as_its_last_words_say(forms):
    folder, _ = forms
    words = [
        "--output",
        "output",
        "--truth",
        "truth",
        "--score",
        "score",
        "--time",
        "decided_at",
        "--person",
        "person",
        "--segment",
        "channel",
    ]
    done = run(folder, "try", "out.csv", *words)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) < 60


def test_the_stream_of_forms_is_the_same_every_time(forms, tmp_path):
    folder, _ = forms
    subprocess.run([sys.executable, folder / "stream.py", tmp_path / "again.csv"], check=True)
    assert (tmp_path / "again.csv").read_bytes() == (folder / "forms.csv").read_bytes()


def test_the_triage_model_can_be_built_without_its_log():
    spec = importlib.util.spec_from_file_location("triage_example", ROOT / "examples/incident-triage/triage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert hasattr(module.model(), "predict_proba")


def test_form_reading_goes_live_in_five_lines(tmp_path):
    for name in ("charter.yaml", "reader.py", "stream.py", "live.py"):
        shutil.copy(ROOT / "examples/form-reading" / name, tmp_path)
    done = subprocess.run([sys.executable, "live.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "20 digits read, 20 told fallback: stage shadow influences nothing" in done.stdout
    assert run(tmp_path, "log", "verify", ".airworthy").returncode == 0


@pytest.mark.slow
def test_the_claims_service_pays_only_under_permits(tmp_path):
    """Grant, evidence, certificate, permits, a payment without one, a stop: each as the example tells it."""
    here, data = ROOT / "examples/claims-service", tmp_path / "log"
    where = {**os.environ, "CLAIMS_DATA": str(data)}
    command = [sys.executable, "run.py"]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False, env=where)
    assert done.returncode == 0, done.stdout + done.stderr
    with closing(open_reader(data)) as log:
        records = [codec.record(stored.leaf) for stored in log.scan()]
        assert Auditor(2_000_000).read(stored.leaf for stored in log.scan()) == []
    redeemed = [one for one in records if isinstance(one, PermitRedeemed)]
    assert len(redeemed) == len({one.permit for one in redeemed}) > 50
    assert f"4  {len(redeemed)} payments" in done.stdout
    assert "HTTP 403" in done.stdout


def test_each_run_of_the_claims_service_begins_a_log_of_its_own(tmp_path, monkeypatch):
    """In one that was granted and stopped before, its story would begin at its end."""
    monkeypatch.setenv("CLAIMS_DATA", str(tmp_path / "log"))
    for name in ("log", "log-2", "log-3"):
        data = example("run").DATA
        assert data == tmp_path / name
        (tmp_path / name).mkdir()


def test_a_payment_of_the_claims_service_is_for_one_claim_and_can_be_taken_back(tmp_path, monkeypatch):
    monkeypatch.setenv("CLAIMS_DATA", str(tmp_path))
    monkeypatch.chdir(ROOT / "examples/claims-service")
    service = example("service")
    with service.gateway:
        verdict = service.Verdict(claim="00001", action="pay", amount=90.0)
        service.payments[verdict.claim] = verdict.amount
        service.pay._undo(verdict)
        assert service.payments == {}


def example(name):
    """A module of the claims service, made anew."""
    folder = str(ROOT / "examples/claims-service")
    spec = importlib.util.spec_from_file_location(f"claims_{name}", f"{folder}/{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
        for one in ("triage", spec.name):
            sys.modules.pop(one, None)
    return module
