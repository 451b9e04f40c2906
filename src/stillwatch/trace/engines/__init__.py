"""Marks in other programs: one file per inference engine, each loads without it."""
