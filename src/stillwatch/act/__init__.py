"""What to do about a finding: decide, preview, hear appeals, keep cases."""
