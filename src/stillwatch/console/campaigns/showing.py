"""One campaign: what it is called and why, its evidence drawn, what it took, what was done, what would change it."""

from typing import Any, Final

import pyarrow as pa
from sqlalchemy import Connection, func, select
from starlette.responses import Response

from stillwatch.act.appeals.tables import APPEALS
from stillwatch.act.cases.case import Case, ClosedWhy, State
from stillwatch.console.campaigns.beside import side_by_side
from stillwatch.console.campaigns.graph import MOST_NODES, graph_of
from stillwatch.console.campaigns.history import history_of
from stillwatch.console.campaigns.hours import over_time
from stillwatch.console.campaigns.standing import case_named, decisions_by_action
from stillwatch.console.visit import Visit, at
from stillwatch.errors import MissingData
from stillwatch.model.campaign import Campaign
from stillwatch.model.findings import Findings
from stillwatch.report.section import campaign_section
from stillwatch.report.sentences import reference_warning
from stillwatch.service.access.roles import Right
from stillwatch.signing.stamp import stamp

__all__ = ["show_campaign"]

_HAND_CLOSED: Final = tuple(why for why in ClosedWhy if why is not ClosedWhy.MERGED)


def show_campaign(visit: Visit) -> Response:
    """The page of a campaign; of one that is in the findings no more, what is kept of its case."""
    name, shelf = visit.part("campaign"), visit.console.shelf
    with visit.looking() as connection:
        case = case_named(connection, name)
        if case is not None and case.case_id != name and not shelf.has(name):
            return visit.see(at("campaigns", case.case_id), f"{name[:64]} became part of this campaign.")
        if not shelf.has(name) and case is None:
            message = f"there is no campaign {name[:64]}"
            raise MissingData(message)
        values = _standing(visit, connection, name, case)
    if not shelf.has(name):
        return visit.render("campaigns/past", values)
    campaign, findings = shelf.campaign(name)
    return visit.render("campaigns/campaign", values | _found(campaign, findings))


def _standing(visit: Visit, connection: Connection, name: str, case: Case | None) -> dict[str, Any]:
    """What people have made of it."""
    names = [name] if case is None else [case.case_id, *case.also_known_as]
    appeals = select(APPEALS.c.outcome, func.count()).where(APPEALS.c.campaign_id.in_(names))
    counted = {outcome or "waiting": n for outcome, n in connection.execute(appeals.group_by(APPEALS.c.outcome))}
    return {
        "name": name,
        "case": case,
        "is_open": case is not None and case.state is not State.CLOSED,
        "history": history_of(connection, name, case),
        "decisions": decisions_by_action(connection, names, stamp(visit.now)),
        "appeals": counted,
        "closed_whys": _HAND_CLOSED,
        "may_work": visit.may(Right.WORK),
        "may_reveal": visit.may(Right.REVEAL),
        "may_answer": visit.may(Right.ANSWER),
        "may_share": visit.may(Right.APPROVE) and visit.console.node is not None,
        "path": lambda *parts, **query: at("campaigns", name, *parts, **query),
    }


def _found(campaign: Campaign, findings: Findings) -> dict[str, Any]:
    """What the findings say of it."""
    strongest = campaign.families[0] if campaign.families else None
    graph = graph_of(campaign)
    return {
        "campaign": campaign,
        "section": campaign_section(1, campaign, findings),
        "beside": None if strongest is None else side_by_side(strongest),
        "over_time": over_time(campaign),
        "graph": graph,
        "n_most_nodes": MOST_NODES,
        "warning": reference_warning(findings),
        "bar_bits": findings.bar_bits,
        "streams": _largest(findings.streams),
    }


def _largest(streams: pa.Table) -> list[dict[str, Any]]:
    """The ten largest streams."""
    ordered = streams.sort_by([("n_exchanges", "descending"), ("account_id", "ascending")])
    rows: list[dict[str, Any]] = ordered.slice(0, 10).to_pylist()
    return rows
