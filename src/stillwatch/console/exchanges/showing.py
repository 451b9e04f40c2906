"""The pages of exchanges: the list without a word of what was said, and one that is revealed."""

from datetime import datetime
from typing import Any, Final

import pyarrow.compute as pc
from starlette.responses import Response

from stillwatch.act.cases.reveals import LEAST_REASON, MOST_REASON, reveal, reveals_of
from stillwatch.console.exchanges.finding import find_exchange
from stillwatch.console.visit import Visit, at
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.model.findings import Findings
from stillwatch.service.access.roles import Right

__all__ = ["send_reveal", "show_exchange", "show_exchanges"]

_MOST: Final = 50
_TEXTS: Final = ("system_text", "prompt_text", "output_text")
_OPEN: Final = (
    ("time", "Time"),
    ("model", "Model"),
    ("operation", "Operation"),
    ("turn_count", "Turns"),
    ("input_tokens", "Input tokens"),
    ("output_tokens", "Output tokens"),
    ("reasoning_tokens", "Reasoning tokens"),
    ("temperature", "Temperature"),
    ("max_tokens", "Most tokens"),
    ("has_tools", "Tools"),
    ("finish_reason", "Ended because"),
    ("status_code", "Status"),
)
"""What may be seen of an exchange without a reason: nothing that a customer wrote, got, or can be told by."""


def show_exchanges(visit: Visit) -> Response:
    """Ids and accounts; what was said stays masked."""
    name, account, page = visit.part("campaign"), visit.asked("account") or None, visit.number("page")
    campaign, _ = visit.console.shelf.campaign(name)
    found = visit.console.shelf.exchanges(name, (page - 1) * _MOST, _MOST, account)
    with visit.looking() as connection:
        seen = {one.exchange_id: one for one in reveals_of(connection, [name])}
    values = {
        "campaign": campaign,
        "account": account,
        "found": found,
        "seen": seen,
        "page": page,
        "most": _MOST,
        "may_reveal": visit.may(Right.REVEAL),
        "path": lambda *parts, **query: at("campaigns", name, *parts, **query),
        "link": lambda **query: at("campaigns", name, "exchanges", account=account, **query),
    }
    return visit.render("exchanges/list", values)


def show_exchange(visit: Visit) -> Response:
    """One exchange, masked, with the form that reveals it."""
    return visit.render("exchanges/exchange", _values(visit) | {"texts": None, "wrong": "", "reason": ""})


def send_reveal(visit: Visit) -> Response:
    """Record who looks and why, then show what was said: once, in the answer to this form."""
    values, told = _values(visit), visit.fields.get("reason", "")
    if values["row"] is None:
        message = "this exchange is not kept here any more: there is nothing to reveal"
        raise MissingData(message)
    try:
        with visit.changing() as connection:
            done = reveal(visit.hand(connection), values["campaign_id"], values["exchange_id"], told)
    except InvalidInput as error:
        return visit.render(
            "exchanges/exchange", values | {"texts": None, "wrong": str(error), "reason": told[:MOST_REASON]}, 422
        )
    texts = {name: values["row"].get(name) for name in _TEXTS}
    return visit.render(
        "exchanges/exchange", values | {"texts": texts, "wrong": "", "reason": done.reason, "done": done}
    )


def _values(visit: Visit) -> dict[str, Any]:
    """What both pages show.

    Raises  MissingData for an exchange that is not of this campaign.
    """
    name, exchange_id = visit.part("campaign"), visit.part("exchange")
    campaign, findings = visit.console.shelf.campaign(name)
    account = visit.console.shelf.account_of(name, exchange_id)
    row = find_exchange(visit.console, exchange_id, _span(findings, account))
    with visit.looking() as connection:
        seen = [one for one in reveals_of(connection, [name]) if one.exchange_id == exchange_id]
    return {
        "campaign_id": name,
        "campaign": campaign,
        "exchange_id": exchange_id,
        "account": account,
        "row": row,
        "facts": [] if row is None else [(label, row[key]) for key, label in _OPEN if row.get(key) is not None],
        "seen": seen,
        "done": None,
        "limits": {"least": LEAST_REASON, "most": MOST_REASON},
        "path": lambda *parts, **query: at("campaigns", name, *parts, **query),
    }


def _span(findings: Findings, account: str) -> tuple[datetime, datetime]:
    """First and last exchange of a stream."""
    rows = findings.streams.filter(pc.equal(findings.streams["account_id"], account)).to_pylist()
    if not rows:
        campaign = findings.campaigns[0]
        return campaign.first_seen, campaign.last_seen
    return rows[0]["first_seen"], rows[0]["last_seen"]
