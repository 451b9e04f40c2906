"""Recall by dose: how many accounts with how many exchanges each it takes until a slow drip is seen."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from stillwatch.bench.scoreboard.results import DoseCell, ScenarioRow
from stillwatch.bench.worlds import Dose

__all__ = ["Bound", "dose_map"]

Bound = Callable[[str, int, int], float]
"""Most information that a kind, so many accounts and so many exchanges each can give, bits."""


def dose_map(
    doses: Sequence[Dose], seeds: Sequence[Mapping[str, ScenarioRow]], bound: Bound | None = None
) -> tuple[DoseCell, ...]:
    """Mean recall of every dose over seeds; a dose that no seed planted is left out.

    seeds       What became of each planted campaign, by name, one mapping a seed.
    bound       Information bound to show beside recall; None for none.
    """
    cells = []
    for dose in doses:
        rows = [found[dose.campaign] for found in seeds if dose.campaign in found]
        if not rows:
            continue
        cells.append(
            DoseCell(
                dose.kind,
                dose.n_accounts,
                dose.per_account,
                recall=float(np.mean([row.account_recall for row in rows])),
                exchange_recall=float(np.mean([row.exchange_recall for row in rows])),
                n_seeds=len(rows),
                bound_bits=bound(dose.kind, dose.n_accounts, dose.per_account) if bound else float("nan"),
            )
        )
    return tuple(cells)
