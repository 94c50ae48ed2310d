"""Engines behind the promises of `record.store`: one in memory, one in a folder. One contract suite runs on both."""
