"""What others would use on the same traffic, one file each, in the order of the scoreboard."""

from stillwatch.model.baseline import Baseline

__all__ = ["BASELINES"]

BASELINES: tuple[Baseline, ...] = ()
