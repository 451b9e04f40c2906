"""Tell the others of a campaign: look at all that would leave, field by field, before any of it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from stillwatch.console.sharing.acting import publish
from stillwatch.console.sharing.acts import Act, act_of, needed_harvest
from stillwatch.console.sharing.bounded import within
from stillwatch.console.sharing.database import has_run, looking_at
from stillwatch.console.sharing.drafting import draft_of
from stillwatch.console.sharing.drafts import DRAFTS, Draft, Wished, key_of
from stillwatch.console.sharing.membership import begun, needed_node
from stillwatch.console.sharing.out import Ours, ours
from stillwatch.console.sharing.wording import SAID
from stillwatch.console.visit import Visit, at
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.model.indicator import Tlp
from stillwatch.service.access.roles import Right
from stillwatch.share.node.settings import NodeSettings
from stillwatch.web.problem import Problem

__all__ = ["STAYS", "Typed", "read_wish", "send_prepare", "send_publish", "show_publish"]

_DAYS: Final = (1, 30)
_HOURS: Final = (0, 72)
_WHAT: Final = "draft"
STAYS: Final = (
    (
        "prompts and outputs",
        "not a word of them, and no hash of one: the similarity of templates crosses as keyed tags",
    ),
    ("accounts and organisations", "no id, no name, no e-mail address, no number of them"),
    ("addresses, domains, payments, TLS fingerprints", "as keyed tags only, which nobody can read or try out alone"),
    ("volumes", "no counts of exchanges or tokens: shares cross as one of four buckets, times as levels from 0 to 7"),
    ("prices and value", "neither list prices nor what was taken at them"),
    ("your evidence", "neither bits nor verdict: every member looks for itself"),
    ("what you did", "no decision, no policy, no appeal: the table has no word for it"),
)
"""What does not leave, and what becomes of it."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed, and what is wrong with it by field."""

    tlp: str
    days: str
    quiet_h: str
    wrong: Mapping[str, str]

    @property
    def wished(self) -> Wished:
        """The same as it is used.

        Raises      InvalidInput when something is wrong.
        """
        if self.wrong:
            raise InvalidInput("; ".join(self.wrong.values()))
        return Wished(self.tlp, int(self.days), int(self.quiet_h))


def read_wish(fields: Mapping[str, str]) -> Typed:
    """What a form says.

    >>> read_wish({"tlp": "amber", "days": "40"}).wrong
    {'days': 'days must be a whole number from 1 to 30'}
    """
    tlp, days, quiet_h = (
        fields.get("tlp", "amber"),
        fields.get("days", "14").strip(),
        fields.get("quiet_h", "0").strip(),
    )
    wrong: dict[str, str] = {}
    if tlp not in set(Tlp):
        wrong["tlp"] = f"the level must be one of {', '.join(Tlp)}"
    if not _is_within(days, *_DAYS):
        wrong["days"] = "days must be a whole number from 1 to 30"
    if not _is_within(quiet_h, *_HOURS):
        wrong["quiet_h"] = "quiet hours must be a whole number from 0 to 72"
    return Typed(tlp[:20], days[:20], quiet_h[:20], wrong)


def show_publish(visit: Visit) -> Response:
    """What would leave, as far as it was prepared."""
    node = visit.console.node
    if node is None:
        return visit.render("sharing/none", {"node": None})
    kept = _kept(visit)
    wished = Wished() if kept is None else kept.wished
    try:
        return _shown(visit, node, Typed(wished.tlp, str(wished.days), str(wished.quiet_h), {}))
    except MissingData as error:
        if not visit.console.shelf.has(visit.part("campaign")):
            raise
        return visit.render("sharing/not_indexed", {"campaign_id": visit.part("campaign"), "told": str(error)})


def send_prepare(visit: Visit) -> Response:
    """Make ready what would leave; nothing is sent."""
    node, campaign_id = needed_node(visit), visit.part("campaign")
    needed_harvest(node, campaign_id)
    typed = read_wish(visit.fields)
    if typed.wrong:
        return _shown(visit, node, typed, HTTPStatus.UNPROCESSABLE_ENTITY)
    console, key, wished = visit.console, _key(visit), typed.wished

    def work(tell: Callable[[str, int, int], None]) -> str:
        made = within(lambda: draft_of(node, campaign_id, wished, console.clock(), tell))
        DRAFTS.keep(key, made, made.made_at)
        return at("sharing", "publish", campaign_id)

    return begun(visit, "Preparing what would leave", work)


def send_publish(visit: Visit) -> Response:
    """Send what was looked at.

    Raises      Problem 409 when that is no longer what is kept.
    """
    node, key, draft = needed_node(visit), _key(visit), _kept(visit)
    if draft is None or draft.digest != visit.needed("seen"):
        message = (
            "what you looked at is no longer kept, or was prepared again: nothing was sent; prepare it, and look again"
        )
        raise Problem(HTTPStatus.CONFLICT, message)
    if not draft.may_be_sent:
        message = "this draft is not whole: nothing was sent; prepare it again when forum and evaluators answer"
        raise InvalidInput(message)
    console, person = visit.console, visit.user.name

    def work(tell: Callable[[str, int, int], None]) -> str:
        tell("telling the forum", 0, 0)
        indicator_id = publish(console, node, draft, person)
        DRAFTS.drop(key)
        return at("sharing", "indicators", indicator_id, done="told")

    return begun(visit, "Telling the others", work)


def _shown(visit: Visit, node: NodeSettings, typed: Typed, status: int = HTTPStatus.OK) -> Response:
    campaign_id, draft = visit.part("campaign"), _kept(visit)
    act = act_of(node, campaign_id)
    if act is None:
        message = f"the node’s index has no campaign {campaign_id[:80]}: scan with --index, and try again"
        raise MissingData(message)
    values: dict[str, Any] = {
        "campaign_id": campaign_id,
        "act": act,
        "draft": draft,
        "typed": typed,
        "levels": [level.value for level in Tlp],
        "stays": STAYS,
        "before": _before(node, campaign_id),
        "say": SAID,
        "at": at,
        "now": visit.now,
        "here": "out",
        "may_prepare": _may(visit, act, Right.WORK),
        "may_publish": _may(visit, act, Right.APPROVE),
        "has_case": visit.console.shelf.has(campaign_id),
    }
    return visit.render("sharing/publish", values, status)


def _may(visit: Visit, act: Act, right: Right) -> bool:
    return act.may_be_told and visit.may(right)


def _before(node: NodeSettings, campaign_id: str) -> list[Ours]:
    """Indicators of the campaign that were told already."""
    if not has_run(node):
        return []
    with looking_at(node) as connection:
        return _told_of(connection, campaign_id)


def _told_of(connection: Connection, campaign_id: str) -> list[Ours]:
    return ours(connection, campaign_id=campaign_id)


def _key(visit: Visit) -> tuple[str, ...]:
    return key_of(visit.console, visit.user.name, _WHAT, visit.part("campaign"))


def _kept(visit: Visit) -> Draft | None:
    found = DRAFTS.of(_key(visit), visit.now)
    return found if isinstance(found, Draft) else None


def _is_within(told: str, least: int, most: int) -> bool:
    return told.isascii() and told.isdigit() and len(told) <= 3 and least <= int(told) <= most
