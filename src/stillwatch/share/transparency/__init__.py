"""The transparency report: what the exchange did in a period, in noised counts."""
