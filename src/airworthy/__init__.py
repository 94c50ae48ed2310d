"""Airworthy takes an AI use case from pilot to production, on proof."""

__version__ = "0.1.0"
