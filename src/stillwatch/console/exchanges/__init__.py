"""Exchanges of a campaign: masked; one at a time is revealed, for a reason, on the record."""
