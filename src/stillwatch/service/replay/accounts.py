"""Facts of accounts from the provider's table and from what a window shows."""

from datetime import datetime

import pyarrow as pa

from stillwatch.act.preview.traffic import Totals
from stillwatch.act.spend import spend_bands
from stillwatch.model.decision import AccountFacts

__all__ = ["AccountBook"]

_DAY_S = 86_400.0
_OF_TABLE = ("created_at", "programme", "verified_level", "declared_use", "organisation_id")


class AccountBook:
    """The table of accounts, by account.

    table   Table ACCOUNT; an account that is not in it is known by its traffic alone.
    """

    def __init__(self, table: pa.Table) -> None:
        rows = zip(*(table[name].to_pylist() for name in _OF_TABLE), strict=True)
        self._rows = dict(zip(table["account_id"].to_pylist(), rows, strict=True))

    def organisation(self, account_id: str) -> str | None:
        """Owner of an account."""
        row = self._rows.get(account_id)
        owner: str | None = None if row is None else row[4]
        return owner

    def facts(self, totals: Totals, now: datetime) -> list[AccountFacts]:
        """Facts of accounts, in their order; an account that is opened later than now is as new as can be."""
        bands = spend_bands(totals.cost_usd).tolist()
        counts = totals.n_exchanges.tolist()
        told = zip(totals.account_ids, bands, counts, strict=True)
        return [self._facts(account_id, band, n, now) for account_id, band, n in told]

    def _facts(self, account_id: str, band: int, n_exchanges: int, now: datetime) -> AccountFacts:
        row = self._rows.get(account_id)
        if row is None:
            return AccountFacts(spend_band=band, n_exchanges=n_exchanges)
        created_at, programme, level, use, _ = row
        age_days = None if created_at is None else max(0.0, (now - created_at).total_seconds() / _DAY_S)
        return AccountFacts(age_days, programme, level, use, band, n_exchanges=n_exchanges)
