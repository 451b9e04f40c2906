"""A node's part in appeals: what it keeps, sends again, believes and does when the forum is away or lies."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, insert
from tests.share.node.members import NOW

from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.share.appeals.case import Answer, Grounds, State
from stillwatch.share.node.appeals import AppealDesk
from stillwatch.share.node.post import Post
from stillwatch.share.node.tables import FINDINGS, NODE_TABLES
from stillwatch.signing.stamp import stamp
from stillwatch.store.database import open_database

INDICATOR = "6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89"
ALIASES = "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d", "2a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"
STATUS = {"state": "open", "deadline": stamp(NOW), "n_holders": 3, "n_answered": 0, "n_removed": 0}


class Forum:
    """Answers as a test wants, and keeps what it was sent."""

    def __init__(self) -> None:
        self.waiting: Any = []
        self.heard: list[dict[str, Any]] = []
        self.answer: Callable[[httpx.Request], httpx.Response | None] = lambda _: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        if request.content:
            self.heard.append(json.loads(request.content))
        planned = self.answer(request)
        if planned is not None:
            return planned
        listed = request.method == "GET" and request.url.path == "/appeals/"
        return httpx.Response(200, json={"waiting": self.waiting} if listed else STATUS)


@pytest.fixture
def forum() -> Forum:
    """A forum that agrees with everything."""
    return Forum()


@pytest.fixture
def engine() -> Iterator[Engine]:
    """A node's database."""
    made = open_database("sqlite://", NODE_TABLES)
    yield made
    made.dispose()


@pytest.fixture
def desk(forum: Forum, engine: Engine) -> Iterator[AppealDesk]:
    """A desk that talks to the forum of the test."""
    with httpx.Client(transport=httpx.MockTransport(forum)) as client:
        yield AppealDesk(Post("http://forum", "token", client), engine)


def waits(n: int = 0, **changes: Any) -> dict[str, Any]:
    """An appeal as the forum lists it."""
    told = {"alias": ALIASES[n], "indicator_id": INDICATOR, "grounds": "stale", "deadline": stamp(NOW)}
    return told | {"state": "open", "is_originator": False, "answer": None} | changes


def test_an_appeal_names_an_indicator_and_grounds_and_nothing_else(desk: AppealDesk, forum: Forum) -> None:
    """What is sent is the table's message; the reference is its id."""
    reference, said = desk.file(INDICATOR, Grounds.STALE, NOW)
    (sent,) = forum.heard
    assert sent.keys() == {"type", "schema", "id", "created", "indicator_ref", "grounds"}
    assert (sent["id"], sent["indicator_ref"], sent["grounds"]) == (reference, f"indicator--{INDICATOR}", "stale")
    assert said == STATUS
    assert [(one.reference, one.is_sent) for one in desk.filed()] == [(reference, True)]


def test_an_appeal_that_could_not_be_sent_is_sent_later_once(desk: AppealDesk, forum: Forum) -> None:
    """The same message under the same reference, by the node that runs."""

    def away(_request: httpx.Request) -> httpx.Response:
        message = "planted"
        raise httpx.ConnectError(message)

    forum.answer = away
    with pytest.raises(UnreadableSource, match="cannot be reached: ConnectError"):
        desk.file(INDICATOR, Grounds.STALE, NOW)
    with pytest.raises(UnreadableSource):
        desk.attend(lambda _: None, NOW)
    forum.answer = lambda _: None
    for _ in range(2):
        desk.attend(lambda _: None, NOW + timedelta(hours=1))
    first, second, third = forum.heard
    assert first == second == third
    assert [one.is_sent for one in desk.filed()] == [True]


def test_an_appeal_that_is_refused_is_not_kept(desk: AppealDesk, forum: Forum) -> None:
    """The forum's reason is told; nothing is sent again."""
    forum.answer = lambda request: (
        httpx.Response(404, json={"description": "no such indicator"}) if request.content else None
    )
    with pytest.raises(InvalidInput, match="404: no such indicator"):
        desk.file(INDICATOR, Grounds.STALE, NOW)
    assert desk.filed() == []


