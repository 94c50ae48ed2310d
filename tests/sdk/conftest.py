"""The fixture every user of the package has; the plugin may not be installed where these tests run."""

from __future__ import annotations

from airworthy.sdk.testing import gateway

__all__ = ["gateway"]
