"""File an appeal, once, and every holder of the indicator is asked."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select

from stillwatch.errors import InvalidInput
from stillwatch.ledger.book import Event, append
from stillwatch.ledger.entry import Kind
from stillwatch.share.appeals.case import Grounds, Outcome
from stillwatch.share.appeals.references import TooMany, hash_of, new_reference
from stillwatch.share.appeals.tables import APPEALS, HOLDERS
from stillwatch.share.life.tombstones import Cause, Tombstone, tombstone_of
from stillwatch.signing.stamp import stamp

__all__ = ["FORUM", "LONGEST", "MOST_A_DAY", "Filed", "Filing", "case_filed", "file"]

FORUM: Final = "forum"
"""Actor of what the forum itself records."""
MOST_A_DAY: Final = 20
"""Appeals that one filer may file in 24 hours."""
LONGEST: Final = timedelta(days=30)
_MOST_HOLDERS: Final = 1000
_MOST_ID: Final = 64


@dataclass(frozen=True, slots=True)
class Filing:
    """What is appealed against, and who is to answer.

    published_at    When the indicator was.
    filer       Pseudonym of whoever files; the affected customer is never named.
    originator  Member that published the indicator.
    holders     Members that have it; the originator is asked in any case.
    within      Time to answer, at most 30 days.
    reference   Chosen by the filer, so that filing again after a lost answer is no second appeal.
    """

    filer: str
    indicator_id: str
    published_at: datetime
    grounds: Grounds
    originator: str
    holders: Collection[str]
    within: timedelta = timedelta(days=7)
    reference: str = field(default_factory=new_reference)


@dataclass(frozen=True, slots=True)
class Filed:
    """A case, and who may ask about it under which reference.

    reference   The filer's; only its hash is kept.
    of_holders  The name of each in this case, by pseudonym.
    """

    case_id: str
    reference: str
    of_holders: Mapping[str, str]


def file(connection: Connection, filing: Filing, now: datetime) -> Filed:
    """File an appeal. Against an indicator that is revoked already it is upheld at once.

    connection  To a database with the tables of ledger, appeals and tombstones.
    Raises      InvalidInput for a deadline or holders out of range; TooMany after 20 in 24 hours.
    """
    _check(filing)
    _check_rate(connection, filing.filer, now)
    members = sorted({filing.originator, *filing.holders})
    case_id = uuid.uuid4().hex
    aliases = {member: new_reference() for member in members}
    stone = tombstone_of(connection, filing.indicator_id)
    row: dict[str, Any] = {
        "case_id": case_id,
        "reference_hash": hash_of(filing.filer, filing.reference),
        "filer": filing.filer,
        "indicator_id": filing.indicator_id,
        "published_at": stamp(filing.published_at),
        "grounds": filing.grounds.value,
        "filed_at": stamp(now),
        "deadline": stamp(now + filing.within),
        "outcome": Outcome.UPHELD.value if stone else None,
        "decided_at": stamp(now) if stone else None,
    }
    row["filed_entry"] = _recorded(connection, row, sorted(aliases.values()), now)
    row["revoked_entry"] = None if stone is None else _revoked(connection, stone, now)
    connection.execute(insert(APPEALS), row)
    connection.execute(insert(HOLDERS), _holders(case_id, aliases, filing.originator))
    return Filed(case_id, filing.reference, aliases)


def case_filed(connection: Connection, filer: str, reference: str) -> str | None:
    """Case that the filer has filed under this reference; None: none yet."""
    here = APPEALS.c.reference_hash == hash_of(filer, reference)
    return connection.execute(select(APPEALS.c.case_id).where(here)).scalar()


def _recorded(connection: Connection, row: Mapping[str, Any], aliases: list[str], now: datetime) -> int:
    """Entry of the ledger that says what was filed and who is asked."""
    document = {
        "event": "filed",
        "case": row["case_id"],
        "indicator": row["indicator_id"],
        "grounds": row["grounds"],
        "deadline": row["deadline"],
        "holders": aliases,
    }
    return append(connection, Event(Kind.APPEAL, FORUM, document, now)).index


def _revoked(connection: Connection, stone: Tombstone, now: datetime) -> int:
    """Entry that says that the indicator was gone before; that of who took it back would name a member."""
    if stone.cause is Cause.APPEAL:
        return stone.entry
    document = {"event": "revoked", "indicator": stone.indicator_id, "cause": stone.cause.value}
    return append(connection, Event(Kind.APPEAL, FORUM, document, now)).index


def _holders(case_id: str, aliases: Mapping[str, str], originator: str) -> list[dict[str, Any]]:
    return [
        {"case_id": case_id, "member": member, "alias": alias, "is_originator": member == originator}
        for member, alias in aliases.items()
    ]


def _check(filing: Filing) -> None:
    if not timedelta(0) < filing.within <= LONGEST:
        message = f"the time to answer must be above 0 and at most {LONGEST.days} days, got {filing.within}"
        raise InvalidInput(message)
    if len(filing.holders) > _MOST_HOLDERS:
        message = f"an appeal must have at most {_MOST_HOLDERS} holders, got {len(filing.holders)}"
        raise InvalidInput(message)
    if not 0 < len(filing.indicator_id) <= _MOST_ID:
        message = f"an indicator's id must have 1 to {_MOST_ID} characters, got {len(filing.indicator_id)}"
        raise InvalidInput(message)


def _check_rate(connection: Connection, filer: str, now: datetime) -> None:
    since = stamp(now - timedelta(days=1))
    recent = (APPEALS.c.filer == filer) & (APPEALS.c.filed_at > since)
    count = connection.execute(select(func.count()).select_from(APPEALS).where(recent)).scalar_one()
    if count >= MOST_A_DAY:
        message = f"{count} appeals were filed in 24 hours, allowed {MOST_A_DAY}"
        raise TooMany(message, 3600)
