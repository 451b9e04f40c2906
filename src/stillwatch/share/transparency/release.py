"""Publish a report once: who asked twice would see other noise, and could average it away."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, Column, Connection, Float, MetaData, String, Table, func, insert, select

from stillwatch.errors import InvalidInput
from stillwatch.share.transparency.counts import Counts, Period
from stillwatch.share.transparency.noise import laplace
from stillwatch.share.transparency.report import N_QUERIES, report_on
from stillwatch.signing.stamp import STAMP_CHARACTERS, stamp

__all__ = ["RELEASE_TABLES", "release", "released"]

RELEASE_TABLES: Final = MetaData()
_RELEASES: Final = Table(
    "transparency_releases",
    RELEASE_TABLES,
    Column("since", String(STAMP_CHARACTERS), primary_key=True),
    Column("until", String(STAMP_CHARACTERS), primary_key=True),
    Column("epsilon", Float, nullable=False),
    Column("made_at", String(STAMP_CHARACTERS), nullable=False),
    Column("report", JSON, nullable=False),
)


def released(connection: Connection, period: Period) -> dict[str, Any] | None:
    """Report that was published on exactly this period."""
    same = (_RELEASES.c.since == stamp(period.since)) & (_RELEASES.c.until == stamp(period.until))
    told: dict[str, Any] | None = connection.execute(select(_RELEASES.c.report).where(same)).scalar()
    return told


def release(
    connection: Connection, counts: Counts, period: Period, epsilon: float, budget: float, now: datetime
) -> dict[str, Any]:
    """Report on a period that is over, as JSON: the one that was published, or a new one, which is kept.

    budget      Most that all reports on overlapping periods may spend together.
    Raises      InvalidInput when the budget does not allow it, epsilon is out of range, or the period is not over.
    """
    told = released(connection, period)
    if told is not None:
        return told
    noise = laplace(epsilon / N_QUERIES)
    if now < period.until:
        message = f"a report must be on a period that is over, this one ends {period.until:%Y-%m-%d %H:%M} UTC"
        raise InvalidInput(message)
    spent = _spent(connection, period)
    if spent + epsilon > budget:
        message = f"epsilon must be at most {budget - spent:g}: {spent:g} of {budget:g} is spent on overlapping periods"
        raise InvalidInput(message)
    made = report_on(counts, period, epsilon, budget, noise).told()
    row = {"since": made["since"], "until": made["until"], "epsilon": epsilon, "made_at": stamp(now), "report": made}
    connection.execute(insert(_RELEASES), row)
    return made


def _spent(connection: Connection, period: Period) -> float:
    overlaps = (_RELEASES.c.since < stamp(period.until)) & (_RELEASES.c.until > stamp(period.since))
    return float(
        connection.execute(select(func.coalesce(func.sum(_RELEASES.c.epsilon), 0.0)).where(overlaps)).scalar_one()
    )
