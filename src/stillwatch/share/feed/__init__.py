"""The live feed: what was published reaches every reader that may see it, in order, within a second."""
