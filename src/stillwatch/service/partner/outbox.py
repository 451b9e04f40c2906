"""Take back at the forum what the member has told of campaigns that a person has cleared.

Asked for in the transaction of the answer (`act.appeals.outbox`), done here at the next tick, and again at each one
until the forum has it: a forum that is down delays, and loses nothing. A crash between the forum's answer and ours
revokes once more, which changes nothing there.
"""

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from stillwatch.act.appeals.outbox import revoked, to_revoke
from stillwatch.act.cases.tables import CASE_ALIASES
from stillwatch.act.trail import Trail
from stillwatch.errors import StillwatchError
from stillwatch.share.node.settings import NodeSettings
from stillwatch.store.database import reading

if TYPE_CHECKING:
    from stillwatch.share.node.revoking import RevokingDesk

__all__ = ["Desk", "Retracted", "revoke_upheld"]

Desk = Callable[[NodeSettings], "AbstractContextManager[RevokingDesk]"]


def _desk_of(node: NodeSettings) -> "AbstractContextManager[RevokingDesk]":
    """The node's desk. Whoever is no member need not have the libraries of the exchange."""
    from stillwatch.share.node.revoking import revoking_desk  # noqa: PLC0415 - only where there is a node

    return revoking_desk(node)


@dataclass(frozen=True, slots=True)
class Retracted:
    """What became of one campaign at this tick.

    n_indicators    That are revoked at the forum; 0 when nobody had been told of the campaign.
    is_done         Whether it is on record; what is not waits for the next tick.
    problem         Why it waits, without anything secret; for what is done without a node, that there is none.
    """

    campaign_id: str
    n_indicators: int
    is_done: bool
    problem: str | None = None


def revoke_upheld(
    home: Engine, trail: Trail, node: NodeSettings | None, now: datetime, desk: Desk = _desk_of
) -> list[Retracted]:
    """Take back what waits, the oldest first; what became of each. Nothing is asked of the forum when nothing waits.

    home        The service's database.
    node        Settings of the member's node (`member.node_of`); None: nobody was told of anything.
    """
    with reading(home).begin() as connection:
        waiting = [(one.campaign_id, _names(connection, one.campaign_id)) for one in to_revoke(connection)]
    found: list[Retracted] = []
    if not waiting:
        return found
    if node is None or not (node.folder / "node.db").is_file():
        why = "there is no node of an exchange" if node is None else "the node has never run"
        return [_record(home, trail, campaign_id, 0, now, why) for campaign_id, _ in waiting]
    with contextlib.ExitStack() as stack:
        try:
            opened = stack.enter_context(desk(node))
        except (StillwatchError, SQLAlchemyError) as error:
            return [Retracted(campaign_id, 0, is_done=False, problem=_why(error)) for campaign_id, _ in waiting]
        for campaign_id, names in waiting:
            try:
                n, refused = _taken_back(opened, names, now)
            except (StillwatchError, SQLAlchemyError) as error:
                found.append(Retracted(campaign_id, 0, is_done=False, problem=_why(error)))
                continue
            if refused:
                why = f"the forum refused {refused} objects"
                found.append(Retracted(campaign_id, n, is_done=False, problem=why))
            else:
                found.append(_record(home, trail, campaign_id, n, now))
    return found


def _taken_back(desk: "RevokingDesk", names: frozenset[str], now: datetime) -> tuple[int, int]:
    """Revoke all indicators of a campaign; how many are, earlier ones too, and how many objects the forum refused."""
    standing, n = desk.told_of(names, now)
    refused = 0
    for indicator_id in standing:
        outcome = desk.take_back(indicator_id)
        n += not outcome.refused
        refused += len(outcome.refused)
    return n, refused


def _names(connection: Connection, campaign_id: str) -> frozenset[str]:
    """All ids of the case that a campaign is, or became, part of: it may have been told under any of them."""
    alias, case_id = CASE_ALIASES.c.alias, CASE_ALIASES.c.case_id
    root = connection.execute(select(case_id).where(alias == campaign_id)).scalar() or campaign_id
    aliases = connection.execute(select(alias).where(case_id == root)).scalars()
    return frozenset({campaign_id, root, *aliases})


def _record(home: Engine, trail: Trail, campaign_id: str, n: int, now: datetime, why: str | None = None) -> Retracted:
    with home.begin() as connection:
        revoked(connection, trail, campaign_id, n, now)
    return Retracted(campaign_id, n, is_done=True, problem=why)


def _why(error: Exception) -> str:
    """Our own messages hold no secrets; a database's may hold values, so of these the class alone is told."""
    name = type(error).__name__
    return f"{name}: {error}"[:300] if isinstance(error, StillwatchError) else name
