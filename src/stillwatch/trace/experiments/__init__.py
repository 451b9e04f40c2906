"""Teachers and students trained from scratch, small enough to rerun: what marks and poorer lessons do, measured."""
