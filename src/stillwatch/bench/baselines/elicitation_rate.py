"""Elicitation rate: whose prompts ask for reasoning, grading, rewriting or training data."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.bench.baselines._columns import fingerprint_columns
from stillwatch.model.baseline import Setting, Traffic
from stillwatch.model.fingerprint import ELICITATION_CLASSES

__all__ = ["ElicitationRate"]

_ALL: Final = (1 << len(ELICITATION_CLASSES)) - 1
_REASONING: Final = 1 << ELICITATION_CLASSES.index("reasoning")
_NOT_FORMAT: Final = _ALL & ~(1 << ELICITATION_CLASSES.index("format"))


class ElicitationRate:
    """Share of an account's exchanges that carry a phrase of people who collect training data.

    The phrases are the detector's own (``sketch/data/elicitation.toml``), in nine languages where public tools have
    thirty English ones: the baseline is given the better list.
    """

    name = "elicitation_rate"
    title = "share of prompts that elicit reasoning"
    source = "phrase lists of public tools (Glasswally's chain-of-thought worker, 2026); no paper"

    def settings(self) -> tuple[Setting, ...]:
        """Least exchanges to be judged; classes of phrases as a bit set over ELICITATION_CLASSES."""
        masks = (_ALL, _NOT_FORMAT, _REASONING)
        return tuple({"min_exchanges": n, "classes": mask} for n in (5, 1, 20, 50) for mask in masks)

    def score(self, traffic: Traffic, setting: Setting, /) -> NDArray[np.float64]:
        """Share of marked exchanges, 0 to 1, and of equal shares the larger count first; -inf below the least count."""
        columns = fingerprint_columns(traffic, ["elicitation"])
        account, n_accounts = columns["account"], len(traffic.account_id)
        marked = (columns["elicitation"] & np.uint16(setting["classes"])) != 0
        total = np.bincount(account, minlength=n_accounts)
        hits = np.bincount(account[marked], minlength=n_accounts)
        share = hits / np.maximum(total, 1)
        # less than any difference of two shares that matters: only ties are broken
        order = 1e-9 * np.log1p(hits)
        return np.where(total >= setting["min_exchanges"], share + order, -np.inf)
