"""Attackers of the second hand."""
