"""Examples in the docstrings of benchmarks, which are not collected with the sources."""

import doctest
import importlib

import pytest

MODULES = ("growth", "held", "cost_model", "reversal_attacks", "reversal_walk")


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    """Every example gives what it says."""
    result = doctest.testmod(importlib.import_module(f"benchmarks.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
