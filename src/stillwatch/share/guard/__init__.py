"""The guard: one closed table of what may cross. What is not in it is refused, never stripped."""
