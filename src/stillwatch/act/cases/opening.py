"""Campaigns of a pass become cases: new ones open, known ones are brought up to date, parts of one are merged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from stillwatch.act.appeals.standing import carry_over
from stillwatch.act.cases.case import Case, ClosedWhy, State, case_of
from stillwatch.act.cases.changes import happened
from stillwatch.act.cases.tables import CASE_ALIASES, CASES
from stillwatch.act.decide.tables import DECISIONS
from stillwatch.act.trail import SERVICE, Trail
from stillwatch.model.campaign import Campaign, Figures, Verdict
from stillwatch.model.decision import SEVERITY, Action
from stillwatch.signing.stamp import stamp
from stillwatch.store.conflict import insert_if_new

__all__ = ["OPENS", "Itself", "update_cases"]

OPENS: Final = frozenset({Verdict.HARVEST, Verdict.RELAY, Verdict.UNCLEAR})
"""Verdicts that a person should look at; the others are explained by what they are."""
Told = Campaign | Figures
"""A campaign, or what a case keeps of it."""
_HURTS: Final = [action.value for action in Action if SEVERITY[action] > SEVERITY[Action.OBSERVE]]


@dataclass(frozen=True, slots=True)
class Itself:
    """The service as what changes a case."""

    connection: Connection
    trail: Trail
    now: datetime
    by: str = SERVICE


def update_cases(connection: Connection, trail: Trail, campaigns: Iterable[Told], now: datetime) -> list[str]:
    """Cases of the campaigns of a pass, in the caller's transaction; ids of those to which something happened.

    Figures are brought up to date without a word in the ledger: they stand in the findings. A closed case stays closed,
    unless it was closed because the campaign had ended, and there is newer traffic.
    """
    itself, changed = Itself(connection, trail, now), []
    for campaign in campaigns:
        row = connection.execute(select(CASES).where(CASES.c.case_id == campaign.campaign_id)).mappings().first()
        if row is None and campaign.verdict not in OPENS and not _known(connection, campaign.also_known_as):
            carry_over(connection, campaign.campaign_id, campaign.also_known_as)
            continue
        did = [_merge(itself, campaign, alias) for alias in campaign.also_known_as]
        did.append(_open(itself, campaign) if row is None else _refresh(itself, campaign, case_of(row)))
        did.append(_act(itself, campaign))
        if any(did):
            changed.append(campaign.campaign_id)
    return changed


def _known(connection: Connection, names: Sequence[str]) -> bool:
    return connection.execute(select(CASES.c.case_id).where(CASES.c.case_id.in_(names)).limit(1)).first() is not None


def _figures(campaign: Told) -> dict[str, Any]:
    return {
        "verdict": campaign.verdict.value,
        "bits": campaign.bits,
        "n_accounts": campaign.n_accounts,
        "n_exchanges": campaign.n_exchanges,
        "first_seen": stamp(campaign.open_since or campaign.first_seen),
        "last_seen": stamp(campaign.last_seen),
    }


def _open(itself: Itself, campaign: Told) -> bool:
    state = {"case_id": campaign.campaign_id, "version": 1, "state": State.OPEN.value}
    times = {"opened_at": stamp(itself.now), "changed_at": stamp(itself.now)}
    itself.connection.execute(insert(CASES), {**state, **times, **_figures(campaign)})
    for alias in campaign.also_known_as:
        _point(itself.connection, alias, campaign.campaign_id)
    happened(itself, campaign.campaign_id, "opened", {"verdict": campaign.verdict.value})
    return True


def _refresh(itself: Itself, campaign: Told, case: Case) -> bool:
    here = CASES.c.case_id == case.case_id
    itself.connection.execute(update(CASES).where(here).values(_figures(campaign)))
    for alias in campaign.also_known_as:
        _point(itself.connection, alias, case.case_id)
    goes_on = case.closed_why is ClosedWhy.ENDED and campaign.last_seen > case.changed_at
    if case.state is State.CLOSED and not goes_on:
        return False
    if goes_on:
        values = {"state": State.OPEN.value, "closed_why": None, "assignee": None}
        _set(itself, case.case_id, values, case.version)
        happened(itself, case.case_id, "reopened", {"last_seen": stamp(campaign.last_seen)})
        return True
    if case.verdict is not campaign.verdict:
        _set(itself, case.case_id, {}, case.version)
        happened(itself, case.case_id, "judged", {"from": case.verdict.value, "to": campaign.verdict.value})
        return True
    return False


def _merge(itself: Itself, campaign: Told, alias: str) -> bool:
    """Close the case of a campaign that became part of this one; what was cleared there stays cleared here."""
    carried = carry_over(itself.connection, campaign.campaign_id, [alias])
    old = select(CASES).where(CASES.c.case_id == alias, CASES.c.state != State.CLOSED.value)
    row = itself.connection.execute(old).mappings().first()
    if row is None:
        return carried > 0
    _set(itself, alias, {"state": State.CLOSED.value, "closed_why": ClosedWhy.MERGED.value}, row["version"])
    happened(itself, alias, "merged", {"into": campaign.campaign_id})
    return True


def _act(itself: Itself, campaign: Told) -> bool:
    """Say so when a decision rests on the campaign."""
    here = (CASES.c.case_id == campaign.campaign_id) & CASES.c.state.in_([State.OPEN.value, State.INVESTIGATING.value])
    row = itself.connection.execute(select(CASES.c.version).where(here)).first()
    rests = DECISIONS.c.campaign_id.in_([campaign.campaign_id, *campaign.also_known_as])
    first = select(DECISIONS.c.decision_id).where(rests, DECISIONS.c.action.in_(_HURTS)).limit(1)
    if row is None or itself.connection.execute(first).first() is None:
        return False
    _set(itself, campaign.campaign_id, {"state": State.ACTED.value}, row.version)
    happened(itself, campaign.campaign_id, "acted", {})
    return True


def _set(itself: Itself, case_id: str, values: dict[str, Any], version: int) -> None:
    told = {**values, "version": version + 1, "changed_at": stamp(itself.now)}
    itself.connection.execute(update(CASES).where(CASES.c.case_id == case_id).values(told))


def _point(connection: Connection, alias: str, case_id: str) -> None:
    """Whoever asks for the earlier campaign finds this one, and so for those that were part of the earlier one."""
    insert_if_new(connection, CASE_ALIASES, {"alias": alias, "case_id": case_id})
    leads_there = (CASE_ALIASES.c.alias == alias) | (CASE_ALIASES.c.case_id == alias)
    connection.execute(update(CASE_ALIASES).where(leads_there).values(case_id=case_id))
