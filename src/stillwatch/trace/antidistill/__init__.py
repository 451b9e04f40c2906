"""Answers that teach less: withheld, reordered or reweighed; off until a provider switches it on, and labelled."""
