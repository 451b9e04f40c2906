"""A baseline: what others would use on the same traffic, so that a claim is a comparison."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["Baseline", "Setting", "Traffic"]

Setting = Mapping[str, float]
"""One choice of a baseline's parameters, by name."""


class Traffic(Protocol):
    """Traffic as a baseline reads it; nothing of the truth can be reached from here.

    account_id  Ids of all accounts that sent anything, ascending; every score is aligned with it.
    accounts    Table ACCOUNT, one row for each of `account_id`, in that order; columns are null where unknown.
    n_exchanges Exchanges in all.
    """

    @property
    def account_id(self) -> pa.StringArray:
        """Accounts, ascending."""
        ...

    @property
    def accounts(self) -> pa.Table:
        """What the provider knows of each."""
        ...

    @property
    def n_exchanges(self) -> int:
        """Rows that `read` gives."""
        ...

    def read(self, columns: Sequence[str]) -> pa.Table:
        """Columns of EXCHANGE in order of time (then exchange_id), after ``account``: int32 places in `account_id`."""
        ...


class Baseline(Protocol):
    """A published or common way to find abusive accounts.

    name        One word, as it stands in tables.
    title       What it is, in a few words for people.
    source      Paper with the equations that the code names, or whose practice it is.
    """

    name: str
    title: str
    source: str

    def settings(self) -> tuple[Setting, ...]:
        """Grid its authors would tune over on validation traffic; the first is what they recommend."""
        ...

    def score(self, traffic: Traffic, setting: Setting, /) -> NDArray[np.float64]:
        """Suspicion of every account, larger is worse; -inf is an account it cannot judge."""
        ...