def test_what_fell_is_dropped_before_it_is_said_to_be_gone(desk: AppealDesk, forum: Forum) -> None:
    """First the node's own database, then the word; a case the forum refuses does not hold up the next one."""
    forum.waiting = [waits(0, state="upheld"), waits(1, state="upheld")]
    seen: list[tuple[str, int]] = []
    forum.answer = lambda request: httpx.Response(409, json={}) if ALIASES[0].encode() in request.content else None
    assert desk.attend(lambda object_id: seen.append((object_id, len(forum.heard))), NOW) == []
    assert seen == [(f"indicator--{INDICATOR}", 0), (f"indicator--{INDICATOR}", 1)]
    assert [(told["appeal"], told["answer"]) for told in forum.heard] == [(alias, "removed") for alias in ALIASES]


def test_nothing_is_said_when_it_could_not_be_dropped(desk: AppealDesk, forum: Forum) -> None:
    """No word of a removal that did not happen."""
    forum.waiting = [waits(state="upheld")]

    def broken(_object_id: str) -> None:
        message = "disk"
        raise UnreadableSource(message)

    with pytest.raises(UnreadableSource, match="disk"):
        desk.attend(broken, NOW)
    assert forum.heard == []


def test_a_person_is_told_once_of_what_waits(desk: AppealDesk, forum: Forum, engine: Engine) -> None:
    """With what its own traffic shows; nothing is answered by itself."""
    forum.waiting = [waits(0), waits(1, state="overdue", is_originator=True)]
    with engine.begin() as connection:
        row = {"indicator_id": INDICATOR, "local": {}, "word": {}}
        rows = [{"family": "1", "withdrawn": False, **row}, {"family": "2", "withdrawn": True, **row}]
        connection.execute(insert(FINDINGS), rows)
    found = desk.attend(lambda _: None, NOW)
    assert [(one.appeal, one.is_own, one.state, one.n_leads) for one in found] == [
        (ALIASES[0], False, State.OPEN, 1),
        (ALIASES[1], True, State.OVERDUE, 1),
    ]
    assert desk.attend(lambda _: None, NOW) == []
    assert forum.heard == []
    desk.answer(ALIASES[0], Answer.MAINTAIN, NOW)
    assert [(told["appeal"], told["answer"]) for told in forum.heard] == [(ALIASES[0], "maintain")]


@pytest.mark.parametrize(
    "listed",
    [
        None,
        {},
        [7],
        [waits(alias="../../member")],
        [waits(indicator_id="x")],
        [waits(grounds="because")],
        [waits(state="over")],
        [waits(deadline="soon")],
        [waits(deadline=None)],
        [waits(is_originator="no")],
        [waits()] * 1001,
    ],
)
def test_a_list_that_is_none_is_not_believed(desk: AppealDesk, forum: Forum, listed: Any) -> None:
    """And nothing is dropped for it."""
    forum.waiting = listed
    dropped: list[str] = []
    with pytest.raises(UnreadableSource):
        desk.attend(dropped.append, NOW)
    assert dropped == []


@pytest.mark.parametrize("change", [{"state": "won"}, {"n_removed": "3"}, {"n_holders": True}, {"deadline": 1}])
def test_a_status_that_is_none_is_not_believed(desk: AppealDesk, forum: Forum, change: dict[str, Any]) -> None:
    """A state of the list, whole numbers, a time."""
    assert desk.status(ALIASES[0]) == STATUS
    forum.answer = lambda _: httpx.Response(200, json=STATUS | change)
    with pytest.raises(UnreadableSource):
        desk.status(ALIASES[0])


@pytest.mark.parametrize("reference", ["", "..", "../member", ALIASES[0].upper()])
def test_a_reference_that_is_none_is_not_asked_for(desk: AppealDesk, forum: Forum, reference: str) -> None:
    """It would become part of a path."""
    forum.answer = lambda _: pytest.fail("was asked")
    with pytest.raises(MissingData, match="random UUID"):
        desk.status(reference)
    with pytest.raises(MissingData, match="random UUID"):
        desk.proof(reference)
