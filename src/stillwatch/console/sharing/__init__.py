"""Sharing: what was told and what came in, what would leave before it leaves, and proofs of the ledgers."""
