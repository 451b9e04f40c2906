"""Streams of a campaign: which part of which account's traffic is accused."""

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select
from starlette.responses import Response

from stillwatch.act.decide.tables import DECISIONS
from stillwatch.console.downloads import download
from stillwatch.console.visit import Visit, at
from stillwatch.report.sentences import fairness
from stillwatch.service.access.roles import Right
from stillwatch.signing.stamp import stamp

__all__ = ["show_streams", "take_streams"]

_MOST: Final = 50
_SORTS: Final = (
    "n_exchanges",
    "account_id",
    "share_of_account",
    "attribution_bits",
    "account_bits",
    "output_tokens",
    "first_seen",
    "last_seen",
)


class _Asked:
    """Order and page of the list."""

    def __init__(self, visit: Visit) -> None:
        self.sort = visit.asked("sort", *_SORTS, default="n_exchanges")
        self.ascending = visit.asked("up") == "1"
        self.words = visit.asked("q")[:200].strip()
        self.page = visit.number("page")
        self._name = visit.part("campaign")

    def link(self, *parts: str, **changes: Any) -> str:  # noqa: ANN401 - whatever a URL takes
        """Path of the list with changes."""
        told = {"sort": self.sort, "up": "1" if self.ascending else "", "q": self.words, "page": self.page}
        return at("campaigns", self._name, "streams", *parts, **(told | changes))


def show_streams(visit: Visit) -> Response:
    """One page of streams."""
    asked = _Asked(visit)
    campaign, findings = visit.console.shelf.campaign(visit.part("campaign"))
    table = _ordered(findings.streams, asked)
    rows = table.slice((asked.page - 1) * _MOST, _MOST).to_pylist()
    with visit.looking() as connection:
        actions = _actions(connection, campaign.campaign_id, [row["account_id"] for row in rows], stamp(visit.now))
    values = {
        "campaign": campaign,
        "asked": asked,
        "rows": rows,
        "n": len(table),
        "n_all": len(findings.streams),
        "most": _MOST,
        "actions": actions,
        "fairness": fairness(campaign.verdict, findings.streams),
        "may_reveal": visit.may(Right.REVEAL),
        "path": lambda *parts, **query: at("campaigns", campaign.campaign_id, *parts, **query),
    }
    return visit.render("campaigns/streams", values)


def take_streams(visit: Visit) -> Response:
    """All streams that are asked for, as a table."""
    campaign, findings = visit.console.shelf.campaign(visit.part("campaign"))
    return download(visit, _ordered(findings.streams, _Asked(visit)), f"streams-{campaign.campaign_id[:40]}")


def _ordered(streams: pa.Table, asked: _Asked) -> pa.Table:
    if asked.words:
        streams = streams.filter(pc.match_substring(streams["account_id"], asked.words))
    order = "ascending" if asked.ascending else "descending"
    return streams.sort_by([(asked.sort, order), ("account_id", "ascending")])


def _actions(connection: Connection, campaign_id: str, accounts: list[str], now: str) -> dict[str, str]:
    """What is done now about these streams, by account; nothing for those that are not acted on."""
    in_force = DECISIONS.c.ended_at.is_(None) & (DECISIONS.c.expires_at > now)
    wanted = select(DECISIONS.c.account_id, DECISIONS.c.action).where(
        in_force, DECISIONS.c.campaign_id == campaign_id, DECISIONS.c.account_id.in_(accounts)
    )
    return dict(map(tuple, connection.execute(wanted.order_by(DECISIONS.c.decided_at))))
