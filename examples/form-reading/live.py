"""The same reader at work: every digit goes through the gateway. Five lines; the charter says the rest."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import numpy as np
from reader import model
from sklearn.datasets import load_digits
from stream import ink

import airworthy


def read(gateway: airworthy.Gateway, form: str, pixels: str) -> airworthy.Decision[dict[str, str]]:
    """Which digit is written there, and what may be done with that."""
    chances = reader.predict_proba(np.array([[pixels]], object))[0]
    return gateway.decide(
        "form-reading.digit", subject=f"form/{form}", output={"digit": str(chances.argmax())},
        proba=dict(zip("0123456789", chances.tolist(), strict=True)), item={"pixels": pixels, "channel": "counter"},
        sources=(airworthy.Source(source="scans", as_of=datetime.now(UTC)),),
    )  # fmt: skip


if __name__ == "__main__":
    reader, images = model(), load_digits().images
    with airworthy.connect() as gateway:
        decisions = [read(gateway, f"F{i:06d}", ink(images[-1 - i])) for i in range(20)]
    fallbacks = sum(decision.route == "fallback" for decision in decisions)
    print(f"{len(decisions)} digits read, {fallbacks} told fallback: stage {decisions[0].stage} influences nothing")
    sys.exit(0)
