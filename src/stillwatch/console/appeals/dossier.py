"""Everything that an answer to an appeal rests on: the decision, the evidence, the account's other appeals."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow.compute as pc
from sqlalchemy import Connection, func, select

from stillwatch.act.appeals.answering import appeals_of
from stillwatch.act.appeals.appeal import Appeal, AppealRules
from stillwatch.act.appeals.notice import Notice, notice_of
from stillwatch.act.appeals.standing import overdue
from stillwatch.act.appeals.tables import APPEALS, CLEARED, TO_REVOKE
from stillwatch.act.cases.tables import CASE_ALIASES
from stillwatch.act.decide.tables import DECISIONS
from stillwatch.console.appeals.queue import Line, lines_where, names_of
from stillwatch.console.shelf import Shelf
from stillwatch.errors import MissingData, StillwatchError
from stillwatch.model.campaign import Campaign
from stillwatch.signing.stamp import stamp

__all__ = ["Dossier", "Evidence", "appeal_named", "dossier_of", "evidence_of"]

_MOST_OTHERS: Final = 20
_MOST_NOTICES: Final = 5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What detection says of the stream now.

    stream      Row of the findings, as `STREAM` names its columns; None when the campaign has no such stream any more.
    bar_bits    Bits from which on a campaign is an alarm.
    """

    campaign: Campaign
    stream: dict[str, Any] | None
    bar_bits: float


@dataclass(frozen=True, slots=True)
class Dossier:
    """An appeal and what is around it.

    notice      The decision; None when it is not on record any more.
    campaign    Name that the campaign has now.
    others      The account's other appeals, the last filed first.
    same        Those of them that wait and are about the same stream: upheld together with this one.
    in_force    Decisions about the stream that hold now, the last made first; `n_in_force` of them in all.
    n_waiting   Appeals about the campaign that wait, this one among them.
    is_softened, is_held_back   Overdue: observed meanwhile, or not; see act/appeals/standing.py.
    is_cleared  A person has cleared the stream.
    revocation  When the campaign's indicators were to be taken back and were, as stamps; None when never.
    """

    appeal: Appeal
    notice: Notice | None
    campaign: str
    others: list[Line]
    same: list[Line]
    in_force: list[Notice]
    n_in_force: int
    n_waiting: int
    is_softened: bool
    is_held_back: bool
    is_cleared: bool
    revocation: tuple[str, str | None] | None


def appeal_named(connection: Connection, appeal_id: str) -> Appeal:
    """Appeal by its whole id.

    Raises      MissingData when there is none.
    """
    found = appeals_of(connection, APPEALS.c.appeal_id == appeal_id)
    if not found:
        message = "there is no such appeal"
        raise MissingData(message)
    return found[0]


def dossier_of(connection: Connection, appeal: Appeal, rules: AppealRules, now: datetime) -> Dossier:
    """Everything that the service's database has."""
    names, stream = names_of(connection, appeal.stream.campaign_id), appeal.stream
    others = lines_where(
        connection,
        APPEALS.c.account_id == stream.account_id,
        APPEALS.c.appeal_id != appeal.appeal_id,
        most=_MOST_OTHERS,
    )
    late = overdue(connection, rules, now) if appeal.is_overdue(now) else None
    in_force, n_in_force = _in_force(connection, names, stream.account_id, now)
    revocation = connection.execute(select(TO_REVOKE).where(TO_REVOKE.c.appeal_id == appeal.appeal_id)).first()
    here = (CLEARED.c.campaign_id.in_(names)) & (CLEARED.c.account_id == stream.account_id)
    return Dossier(
        appeal=appeal,
        notice=notice_of(connection, appeal.decision_id),
        campaign=_name_now(connection, stream.campaign_id),
        others=others,
        same=[one for one in others if one.outcome is None and one.stream.campaign_id in names],
        in_force=in_force,
        n_in_force=n_in_force,
        n_waiting=_n_waiting(connection, names),
        is_softened=late is not None and stream in late.softened,
        is_held_back=late is not None and stream in late.held_back,
        is_cleared=connection.execute(select(CLEARED.c.appeal_id).where(here).limit(1)).first() is not None,
        revocation=None if revocation is None else (revocation.asked_at, revocation.done_at),
    )


def evidence_of(shelf: Shelf, campaign: str, account: str) -> Evidence | None:
    """What the findings say of a stream; None when they hold its campaign no more, or cannot be read just now."""
    try:
        if not shelf.has(campaign):
            return None
        found, findings = shelf.campaign(campaign)
    except StillwatchError:
        return None
    rows = findings.streams.filter(pc.equal(findings.streams["account_id"], account)).slice(0, 1).to_pylist()
    return Evidence(found, rows[0] if rows else None, findings.bar_bits)


def _name_now(connection: Connection, campaign: str) -> str:
    pointed = select(CASE_ALIASES.c.case_id).where(CASE_ALIASES.c.alias == campaign)
    return connection.execute(pointed).scalar() or campaign


def _n_waiting(connection: Connection, names: list[str]) -> int:
    here = APPEALS.c.campaign_id.in_(names) & APPEALS.c.outcome.is_(None)
    return connection.execute(select(func.count()).select_from(APPEALS).where(here)).scalar() or 0


def _in_force(connection: Connection, names: list[str], account: str, now: datetime) -> tuple[list[Notice], int]:
    holds = DECISIONS.c.ended_at.is_(None) & (DECISIONS.c.expires_at > stamp(now))
    here = holds & (DECISIONS.c.account_id == account) & DECISIONS.c.campaign_id.in_(names)
    ids = select(DECISIONS.c.decision_id).where(here).order_by(DECISIONS.c.decided_at.desc())
    found = connection.execute(ids).scalars().all()
    notices = [notice_of(connection, name) for name in found[:_MOST_NOTICES]]
    return [one for one in notices if one is not None], len(found)
