"""Finding marked outputs in texts and data sets: are they ours, how many, and which account took them."""
