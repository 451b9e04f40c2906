"""Finding served outputs in a data set without any mark: keyed sketches of what was served, joined with a suspect."""
