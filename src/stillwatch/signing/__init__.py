"""Documents that say who made them: canonical JSON (RFC 8785) under Ed25519 as a detached JWS (RFC 7515)."""
