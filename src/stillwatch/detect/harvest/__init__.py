"""Harvest evidence: structure tests of a family and the one score that weighs them against legitimate automation."""
