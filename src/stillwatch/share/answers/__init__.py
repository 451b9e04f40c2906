"""The correlated-activity check: a member searches its own traffic for what another tells of, and what may follow."""
