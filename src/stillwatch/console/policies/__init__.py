"""Policies: what is in force, versions, what is still needed before one is, previews, and the forms that change it."""
