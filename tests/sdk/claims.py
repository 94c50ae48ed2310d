"""A claims service's own types."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

POINT = "claims.triage"


@dataclasses.dataclass(frozen=True)
class Triage:
    action: str
    amount: Decimal


PAY = Triage("pay", Decimal("43.10"))
