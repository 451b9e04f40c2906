"""Proving where outputs went: marks, leaks in data sets, tests of student models, answers that teach less."""
