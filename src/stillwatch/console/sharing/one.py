"""One indicator: what it says, who answered what, what it points to here; and to dispute it, or to take it back."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select
from starlette.responses import Response

from stillwatch.console.sharing.acting import dispute, take_back
from stillwatch.console.sharing.answered import Answered, answered
from stillwatch.console.sharing.database import looking_at
from stillwatch.console.sharing.leads import Lead, leads
from stillwatch.console.sharing.membership import begun, needed_node, of_member
from stillwatch.console.sharing.out import Heard, Ours, heard_of
from stillwatch.console.sharing.pictures import gap_bars, week_cells
from stillwatch.console.sharing.told import object_id, told_in
from stillwatch.console.sharing.wording import SAID
from stillwatch.console.visit import Visit, at
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.model.indicator import Indicator
from stillwatch.service.access.roles import Right
from stillwatch.share.answers.advice import quiet_advice
from stillwatch.share.guard.admit import Admitted, admit
from stillwatch.share.life.decay import weight
from stillwatch.share.node.said import SIGHTINGS, Opinion, opinions_of
from stillwatch.share.node.settings import NodeSettings
from stillwatch.share.node.tables import OBJECTS, OWN
from stillwatch.share.node.trust_tables import GRADES
from stillwatch.share.stix.atlas import attack_patterns_of
from stillwatch.share.stix.ids import read_time, uuid_of
from stillwatch.share.stix.read import read_indicator
from stillwatch.share.stix.texts import FalsePositive

__all__ = ["Seen", "Whole", "send_dispute", "send_revoke", "show_indicator", "take_bundle", "whole_of"]

_MOST_SEEN: Final = 200
_DONE: Final = {
    "told": "The others are told; their answers appear here as they come.",
    "disputed": "The others are told that you hold this indicator to be false.",
    "taken-back": "The indicator is taken back; every member’s node follows.",
}
"""What a job did that has led here: its page may be drawn several times, so that a word left there would be lost."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What another member answered.

    benign_rate     Share of its innocent accounts that carry the tags, with noise; None when it did not tell.
    """

    origin: str
    answer: str
    days: int
    coverage: float
    benign_rate: float | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Whole:
    """All that the node has of one indicator.

    ours        When it is the member's own, else None.
    held        Its content; None when it was taken back, and nothing of it is left.
    grade       Grades as this node has them, and proved origins; None when it was not graded.
    """

    indicator_id: str
    origin: str
    is_revoked: bool
    ours: Ours | None
    held: Admitted | None
    indicator: Indicator | None
    grade: Mapping[str, Any] | None
    seen: Sequence[Seen]
    opinions: Sequence[Opinion]
    answers: Sequence[Answered]
    leads: Sequence[Lead]

    def tags(self, now: datetime) -> list[tuple[str, int, int, float]]:
        """Kind, epoch, how many tags, and what time has left of their worth, 0 to 1."""
        told = self.indicator
        if told is None:
            return []
        counted = Counter((tag.kind, tag.epoch) for tag in told.tags)
        ended = now >= told.valid_until
        return [
            (kind.value, epoch, n, 0.0 if ended else weight(kind, told.modified, now))
            for (kind, epoch), n in sorted(counted.items())
        ]


def whole_of(connection: Connection, node: NodeSettings, indicator_id: str) -> Whole:
    """An indicator.

    Raises      MissingData when the node has neither told nor been told it.
    """
    own, held_row = _own(connection, indicator_id), _theirs(connection, indicator_id)
    if own is None and held_row is None:
        message = "the node has neither told nor been told an indicator of this id"
        raise MissingData(message)
    held = _held(connection, indicator_id, own)
    ours = None if own is None else _ours(connection, own)
    grade = connection.execute(select(GRADES).where(GRADES.c.indicator_id == indicator_id)).first()
    return Whole(
        indicator_id,
        "" if held_row is None else held_row.origin,
        bool(own.revoked if own is not None else held_row and held_row.revoked),
        ours,
        held,
        None if held is None else read_indicator(held),
        None if grade is None else dict(grade._mapping),  # noqa: SLF001 - the public way to a row's names
        _seen(connection, indicator_id),
        opinions_of(connection, indicator_id),
        answered(connection, indicator_id=indicator_id),
        leads(connection, node.index, indicator_id=indicator_id),
    )


@of_member
def show_indicator(visit: Visit, node: NodeSettings) -> Response:
    """The page of one."""
    return _shown(visit, node)


def _shown(visit: Visit, node: NodeSettings, wrong: str = "", status: int = HTTPStatus.OK) -> Response:
    with looking_at(node) as connection:
        whole = whole_of(connection, node, _asked_for(visit))
    told = whole.indicator
    values = {
        "whole": whole,
        "told": told,
        "say": SAID,
        "at": at,
        "now": visit.now,
        "advice": None if told is None else quiet_advice(told, visit.now),
        "attacks": [] if told is None else attack_patterns_of(told.techniques),
        "tags": whole.tags(visit.now),
        "week": [] if told is None else week_cells(told.behaviour.week),
        "gaps": [] if told is None else gap_bars(told.behaviour.gaps),
        "reasons": [one.value for one in FalsePositive],
        "wrong": wrong,
        "done": _DONE.get(visit.asked("done"), ""),
        "may_act": visit.may(Right.ACT),
        "here": "out" if whole.ours else "in",
    }
    return visit.render("sharing/indicator", values, status)


def take_bundle(visit: Visit) -> Response:
    """What crossed, as a file: STIX 2.1."""
    node, indicator_id = needed_node(visit), _asked_for(visit)
    with looking_at(node) as connection:
        held = whole_of(connection, node, indicator_id).held
    if held is None:
        message = "the indicator was taken back: nothing of it is left"
        raise MissingData(message)
    headers = {"content-disposition": f'attachment; filename="{object_id(indicator_id)}.json"'}
    return Response(held.body, media_type="application/stix+json;version=2.1", headers={**headers, **_NOT_KEPT})


_NOT_KEPT: Final = {"cache-control": "no-store"}


def send_dispute(visit: Visit) -> Response:
    """Tell the others that an indicator of theirs is held to be false."""
    node, indicator_id, reason = needed_node(visit), _asked_for(visit), visit.fields.get("reason", "")
    with looking_at(node) as connection:
        whole = whole_of(connection, node, indicator_id)
    if whole.ours is not None:
        message = "this indicator is your own: take it back instead"
        raise InvalidInput(message)
    if whole.held is None:
        message = "this indicator was taken back: there is nothing left to dispute"
        raise InvalidInput(message)
    if reason not in set(FalsePositive):
        return _shown(visit, node, "choose a reason", HTTPStatus.UNPROCESSABLE_ENTITY)
    console, person = visit.console, visit.user.name

    def work(tell: Callable[[str, int, int], None]) -> str:
        tell("telling the forum", 0, 0)
        dispute(console, node, indicator_id, FalsePositive(reason), person)
        return at("sharing", "indicators", indicator_id, done="disputed")

    return begun(visit, "Dispute of an indicator", work)


def send_revoke(visit: Visit) -> Response:
    """Take back an indicator of the member's own."""
    node, indicator_id = needed_node(visit), _asked_for(visit)
    with looking_at(node) as connection:
        own = whole_of(connection, node, indicator_id).ours
    if own is None:
        message = "this indicator is not your own: only who told it takes it back"
        raise InvalidInput(message)
    console, person = visit.console, visit.user.name

    def work(tell: Callable[[str, int, int], None]) -> str:
        tell("telling the forum", 0, 0)
        take_back(console, node, own, person)
        return at("sharing", "indicators", indicator_id, done="taken-back")

    return begun(visit, "Taking back an indicator", work)


