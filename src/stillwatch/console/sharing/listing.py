"""The overview of sharing, and its lists page by page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, select
from starlette.responses import Response

from stillwatch.console.sharing import taken_back
from stillwatch.console.sharing.acts import harvests
from stillwatch.console.sharing.answered import ANSWER_STATES, answered, n_answered
from stillwatch.console.sharing.database import MOST, looking_at, start_of
from stillwatch.console.sharing.incoming import THEIR_STATES, n_theirs, tally, theirs
from stillwatch.console.sharing.leads import leads, n_leads
from stillwatch.console.sharing.membership import of_member
from stillwatch.console.sharing.out import OWN_STATES, n_ours, ours
from stillwatch.console.sharing.standing import passed_over, standing_of
from stillwatch.console.sharing.trust import MOST_GRADED, trust_of
from stillwatch.console.sharing.wording import SAID
from stillwatch.console.visit import Visit, at
from stillwatch.model.indicator import SignalKind
from stillwatch.share.node.settings import NodeSettings
from stillwatch.share.node.tables import OWN

__all__ = [
    "show_answers",
    "show_in",
    "show_leads",
    "show_out",
    "show_overview",
    "show_taken_back",
    "show_trust",
]

_FEW: Final = 5
_LEAD_STATES: Final = ("stands", "gone")
_MOST_TOLD: Final = 10_000


@of_member
def show_overview(visit: Visit, node: NodeSettings) -> Response:
    """Who the member is, what waits for a person, and the newest of each list."""
    with looking_at(node) as connection:
        told = set(connection.execute(select(OWN.c.campaign_id).distinct().limit(_MOST_TOLD)).scalars())
        values = {
            "node": node,
            "standing": standing_of(connection, node),
            "passed_over": passed_over(connection),
            "out": ours(connection, most=_FEW),
            "theirs": theirs(connection, most=_FEW),
            "leads": leads(connection, node.index, most=_FEW, is_withdrawn=False),
            "n": _counts(connection),
        }
    values["to_tell"] = harvests(node, told, _FEW)
    return _rendered(visit, "overview", values)


@of_member
def show_out(visit: Visit, node: NodeSettings) -> Response:
    """Indicators of the member's own."""
    return _List("out", OWN_STATES, n_ours, ours).shown(visit, node)


@of_member
def show_in(visit: Visit, node: NodeSettings) -> Response:
    """Indicators of other members."""
    origin = visit.asked("from")[:40]

    def n(connection: Connection, state: str) -> int:
        return n_theirs(connection, state, origin)

    def rows(connection: Connection, start: int, most: int, *, state: str) -> list[Any]:
        return theirs(connection, start, most, state=state, origin=origin)

    return _List("in", THEIR_STATES, n, rows, {"from": origin}).shown(visit, node)


@of_member
def show_leads(visit: Visit, node: NodeSettings) -> Response:
    """What others' words point to in the member's own traffic."""

    def n(connection: Connection, state: str) -> int:
        return n_leads(connection, is_withdrawn=_withdrawn(state))

    def rows(connection: Connection, start: int, most: int, *, state: str) -> list[Any]:
        return leads(connection, node.index, start, most, is_withdrawn=_withdrawn(state))

    return _List("matches", _LEAD_STATES, n, rows).shown(visit, node)


@of_member
def show_answers(visit: Visit, node: NodeSettings) -> Response:
    """What the member has answered."""
    return _List("answers", ANSWER_STATES, n_answered, answered).shown(visit, node)


@of_member
def show_trust(visit: Visit, node: NodeSettings) -> Response:
    """The other members, by type of signal."""
    with looking_at(node) as connection:
        found, is_all = trust_of(connection)
    values = {"members": found, "is_all": is_all, "most": MOST_GRADED, "kinds": [kind.value for kind in SignalKind]}
    return _rendered(visit, "trust", values)


@of_member
def show_taken_back(visit: Visit, node: NodeSettings) -> Response:
    """What was taken back by anybody, and appeals."""
    page = visit.number("page")
    with looking_at(node) as connection:
        values = {
            "page": page,
            "theirs": theirs(connection, start_of(page), state="gone"),
            "n_theirs": n_theirs(connection, "gone"),
            "out": ours(connection, state="gone"),
            "n_out": n_ours(connection, "gone"),
            "n_withdrawn": n_leads(connection, is_withdrawn=True),
            "filed": taken_back.filed(connection),
            "n_filed": taken_back.n_filed(connection),
            "told": taken_back.told(connection),
            "n_told": taken_back.n_told(connection),
        }
    return _rendered(visit, "taken-back", values | {"link": _link("taken-back")})


def _counts(connection: Connection) -> dict[str, int]:
    """How much of everything there is."""
    told = tally(connection)
    return {
        "out": n_ours(connection),
        "out_gone": n_ours(connection, "gone"),
        "in": told.n,
        "in_gone": told.n_gone,
        "seen": told.n_seen,
        "looked": told.n_looked,
        "leads": n_leads(connection, is_withdrawn=False),
        "withdrawn": n_leads(connection, is_withdrawn=True),
        "answers": n_answered(connection),
    }


@dataclass(frozen=True, slots=True)
class _List:
    """A list: its name, the states it is filtered by, how many rows, and these; and what else it was asked for."""

    name: str
    states: tuple[str, ...]
    n: Callable[[Connection, str], int]
    rows: Callable[..., list[Any]]
    more: Mapping[str, str] = field(default_factory=dict)

    def shown(self, visit: Visit, node: NodeSettings) -> Response:
        """One page of it."""
        page, state = visit.number("page"), visit.asked("state", "", *self.states)
        with looking_at(node) as connection:
            rows, n = self.rows(connection, start_of(page), MOST, state=state), self.n(connection, state)
        values = {"rows": rows, "n": n, "page": page, "state": state, "asked": self.more}
        told = {**self.more, "state": state}
        files = {form: at("sharing", self.name, "table", **told, **{"as": form}) for form in ("csv", "parquet")}
        return _rendered(visit, self.name, values | {"link": _link(self.name, **told), "files": files})


def _link(name: str, **told: str) -> Callable[..., str]:
    """Paths of a list as it was asked for, with changes."""

    def link(**changes: object) -> str:
        wanted = {**told, **changes}
        return at(
            "sharing", name, **{key: "" if key == "page" and value == 1 else value for key, value in wanted.items()}
        )

    return link


def _rendered(visit: Visit, name: str, values: Mapping[str, Any]) -> Response:
    return visit.render(f"sharing/{name}", {"say": SAID, "here": name, "at": at, "most": MOST, **values})


def _withdrawn(state: str) -> bool | None:
    return {"stands": False, "gone": True}.get(state)
