"""Which parameters and which threshold a baseline is run with."""

from functools import cache
from typing import NamedTuple

from stillwatch.bench.tuning import TUNED_PATH, TunedSet, load_tuned
from stillwatch.model.baseline import Baseline, Setting

__all__ = ["InUse", "settings_in_use"]


class InUse(NamedTuple):
    """Parameters, and the score from which an account is accused; infinity accuses nobody."""

    setting: Setting
    threshold: float


def settings_in_use(baseline: Baseline) -> InUse:
    """What tuning chose on its validation seeds; without that, what the authors recommend, and nobody is accused."""
    tuned = _tuned()
    if tuned is None or baseline.name not in tuned.baselines:
        return InUse(baseline.settings()[0], float("inf"))
    chosen = tuned.baselines[baseline.name]
    return InUse(chosen.setting, chosen.threshold)


@cache
def _tuned() -> TunedSet | None:
    return load_tuned() if TUNED_PATH.is_file() else None
