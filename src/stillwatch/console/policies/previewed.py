"""A recorded preview: whom the version would have touched, as pictures and the tables behind them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa
from markupsafe import Markup
from sqlalchemy import Connection
from starlette.responses import Response

from stillwatch.act.policy.approvals import approvals
from stillwatch.act.policy.limits import BEYOND_APPROVAL, CEILINGS, Needs, needs
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.previews import Recorded, preview_numbered
from stillwatch.act.policy.versions import find_version, load_version
from stillwatch.act.preview.figures import Previewed
from stillwatch.act.preview.reread import reread
from stillwatch.console.downloads import download
from stillwatch.console.policies.words import UNITS, short
from stillwatch.console.visit import Visit, at
from stillwatch.errors import MissingData
from stillwatch.model.decision import Action
from stillwatch.report import quantities
from stillwatch.report.previewed import pictures, words
from stillwatch.report.previewed.bands import DrawnBand, actions_of, rows_of
from stillwatch.service.access.roles import Right

__all__ = ["Gauge", "show_preview", "take_preview"]

_CSS: Final[Mapping[Needs, str]] = MappingProxyType({Needs.ONE: "one", Needs.TWO: "two", Needs.REFUSED: "no"})
_MOST_DIGITS: Final = 9
_SHOWN: Final = ("verdict", "tenure", "verified level", "spend band")
"""Places are left to the report of the command line: no policy can act on one alone."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """A share against its limits.

    one, most   What one person may decide, and what two may.
    told        All of it as a sentence.
    """

    name: str
    share: float
    one: float
    most: float
    told: str
    picture: Markup


def show_preview(visit: Visit) -> Response:
    """The page."""
    with visit.looking() as connection:
        policy, recorded = _found(connection, visit)
        approved = approvals(connection, recorded.number, visit.console.keys)
    preview = recorded.preview
    found, wanted = reread(preview, policy), needs(preview.shares, policy.limits)
    values: dict[str, Any] = {
        "policy": policy,
        "recorded": recorded,
        "preview": preview,
        "is_fresh": preview.is_fresh(visit.now),
        "approved": approved,
        "found": found,
        "needs": words.NEEDS[wanted],
        "needs_css": _CSS[wanted],
        "gauges": [_gauge(name, preview.shares[name], policy) for name in words.SHARES],
        "units": UNITS,
        "Right": Right,
        "digits": short,
        "path": lambda *parts, **query: at("policies", *parts, **query),
        "table": lambda name, form: _table_path(policy, recorded, name, form),
    }
    if found is not None:
        values |= _drawn(found)
    return visit.render("policies/preview", values)


def _drawn(found: Previewed) -> dict[str, Any]:
    whole = found.effects[0] if found.effects else None
    by_name = {one.name: list(rows_of(one)) for one in found.breakdowns if one.name in _SHOWN}
    return {
        "summary": words.summary(found),
        "verdict_rows": by_name.pop("verdict", list[DrawnBand]()),
        "breakdowns": list(by_name.items()),
        "actions": actions_of(found),
        "done": words.ACTIONS,
        "doubts": words.doubts(found.doubt),
        "signs": words.SIGNS,
        "whole": whole,
        "effect": words.effect(whole) if whole else "",
        "loss": pictures.loss(whole.later, whole.since_found) if whole else "",
        "after": words.after,
        "disclaimer": words.DISCLAIMER,
    }


def _gauge(name: str, share: float, policy: Policy) -> Gauge:
    one, most = min(getattr(policy.limits, name), getattr(CEILINGS, name)), getattr(BEYOND_APPROVAL, name)
    told = f"{quantities.share(share)} {words.SHARES[name]}"
    limits = f"one person may decide up to {words.over(one)}, two up to {words.over(most)}"
    return Gauge(name, share, one, most, told, pictures.gauge(share, one, most, f"{told}; {limits}"))


def _found(connection: Connection, visit: Visit) -> tuple[Policy, Recorded]:
    """The version and its preview.

    Raises      MissingData when there is no such preview of that version.
    """
    policy = load_version(connection, find_version(connection, visit.part("version")), visit.console.keys)
    told = visit.part("number")
    number = int(told) if told.isascii() and told.isdigit() and len(told) <= _MOST_DIGITS else 0
    recorded = preview_numbered(connection, number, visit.console.keys)
    if recorded.preview.version != policy.version:
        message = f"there is no preview {number} of version {short(policy.version)}"
        raise MissingData(message)
    return policy, recorded


def _table_path(policy: Policy, recorded: Recorded, name: str, form: str) -> str:
    return at("policies", policy.version, "previews", str(recorded.number), "table", name, **{"as": form})


def take_preview(visit: Visit) -> Response:
    """A table of a preview.

    Raises      MissingData for another table, and for a preview that kept none.
    """
    with visit.looking() as connection:
        policy, recorded = _found(connection, visit)
    name, found = visit.part("name"), reread(recorded.preview, policy)
    make = _TABLES.get(name)
    if make is None or found is None:
        message = "this preview has no such table"
        raise MissingData(message)
    return download(visit, make(found), f"preview-{recorded.number}-{name}")


def _limit_table(found: Previewed) -> pa.Table:
    rows = words.limits(found)
    names = ("of", "share", "one_person", "two_people")
    return pa.Table.from_pylist([dict(zip(names, row[:4], strict=True)) for row in rows])


def _band_table(found: Previewed) -> pa.Table:
    rows = [
        {
            "by": one.name,
            "band": row.label,
            "exchanges": row.n_exchanges,
            "accounts": row.n_accounts,
            "touched_exchanges": row.touched.exchanges,
            "touched_streams": row.touched.streams,
            "touched_accounts": row.touched.accounts,
            **{action.value: row.by_action.get(action, 0) for action in Action},
        }
        for one in found.breakdowns
        if one.name in _SHOWN
        for row in one.rows
    ]
    return pa.Table.from_pylist(rows)


def _rule_table(found: Previewed) -> pa.Table:
    rows = [
        {
            "rule": row.rule,
            "action": row.action.value,
            "exchanges": row.count.exchanges,
            "refused": row.refused,
            "streams": row.count.streams,
            "accounts": row.count.accounts,
            "organisations": row.count.organisations,
        }
        for row in found.rules
    ]
    return pa.Table.from_pylist(rows)


def _loss_table(found: Previewed) -> pa.Table:
    rows = [
        {
            "found_after_s": later.after.total_seconds(),
            "share_of_exchanges": later.exchanges,
            "share_of_output_tokens": later.output_tokens,
        }
        for one in found.effects[:1]
        for later in one.later
    ]
    names = ("found_after_s", "share_of_exchanges", "share_of_output_tokens")
    return pa.Table.from_pylist(rows) if rows else pa.table({name: pa.array([], pa.float64()) for name in names})


_TABLES: Final[Mapping[str, Callable[[Previewed], pa.Table]]] = MappingProxyType(
    {"limits": _limit_table, "bands": _band_table, "rules": _rule_table, "loss": _loss_table}
)
