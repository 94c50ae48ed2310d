"""Airworthy takes an AI use case from pilot to production, on proof."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = [
    "AirworthyError",
    "BadInput",
    "Conflict",
    "Decision",
    "Gateway",
    "NotAllowed",
    "NotFound",
    "Output",
    "Permit",
    "Source",
    "StoreError",
    "connect",
    "learnt",
    "observe",
    "testing",
]

# Where each name stands. Imported at its first use: a command must not wait for what it does not need, and the floors
# below may read the version without a way up. The types stand in `__init__.pyi`.
_HOME = {
    "AirworthyError": "airworthy.base.errors",
    "BadInput": "airworthy.base.errors",
    "Conflict": "airworthy.base.errors",
    "Decision": "airworthy.sdk.decision",
    "Gateway": "airworthy.sdk.gateway",
    "NotAllowed": "airworthy.base.errors",
    "NotFound": "airworthy.base.errors",
    "Output": "airworthy.sdk.output",
    "Permit": "airworthy.exchange.permit",
    "Source": "airworthy.exchange.ask",
    "StoreError": "airworthy.base.errors",
    "connect": "airworthy.sdk.connect",
    "learnt": "airworthy.sdk.observe",
    "observe": "airworthy.sdk.observe",
}


def __getattr__(name: str) -> Any:
    if name == "testing":
        return import_module("airworthy.testing")
    if name not in _HOME:
        raise AttributeError(f"module 'airworthy' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
