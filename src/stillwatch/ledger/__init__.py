"""The ledger: an append-only Merkle tree of what happened, in which nobody can change or drop anything unnoticed."""
