"""What scans remember from day to day: one value that merges and ages, in a folder that is whole at any time."""

from stillwatch.state.keeper import Keeper, keeping
from stillwatch.state.value import State

__all__ = ["Keeper", "State", "keeping"]
