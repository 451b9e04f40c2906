"""Making marks: pure functions on logits, one secret number for each token after each context."""
