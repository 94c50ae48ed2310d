"""Signed webhooks out (Standard Webhooks): what the log holds, sent to whoever asked for it, at least once."""
