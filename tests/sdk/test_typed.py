"""What a type checker infers of the package, for those who use it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DECISION = "airworthy.sdk.decision.Decision[typed.Triage]"


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What mypy says, without line numbers."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--no-pretty",
               "--cache-dir", str(tmp_path_factory.mktemp("mypy")), str(HERE / "typed.py")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parents[1], check=False)
    return done.stdout.splitlines()


@pytest.mark.slow
def test_the_type_of_the_output_is_kept_everywhere(said):
    revealed = [found[1] for line in said if (found := re.search(r'Revealed type is "(.+)"', line))]
    assert [one.replace("tests.sdk.typed", "typed").replace("sdk.typed", "typed") for one in revealed] == [
        DECISION, "typed.Triage | None", DECISION,
        DECISION, "str", "typed.Triage", DECISION,
        DECISION, DECISION, "str", DECISION, DECISION,
    ]  # fmt: skip


@pytest.mark.slow
def test_wrong_arguments_are_found_before_anything_runs(said):
    errors = [line for line in said if ": error:" in line and "reveal" not in line]
    assert len(errors) == 3
    assert [re.search(r"\[([\w-]+)\]$", line)[1] for line in errors] == ["arg-type", "arg-type", "call-arg"]
