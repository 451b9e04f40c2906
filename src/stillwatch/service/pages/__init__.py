"""Pages for people: no script, nothing fetched, everything escaped."""
