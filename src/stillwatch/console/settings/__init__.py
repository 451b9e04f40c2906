"""Settings: people, tokens, members, what the settings file says; and everybody's own page."""
