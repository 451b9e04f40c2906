"""The lists of sharing as files: CSV or Parquet, as they were asked for."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import Connection
from starlette.responses import Response

from stillwatch.console.downloads import download
from stillwatch.console.sharing.answered import ANSWER_STATES, Answered, answered
from stillwatch.console.sharing.database import looking_at
from stillwatch.console.sharing.incoming import THEIR_STATES, Theirs, theirs
from stillwatch.console.sharing.leads import Lead, leads
from stillwatch.console.sharing.membership import needed_node
from stillwatch.console.sharing.out import OWN_STATES, Ours, ours
from stillwatch.console.visit import Visit

__all__ = ["MOST_ROWS", "take_answers", "take_in", "take_matches", "take_out"]

MOST_ROWS: Final = 10_000
_AT_ONCE: Final = 500
_TIME: Final = pa.timestamp("ms", "UTC")
_TEXT, _COUNT, _NUMBER, _FLAG = pa.string(), pa.int64(), pa.float64(), pa.bool_()
_OUT: Final = pa.schema(
    {"indicator_id": _TEXT, "campaign_id": _TEXT, "tlp": _TEXT, "created": _TIME, "valid_until": _TIME}
    | {"n_tags": _COUNT, "n_seen": _COUNT, "n_looked": _COUNT, "n_against": _COUNT, "is_taken_back": _FLAG}
)
_IN: Final = pa.schema(
    {"indicator_id": _TEXT, "member": _TEXT, "modified": _TIME, "n_tags": _COUNT, "answer": _TEXT, "checked_at": _TIME}
    | {"match_bits": _NUMBER, "n_families": _COUNT, "n_against": _COUNT, "is_taken_back": _FLAG}
)
_MATCHES: Final = pa.schema(
    {"family": _TEXT, "campaign_id": _TEXT, "own_verdict": _TEXT, "own_bits": _NUMBER, "n_accounts": _COUNT}
    | {"indicator_id": _TEXT, "member": _TEXT, "match_bits": _NUMBER, "kinds": pa.list_(_TEXT), "source": _TEXT}
    | {"information": _TEXT, "origins": _COUNT, "n_against": _COUNT, "is_withdrawn": _FLAG}
)
_ANSWERS: Final = pa.schema(
    {"indicator_id": _TEXT, "member": _TEXT, "answer": _TEXT, "days": _COUNT, "coverage": _NUMBER}
    | {"checked_at": _TIME, "is_sent": _FLAG}
)


def take_out(visit: Visit) -> Response:
    """Indicators of the member's own."""
    state = visit.asked("state", "", *OWN_STATES)
    return _taken(visit, "told-by-us", _OUT, lambda c, at, n: map(_of_ours, ours(c, at, n, state=state)))


def take_in(visit: Visit) -> Response:
    """Indicators of others."""
    state, origin = visit.asked("state", "", *THEIR_STATES), visit.asked("from")[:40]

    def rows(connection: Connection, start: int, most: int) -> Iterable[dict[str, Any]]:
        return map(_of_theirs, theirs(connection, start, most, state=state, origin=origin))

    return _taken(visit, "told-by-others", _IN, rows)


def take_matches(visit: Visit) -> Response:
    """Families here that others' words point to."""
    is_withdrawn = {"stands": False, "gone": True}.get(visit.asked("state"))
    index = needed_node(visit).index

    def rows(connection: Connection, start: int, most: int) -> Iterable[dict[str, Any]]:
        return map(_of_lead, leads(connection, index, start, most, is_withdrawn=is_withdrawn))

    return _taken(visit, "matches", _MATCHES, rows)


def take_answers(visit: Visit) -> Response:
    """What the member has answered."""
    state = visit.asked("state", "", *ANSWER_STATES)
    return _taken(visit, "answers", _ANSWERS, lambda c, at, n: map(_of_answer, answered(c, at, n, state=state)))


def _taken(
    visit: Visit, name: str, schema: pa.Schema, rows: Callable[[Connection, int, int], Iterable[dict[str, Any]]]
) -> Response:
    """The first 10,000 rows of a list, in its order."""
    found: list[dict[str, Any]] = []
    with looking_at(needed_node(visit)) as connection:
        for start in range(0, MOST_ROWS, _AT_ONCE):
            part = list(rows(connection, start, _AT_ONCE))
            found += part
            if len(part) < _AT_ONCE:
                break
    return download(visit, pa.Table.from_pylist(found, schema=schema), name)


def _of_ours(one: Ours) -> dict[str, Any]:
    told = one.told
    return {
        "indicator_id": one.indicator_id,
        "campaign_id": one.campaign_id,
        "tlp": None if told is None or told.tlp is None else told.tlp.value,
        "created": None if told is None else told.created,
        "valid_until": None if told is None else told.valid_until,
        "n_tags": None if told is None else told.n_tags,
        "n_seen": one.heard.n_seen,
        "n_looked": one.heard.n_looked,
        "n_against": one.heard.n_against,
        "is_taken_back": one.is_revoked,
    }


def _of_theirs(one: Theirs) -> dict[str, Any]:
    return {
        "indicator_id": one.indicator_id,
        "member": one.origin,
        "modified": one.modified,
        "n_tags": None if one.told is None else one.told.n_tags,
        "answer": one.answer,
        "checked_at": one.checked_at,
        "match_bits": None if one.matched is None else one.matched.most_bits,
        "n_families": 0 if one.matched is None else one.matched.n_families,
        "n_against": one.heard.n_against,
        "is_taken_back": one.is_revoked,
    }


def _of_lead(one: Lead) -> dict[str, Any]:
    return {
        "family": one.family,
        "campaign_id": one.campaign_id,
        "own_verdict": one.verdict,
        "own_bits": one.own_bits,
        "n_accounts": one.n_accounts,
        "indicator_id": one.indicator_id,
        "member": one.origin,
        "match_bits": one.match_bits,
        "kinds": list(one.kinds),
        "source": one.source,
        "information": one.information,
        "origins": one.origins,
        "n_against": one.heard.n_against,
        "is_withdrawn": one.is_withdrawn,
    }


def _of_answer(one: Answered) -> dict[str, Any]:
    return {
        "indicator_id": one.indicator_id,
        "member": one.origin,
        "answer": one.answer,
        "days": one.days,
        "coverage": one.coverage,
        "checked_at": one.checked_at,
        "is_sent": one.is_sent,
    }
