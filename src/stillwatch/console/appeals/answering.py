"""One appeal: read it, take it up, see what the customer would read, answer it."""

from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from stillwatch.act.appeals.answering import AlreadyAnswered, answer, look_at
from stillwatch.act.appeals.appeal import Appeal, Outcome
from stillwatch.act.appeals.notice import Notice, notice_of
from stillwatch.console.appeals.answer import (
    LEAST_REASON,
    MOST_REASON,
    Typed,
    as_answered,
    customers_page,
    ruling_of,
)
from stillwatch.console.appeals.dossier import appeal_named, dossier_of, evidence_of
from stillwatch.console.appeals.wording import STATES_TOLD, action_told
from stillwatch.console.visit import Visit, at
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.service.pages.appeals import SHOWN_FOR
from stillwatch.service.pages.wording import ACTIONS, GROUNDS
from stillwatch.signing.stamp import time_of

__all__ = ["preview_answer", "send_answer", "send_look", "show_appeal", "show_customers_page"]


def show_appeal(visit: Visit) -> Response:
    """Everything about an appeal."""
    return _shown(visit, Typed())


def send_look(visit: Visit) -> Response:
    """Take it up: the customer sees that it is being read."""
    with visit.changing() as connection:
        appeal = appeal_named(connection, visit.part("appeal"))
        look_at(connection, visit.console.trail, appeal.appeal_id, visit.user.name, visit.now)
    return visit.see(
        at("appeals", appeal.appeal_id), "You read this appeal now; the customer sees that it is being read."
    )


def send_answer(visit: Visit) -> Response:
    """Answer it, once; of two who do, the second is shown the first one's answer beside the own words."""
    typed = Typed(visit.fields.get("outcome", ""), visit.fields.get("reason", ""))
    ruling = ruling_of(typed, visit.user.name)
    if isinstance(ruling, Typed):
        return _shown(visit, ruling, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with visit.changing() as connection:
            appeal = appeal_named(connection, visit.part("appeal"))
            answer(connection, visit.console.trail, appeal.appeal_id, ruling, visit.now)
    except AlreadyAnswered:
        return _shown(visit, typed, HTTPStatus.CONFLICT)
    done = "the stream is cleared, its decisions have ended" if ruling.outcome is Outcome.UPHELD else "nothing changes"
    said = f"Answered: {ruling.outcome.value}; {done}. The customer reads your reason at the link."
    return visit.see(at("appeals", appeal.appeal_id), said)


def preview_answer(visit: Visit) -> Response:
    """The customer's page as it would be; nothing is changed."""
    ruling = ruling_of(Typed(visit.fields.get("outcome", ""), visit.fields.get("reason", "")), visit.user.name)
    if isinstance(ruling, Typed):
        message = f"there is nothing to preview yet: {' '.join(ruling.wrong.values())}"
        raise InvalidInput(message)
    appeal, notice = _on_record(visit)
    settings = visit.console.settings
    answered, told = as_answered(appeal, notice, ruling, visit.now)
    return customers_page(answered, told, settings.appeals, settings.provider, visit.now)


def show_customers_page(visit: Visit) -> Response:
    """The customer's page as it is now."""
    appeal, notice = _on_record(visit)
    settings = visit.console.settings
    return customers_page(appeal, notice, settings.appeals, settings.provider, visit.now)


def _on_record(visit: Visit) -> tuple[Appeal, Notice]:
    """The appeal and its decision.

    Raises      MissingData when either is not there.
    """
    with visit.looking() as connection:
        appeal = appeal_named(connection, visit.part("appeal"))
        notice = notice_of(connection, appeal.decision_id)
    if notice is None:
        message = "the decision is not on record any more, so the customer’s link shows nothing"
        raise MissingData(message)
    return appeal, notice


def _shown(visit: Visit, typed: Typed, status: HTTPStatus = HTTPStatus.OK) -> Response:
    settings = visit.console.settings
    with visit.looking() as connection:
        appeal = appeal_named(connection, visit.part("appeal"))
        found = dossier_of(connection, appeal, settings.appeals, visit.now)
    revocation = None
    if found.revocation is not None:
        asked, done = found.revocation
        revocation = (time_of(asked), time_of(done) if done else None)
    values: dict[str, Any] = {
        "one": found,
        "appeal": appeal,
        "evidence": evidence_of(visit.console.shelf, found.campaign, appeal.stream.account_id),
        "typed": typed,
        "is_too_late": status is HTTPStatus.CONFLICT,
        "limits": {"least": LEAST_REASON, "most": MOST_REASON},
        "told": STATES_TOLD,
        "action": action_told,
        "happens": {action.value: words for action, words in ACTIONS.items()},
        "ground": GROUNDS[appeal.grounds],
        "grounds": {ground.value: words[0] for ground, words in GROUNDS.items()},
        "revocation": revocation,
        "has_node": visit.console.node is not None,
        "readable_until": appeal.answered_at + SHOWN_FOR if appeal.answered_at else None,
        "link_ends": found.notice.decided_at + settings.appeals.file_within if found.notice else None,
        "settings": settings,
        "now": visit.now,
        "path": at,
    }
    return visit.render("appeals/appeal", values, status)
