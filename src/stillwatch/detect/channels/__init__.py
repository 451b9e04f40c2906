"""Channels: independent kinds of evidence that a family's accounts are one hand, each as bits (log2 of an e-value)."""
