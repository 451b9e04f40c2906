"""Policies: rules in TOML and CEL, proved harmless to bystanders when read, versioned, signed, rolled back."""
