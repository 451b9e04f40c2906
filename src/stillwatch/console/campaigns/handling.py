"""What a person does with a campaign's case: take it, note, close."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.responses import Response

from stillwatch.act.cases.case import ClosedWhy, Stale
from stillwatch.act.cases.changes import assign, close, note
from stillwatch.console.visit import Visit, at
from stillwatch.errors import InvalidInput
from stillwatch.service.access.users import user_named

__all__ = ["send_assign", "send_close", "send_note"]


def send_assign(visit: Visit) -> Response:
    """Give the case to a person."""
    name, to = visit.part("campaign"), visit.fields.get("to", "").strip().lower() or visit.user.name
    with visit.changing() as connection, _kindly():
        if not visit.console.is_local and user_named(connection, to).ended_at is not None:
            message = f"{to[:64]} may log in no more: give the case to somebody who may"
            raise InvalidInput(message)
        case = assign(visit.hand(connection), name, to, _seen(visit))
    return visit.see(at("campaigns", case.case_id), f"The case is {case.assignee}’s now.")


def send_note(visit: Visit) -> Response:
    """Add a note."""
    with visit.changing() as connection:
        case = note(visit.hand(connection), visit.part("campaign"), visit.needed("text"))
    return visit.see(at("campaigns", case.case_id) + "#history", "The note is kept.")


def send_close(visit: Visit) -> Response:
    """Close the case, in words."""
    told = visit.needed("why")
    if told not in set(ClosedWhy):
        message = "why a case is closed must be one of the list"
        raise InvalidInput(message)
    with visit.changing() as connection, _kindly():
        hand = visit.hand(connection)
        case = close(hand, visit.part("campaign"), ClosedWhy(told), visit.fields.get("reason", ""), _seen(visit))
    said = "The case is closed."
    if case.closed_why is ClosedWhy.LEGITIMATE:
        said += " What other members were told of it is taken back at the next look."
    return visit.see(at("campaigns", case.case_id), said)


@contextmanager
def _kindly() -> Iterator[None]:
    """Tell whoever was overtaken what to do at the console, not at a command line."""
    try:
        yield
    except Stale as error:
        message = "somebody has changed this case since you loaded the page: go back, load it again, and decide again"
        raise Stale(message) from error


def _seen(visit: Visit) -> int:
    """Version of the case that the page showed."""
    told = visit.needed("seen")
    if not (told.isascii() and told.isdigit() and len(told) < 10):
        message = "seen must be a version of the case"
        raise InvalidInput(message)
    return int(told)
