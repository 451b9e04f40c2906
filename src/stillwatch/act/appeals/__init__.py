"""A customer's objection to a decision: a signed link, one filing, a person's answer, and what follows from it."""
