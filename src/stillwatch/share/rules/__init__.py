"""Portable detectors: a harvest rule that a person writes, that anybody runs in shadow, and that answers in buckets."""
