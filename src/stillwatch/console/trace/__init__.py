"""Trace: reports on suspects, and the keys that were committed to."""
