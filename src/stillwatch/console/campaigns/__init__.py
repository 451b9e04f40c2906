"""Campaigns: the list, one of them with its evidence, what a person does with it."""
