"""The tables of a run, as the tests of this room read them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.simulate import Simulated

EXCHANGES = 30_000
SCALE = 1 / 400
SEED = 7


@dataclass(frozen=True)
class Run:
    """A run with its tables; `truth` is row-aligned with `logs`."""

    made: Simulated
    logs: pa.Table
    truth: pa.Table
    accounts: pa.Table
    account_truth: pa.Table

    def campaign(self, name: str) -> pa.Table:
        """Log rows of one campaign."""
        return self.logs.filter(pc.equal(self.truth["campaign"], name))

    def told(self, name: str) -> dict[str, Any]:
        """What the manifest says of one campaign."""
        campaigns: Any = self.made.manifest["campaigns"]
        return dict(campaigns[name])

    def of(self, population: str) -> pa.Table:
        """Log rows of one population."""
        return self.logs.filter(pc.equal(self.truth["population"], population))

    def planted(self) -> npt.NDArray[np.bool_]:
        """Which log rows are of a campaign."""
        return np.asarray(self.truth["campaign"].is_valid().to_numpy())


def read_run(made: Simulated) -> Run:
    """All tables of a run."""
    return Run(
        made,
        pa.concat_tables([pq.read_table(path) for path in made.logs]),
        pq.read_table(made.truth / "exchanges.parquet"),
        pq.read_table(made.accounts),
        pq.read_table(made.truth / "accounts.parquet"),
    )
