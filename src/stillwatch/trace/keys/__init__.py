"""Secrets that make and find marks: derived from one master secret, committed to before their use."""
