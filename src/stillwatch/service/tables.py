"""Every table of the service's database, in one place: what migrations must arrive at."""

from typing import Final

from sqlalchemy import MetaData

from stillwatch.act.appeals.tables import APPEAL_TABLES
from stillwatch.act.cases.tables import CASE_TABLES
from stillwatch.act.decide.tables import DECISION_TABLES
from stillwatch.act.policy.tables import POLICY_TABLES
from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.service.access.tables import SERVICE_TOKEN_TABLES
from stillwatch.service.access.user_tables import USER_TABLES

__all__ = ["SERVICE_TABLES"]

_PARTS: Final = (
    *(LEDGER_TABLES, DECISION_TABLES, POLICY_TABLES, APPEAL_TABLES, CASE_TABLES),
    *(SERVICE_TOKEN_TABLES, USER_TABLES),
)
"""A new part needs a line here and a migration; a test compares the two."""


def _together() -> MetaData:
    tables = MetaData()
    for part in _PARTS:
        for table in part.sorted_tables:
            table.to_metadata(tables)
    return tables


SERVICE_TABLES: Final = _together()
"""Copies: nothing is queried through them."""
