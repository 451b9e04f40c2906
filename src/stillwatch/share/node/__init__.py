"""A member's node: it tells of its own campaigns, searches its own traffic for others', and answers."""
