"""The map of doses."""

import math

from stillwatch.bench.dose import dose_map
from stillwatch.bench.scoreboard.results import ScenarioRow
from stillwatch.bench.worlds import Dose


def row(campaign: str, recall: float) -> ScenarioRow:
    """A planted dose of which a share was accused."""
    return ScenarioRow(campaign, 60, 20, recall, 1.0, recall >= 0.5, recall / 2, recall, "found")


def test_recall_is_the_mean_over_seeds() -> None:
    """Seeds count alike, doses that nobody planted are left out, and a bound stands beside what was reached."""
    doses = [Dose("slow-drip", "slow-drip", 20, 3), Dose("slow-drip-2", "slow-drip", 60, 3)]
    seeds = [{"slow-drip": row("slow-drip", 0.2)}, {"slow-drip": row("slow-drip", 0.8)}]
    (cell,) = dose_map(doses, seeds, lambda kind, n, per: n * per / 10 + (kind == "slow-drip"))
    assert (cell.recall, cell.exchange_recall, cell.n_seeds) == (0.5, 0.25, 2)
    assert cell.bound_bits == 7.0
    assert math.isnan(dose_map(doses, seeds)[0].bound_bits)
