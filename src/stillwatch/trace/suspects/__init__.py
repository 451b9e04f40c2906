"""Models under test, asked one way: next-token probabilities of open ones, completions of closed ones."""
