"""The examples run as someone would run them, and say what they are said to say."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from airworthy.charter.load import load
from airworthy.claim.catalogue import BY_ID
from charter.golden import ROOT

AIRWORTHY = str(Path(sys.executable).parent / "airworthy")
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/charter.yaml"))


def run(folder, *words):
    return subprocess.run([AIRWORTHY, *words], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_charter_of_every_example_is_sound_and_says_what_is_simulated(example):
    charter = load(example / "charter.yaml", BY_ID)
    assert charter.log.simulated
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
