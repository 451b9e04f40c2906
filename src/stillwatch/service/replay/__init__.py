"""Stored traffic played to a policy: where logs, findings and the table of accounts meet a preview."""
