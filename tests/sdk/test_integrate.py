"""The page that shows how to integrate runs, block by block, as it stands."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

from service.live.worlds import TEXT

PAGE = Path(__file__).parents[2] / "docs/how-to/integrate.md"


def blocks():
    return re.findall(r"^```python\n(.+?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def test_every_block_of_the_page_runs(tmp_path, monkeypatch):
    for name in ("AIRWORTHY_URL", "AIRWORTHY_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "charter.yaml").write_text(TEXT, encoding="utf-8")
    module = ModuleType("integrate")
    monkeypatch.setitem(sys.modules, "integrate", module)
    world = module.__dict__ | {"old_way": lambda subject: None, "pay": lambda value, permit: None}
    assert len(blocks()) >= 8
    for block in blocks():
        exec(
            compile(block.replace("connect()", "connect(budget_ms=30_000)"), str(PAGE), "exec", dont_inherit=True),
            world,
        )
    assert world["decision"].route == "fallback"  # nothing was granted
    assert world["health"].fallbacks == {}
    assert world["triage_as_today"].observed.flush()
    assert world["triage_as_today"].observed.health().recorded >= 1


def test_the_fixture_works_as_the_page_says(gateway):
    def handle(subject):
        decision = gateway.decide("claims.triage", subject=subject, output={"action": "pay", "amount": 1.0}).wait(5)
        return f"paid {decision.value['amount']:g}" if decision.route == "act" else "done by hand"

    gateway.will("claims.triage", route="review")
    gateway.answers("claims.triage", "correct", {"action": "pay", "amount": 90.0})
    assert handle("claim/1") == "paid 90"
    assert [told.subject for told in gateway.decisions] == ["claim/1"]
    with gateway.down("slow"):
        assert handle("claim/2") == "done by hand"
