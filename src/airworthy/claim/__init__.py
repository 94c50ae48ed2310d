"""From measurements to verdicts: what must be true, against the records, and the one blocker."""
