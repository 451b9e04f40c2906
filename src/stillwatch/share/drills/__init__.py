"""Poisoning drills: false campaigns on purpose, to measure who believes them and how soon it is undone."""
