"""Commit and reveal: who can show that it held something before it could have seen it at others."""
