"""Accused exchanges put together where they are alike, and how many streams, accounts and organisations they are of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.act.preview.codes import paired
from stillwatch.act.preview.figures import Count
from stillwatch.act.preview.judge import Judged
from stillwatch.model.decision import SEVERITY, Action

__all__ = ["Cells", "cells_of"]

_KEYS: Final = ("account", "campaign", "model", "country", "rule", "action", "guard")
_OBSERVE: Final = SEVERITY[Action.OBSERVE]


@dataclass(frozen=True)
class Cells:
    """One row for accused exchanges of one account, campaign, model, country, rule, action and guard.

    columns     These, as codes or places.
    n, refused  Exchanges, and those that would not have been answered.
    organisation    Code of each account's.
    """

    columns: Mapping[str, NDArray[Any]]
    n: NDArray[np.int64]
    refused: NDArray[np.int64]
    organisation: NDArray[np.int32]

    @property
    def is_touched(self) -> NDArray[np.bool_]:
        """Which get more than observe."""
        found: NDArray[np.bool_] = self.columns["action"] > _OBSERVE
        return found

    def count(self, chosen: NDArray[np.bool_]) -> Count:
        """How many of each among the chosen rows."""
        account, campaign = self.columns["account"][chosen], self.columns["campaign"][chosen]
        return Count(
            exchanges=int(self.n[chosen].sum()),
            streams=len(np.unique(paired(account, campaign))),
            accounts=len(np.unique(account)),
            organisations=len(np.unique(self.organisation[account])),
        )

    def n_refused(self, chosen: NDArray[np.bool_]) -> int:
        """Exchanges among the chosen rows that would not have been answered."""
        return int(self.refused[chosen].sum())


def cells_of(judged: Judged) -> Cells:
    """Cells of what was judged."""
    seen = judged.seen.accused
    told: dict[str, NDArray[Any]] = {
        **seen,
        "rule": judged.rule,
        "action": judged.action,
        "guard": judged.guard,
    }
    columns = [told[name] for name in _KEYS]
    firsts, inverse = np.unique(paired(*columns), return_index=True, return_inverse=True)[1:]
    n = np.bincount(inverse, minlength=len(firsts)).astype(np.int64)
    refused = np.bincount(inverse, judged.refused, len(firsts)).astype(np.int64)
    kept = {name: column[firsts] for name, column in zip(_KEYS, columns, strict=True)}
    return Cells(kept, n, refused, judged.seen.organisation)
