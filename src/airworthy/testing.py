"""A gateway for the tests of your own code, under the name it is imported by; the words stand in `sdk.testing`."""

from __future__ import annotations

from airworthy.sdk.testing import START, NumberedRandom, TestGateway, gateway

__all__ = ["START", "NumberedRandom", "TestGateway", "gateway"]
