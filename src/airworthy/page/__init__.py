"""Findings as people read them: one sentence first, every number with its interval, intervals drawn as intervals."""