def _asked_for(visit: Visit) -> str:
    """Id in the path.

    Raises      MissingData for what is no id.
    """
    told = visit.part("id")
    if uuid_of(object_id(told), "indicator") is None:
        message = "there is no indicator of this id"
        raise MissingData(message)
    return told


def _own(connection: Connection, indicator_id: str) -> Any:  # noqa: ANN401 - a row
    return connection.execute(select(OWN).where(OWN.c.indicator_id == indicator_id)).first()


def _theirs(connection: Connection, indicator_id: str) -> Any:  # noqa: ANN401 - a row
    wanted = select(OBJECTS.c.origin, OBJECTS.c.revoked).where(OBJECTS.c.object_id == object_id(indicator_id))
    return connection.execute(wanted).first()


def _held(connection: Connection, indicator_id: str, own: Any) -> Admitted | None:  # noqa: ANN401 - a row
    from stillwatch.share.node.objects import held_indicator  # noqa: PLC0415 - only where there is a node

    if own is None:
        return held_indicator(connection, object_id(indicator_id))
    return admit(orjson.loads(own.body)) if own.body else None


def _ours(connection: Connection, own: Any) -> Ours:  # noqa: ANN401 - a row
    told = told_in(orjson.loads(own.body)["objects"]) if own.body else None
    heard = heard_of(connection, [own.indicator_id])
    return Ours(own.indicator_id, own.campaign_id, own.revoked, told, heard.get(own.indicator_id, Heard()))


def _seen(connection: Connection, indicator_id: str) -> list[Seen]:
    wanted = select(SIGHTINGS).where(SIGHTINGS.c.indicator_id == indicator_id, SIGHTINGS.c.revoked.is_(False))
    rows = connection.execute(wanted.order_by(SIGHTINGS.c.modified.desc()).limit(_MOST_SEEN))
    return [
        Seen(row.origin, row.answer, row.days, row.coverage, row.benign_rate, read_time(row.modified)) for row in rows
    ]
