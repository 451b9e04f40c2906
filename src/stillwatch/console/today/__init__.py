"""Today: what needs a person first, then how everything stands."""
