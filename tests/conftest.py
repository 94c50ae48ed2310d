"""What every test may lean on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data for trials, outside the project; skips where the machine has none."""
    folder = Path(os.environ.get("AIRWORTHY_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no trial data: set AIRWORTHY_SHARED_DATA (looked in {folder.name})")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Where everything a test uses was installed (AIRWORTHY_NO_SKIP), a skipped test is a failed one."""
    report = yield
    allowed = "right to mount" in str(report.longrepr)  # no package installs that
    if report.skipped and os.environ.get("AIRWORTHY_NO_SKIP") and not allowed:
        report.outcome = "failed"
        report.longrepr = f"skipped although nothing may be missing here: {report.longrepr}"
    return report
