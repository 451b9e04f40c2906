"""Acting: what a provider does about the next request, by its own policy."""
