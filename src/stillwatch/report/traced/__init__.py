"""Reports on suspects: page, terminal, JSON and signed bundle of one test of a text, data set, student or canary."""
