"""The scoreboard: every measure, for us and for what others would use, on the same traffic."""
