"""Signals between rivals: what may cross, how values are matched without being told, and who can check every step."""
