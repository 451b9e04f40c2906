"""Accounts that stand for the innocent: nobody suspects them, they stay, and what is known of them speaks for them.

How many of these carry an indicator's tags is told with noise, so that an address that many people share undoes itself
at the members that it is not shared at. People behind carrier NAT are private customers, whom nobody has visited: a
contact that was verified is enough. A crew that got so far unsuspected counts too; to raise a rate to one in a hundred
it needs a hundredth of all.
"""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.detect.measure import Measured
from stillwatch.model.campaign import Verdict
from stillwatch.model.findings import Findings
from stillwatch.model.search_index import ORDINARY
from stillwatch.sketch import hash_strings
from stillwatch.stats.lookup import among

__all__ = ["LEAST_AGE_DAYS", "LEAST_LEVEL", "LEAST_STAY_DAYS", "ordinary_accounts"]

LEAST_STAY_DAYS: Final = 3.0
"""Between the first and the last exchange in the window; half of a window that is shorter than twice that."""
LEAST_AGE_DAYS: Final = 30.0
"""At the end of the window; where the provider's table has no time of opening, the stay alone counts."""
LEAST_LEVEL: Final = 1
"""`verified_level`: a contact that was verified; where the table has none, age and stay alone count."""

_DAY_US: Final = 86_400e6
_HARMLESS: Final = (Verdict.EVALUATION.value, Verdict.TOOL.value)


def ordinary_accounts(measured: Measured, accounts: pa.Table, findings: Findings) -> pa.Table:
    """Table ORDINARY: accounts in no campaign but those of tools and evaluations.

    accounts    The provider's table; accounts that it does not have are judged by their stay.
    """
    account, first, last = _stays(measured.accounts.activity)
    end = int(last.max(initial=0))
    stays = min(LEAST_STAY_DAYS * _DAY_US, (end - int(first.min(initial=end))) / 2)
    kept = (last - first >= stays) & ~among(_suspected(findings), account)
    kept &= ~among(_spoken_against(accounts, end), account)
    return pa.table([account[kept]], schema=ORDINARY)


def _stays(activity: pa.Table) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Accounts, ascending, with their first and last exchange."""
    found = activity.group_by("account", use_threads=False).aggregate([("first_us", "min"), ("last_us", "max")])
    found = found.sort_by("account")
    return found["account"].to_numpy(), found["first_us_min"].to_numpy(), found["last_us_max"].to_numpy()


def _suspected(findings: Findings) -> NDArray[np.uint64]:
    """Accounts, ascending, of every campaign that is not called harmless."""
    harmless = pc.is_in(findings.streams["verdict"], value_set=pa.array(_HARMLESS, pa.string()))
    return np.unique(hash_strings(findings.streams["account_id"].filter(pc.invert(harmless))))


def _spoken_against(accounts: pa.Table, end_us: int) -> NDArray[np.uint64]:
    """Accounts, ascending, that are known to be too new or not verified, or that declared a use."""
    opened_by = end_us - int(LEAST_AGE_DAYS * _DAY_US)
    created = pc.fill_null(accounts["created_at"].cast(pa.int64()), np.iinfo(np.int64).min).to_numpy()
    level = pc.fill_null(accounts["verified_level"], LEAST_LEVEL).to_numpy()
    declared = pc.is_valid(accounts["declared_use"]).to_numpy(zero_copy_only=False).astype(np.bool_)
    return np.unique(hash_strings(accounts["account_id"])[(created > opened_by) | (level < LEAST_LEVEL) | declared])
