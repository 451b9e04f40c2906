"""How long a signal lives, which version of it holds, and that what was revoked stays revoked."""
