"""The mailbox: messages in their order, parts once, bounded, for their reader alone, and not for long."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from tests.share.node.search.exchange import Exchange, Member, exchanging

from stillwatch.share.access.login import Member as Login
from stillwatch.share.access.quotas import Limits, Quotas
from stillwatch.share.access.roster import Role, no_event
from stillwatch.share.forum import relay_store
from stillwatch.share.forum.relay_store import MOST_PARTS, MOST_SEARCHES, Part, RelayStore
from stillwatch.share.forum.relay_tables import MESSAGES, PARTS, SEARCHES
from stillwatch.share.sealed.box import PART_BYTES
from stillwatch.web.problem import Problem

NOBODY = "5a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"
DAY_S = 86_400


@pytest.fixture(scope="module")
def forum(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A forum that answers."""
    with exchanging(tmp_path_factory.mktemp("relay")) as running:
        yield running


@pytest.fixture(scope="module")
def alpha(forum: Exchange) -> Member:
    """Asks."""
    return forum.member("alpha")


@pytest.fixture(scope="module")
def beta(forum: Exchange) -> Member:
    """Is asked."""
    return forum.member("beta")


@pytest.fixture(scope="module")
def asker(alpha: Member) -> Iterator[httpx.Client]:
    """Alpha's client."""
    with alpha.http() as client:
        yield client


@pytest.fixture(scope="module")
def holder(beta: Member) -> Iterator[httpx.Client]:
    """Beta's client."""
    with beta.http() as client:
        yield client


class Clock:
    """Time that the test sets."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Box:
    """A mailbox without HTTP, whose time the test sets."""

    def __init__(self, forum: Exchange, quotas: Quotas, asker: Member, holder: Member) -> None:
        self.clock = Clock()
        self.store = RelayStore(forum.engine, quotas, no_event, self.clock)
        self.asker, self.holder = Login(asker.member_id, Role.MEMBER), Login(holder.member_id, Role.MEMBER)

    def request(self, data: bytes = b"sealed", number: int = 0, of: int = 1, search: str | None = None) -> str:
        """Send a part of a request; the search."""
        search = search or str(uuid.uuid4())
        self.store.put(self.asker, Part(search, "request", number, of, self.holder.member_id, data))
        return search


@pytest.fixture
def box(forum: Exchange, tmp_path: Path) -> Box:
    """A mailbox of two members whom no other test has."""
    one, two = (forum.member(f"{name}-{tmp_path.name}") for name in ("asker", "holder"))
    return Box(forum, forum.access.quotas, one, two)


def put(client: httpx.Client, place: str, data: bytes = b"sealed", of: int = 1, to: str | None = None) -> int:
    """Status of sending a part."""
    query = f"?of={of}" + (f"&to={to}" if to else "")
    return client.put(f"/relay/{place}{query}", content=data).status_code


def test_a_message_goes_from_one_to_the_other_in_parts(
    asker: httpx.Client, holder: httpx.Client, alpha: Member, beta: Member
) -> None:
    """It is there when the last part is, for its reader; deleted when that one says so, and stays deleted."""
    search = str(uuid.uuid4())
    assert put(asker, f"{search}/request/1", b"second", 2, beta.member_id) == 204
    assert holder.get("/relay/").json() == {"messages": []}
    assert put(asker, f"{search}/request/0", b"first", 2, beta.member_id) == 204
    told = {"search": search, "stage": "request", "from": alpha.member_id, "parts": 2}
    assert holder.get("/relay/").json() == {"messages": [told]}
    assert asker.get("/relay/").json() == {"messages": []}
    assert [holder.get(f"/relay/{search}/request/{n}").content for n in (0, 1)] == [b"first", b"second"]
    for _ in range(2):
        assert holder.delete(f"/relay/{search}/request").status_code == 204
    assert holder.get("/relay/").json() == {"messages": []}
    assert holder.get(f"/relay/{search}/request/0").status_code == 404


def test_a_part_that_comes_again_is_the_same_part(asker: httpx.Client, holder: httpx.Client, beta: Member) -> None:
    """Before and after it was taken; another one in its place, or another number of parts, is refused."""
    search = str(uuid.uuid4())
    place = f"{search}/request/0"
    for _ in range(2):
        assert put(asker, place, to=beta.member_id) == 204
    assert put(asker, place, b"another", to=beta.member_id) == 409
    assert put(asker, place, of=2, to=beta.member_id) == 409
    holder.delete(f"/relay/{search}/request")
    assert put(asker, place, to=beta.member_id) == 204
    assert put(asker, place, b"another", to=beta.member_id) == 409
    assert search not in holder.get("/relay/").text


def test_stages_come_in_their_order_and_from_their_side(
    asker: httpx.Client, holder: httpx.Client, beta: Member
) -> None:
    """No answer before a request, no approval before an answer, no reveal before an approval; none by the wrong one."""
    search = str(uuid.uuid4())
    assert put(holder, f"{search}/answer/0") == 404
    order = [("request", asker, holder), ("answer", holder, asker), ("approval", asker, holder)]
    for (stage, right, wrong), later in zip(order, ("answer", "approval", "reveal"), strict=True):
        assert {put(side, f"{search}/{later}/0") for side in (asker, holder)} == {404}
        assert put(wrong, f"{search}/{stage}/0") == 404
        assert put(right, f"{search}/{stage}/0", to=beta.member_id if stage == "request" else None) == 204
    assert put(holder, f"{search}/reveal/0") == 204


def test_unknown_and_forbidden_have_the_same_words(asker: httpx.Client, forum: Exchange, alpha: Member) -> None:
    """A member that does not exist, one without a collection in common, one's own self, another's search."""
    stranger = forum.member("stranger", read=False)
    gone = forum.member("gone")
    forum.roster.revoke_member(gone.member_id)
    said = {
        (answer.status_code, answer.text)
        for to in (NOBODY, stranger.member_id, gone.member_id, alpha.member_id)
        for answer in [asker.put(f"/relay/{uuid.uuid4()}/request/0?of=1&to={to}", content=b"x")]
    }
    said |= {(a.status_code, a.text) for a in [asker.get(f"/relay/{NOBODY}/answer/0")]}
    assert len(said) == 1
    assert next(iter(said))[0] == 404


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        (f"{NOBODY}/request/0", b"x", 422),
        (f"{NOBODY}/request/1?of=1", b"x", 422),
        (f"{NOBODY}/request/0?of={MOST_PARTS + 1}", b"x", 422),
        (f"{NOBODY}/request/-1?of=1", b"x", 422),
        (f"{NOBODY}/request/0?of=9999", b"x", 422),
        (f"{NOBODY.upper()}/request/0?of=1", b"x", 422),
        (f"nothing/request/0?of=1&to={NOBODY}", b"x", 422),
        (f"{NOBODY}/request/0?of=1&to=everybody", b"x", 422),
        (f"{NOBODY}/gossip/0?of=1&to={NOBODY}", b"x", 422),
        (f"{NOBODY}/request/0?of=1&to={NOBODY}", b"", 422),
        (f"{NOBODY}/request/0?of=1&to={NOBODY}", bytes(PART_BYTES + 1), 413),
        (f"{NOBODY}/request/0?of=1", b"x", 404),
    ],
)
def test_what_is_no_part_is_refused(path: str, content: bytes, status: int, asker: httpx.Client) -> None:
    """Numbers, ids and stages of another form; an empty part, one too large; a request to nobody."""
    assert asker.put(f"/relay/{path}", content=content).status_code == status


def test_nobody_without_a_token_is_let_in(forum: Exchange) -> None:
    """Whatever is asked."""
    with httpx.Client(base_url=forum.url, verify=False) as client:  # noqa: S501 - no TLS here
        for method, path in (
            ("GET", "/relay/"),
            ("PUT", f"/relay/{NOBODY}/request/0?of=1"),
            ("GET", f"/relay/{NOBODY}/request/0"),
            ("DELETE", f"/relay/{NOBODY}/request"),
        ):
            assert client.request(method, path).status_code == 401


def test_what_nobody_takes_is_deleted_after_a_day(forum: Exchange, box: Box) -> None:
    """Not shown any more, its data gone; the search itself is forgotten after two weeks."""
    search = box.request()
    box.clock.now += DAY_S - 1
    assert [message["search"] for message in box.store.inbox(box.holder)] == [search]
    box.clock.now += 2
    with pytest.raises(Problem):
        box.store.part(box.holder, search, "request", 0)
    box.clock.now += 60
    assert box.store.inbox(box.holder) == []
    with forum.engine.begin() as connection:
        data = connection.execute(select(PARTS.c.data).where(PARTS.c.search_id == search)).scalars().all()
    assert data == [None]
    box.clock.now += 14 * DAY_S
    box.store.inbox(box.holder)
    with forum.engine.begin() as connection:
        left = [
            connection.execute(select(table).where(table.c.search_id == search)).first()
            for table in (SEARCHES, MESSAGES, PARTS)
        ]
    assert left == [None, None, None]


def test_searches_of_a_day_are_counted(box: Box) -> None:
    """As many as are allowed, then none until the next day; parts of those that are open still come."""
    first = box.request(of=2)
    for _ in range(MOST_SEARCHES - 1):
        box.request()
    with pytest.raises(Problem, match="may be opened in a day"):
        box.request()
    box.request(number=1, of=2, search=first)
    box.clock.now += DAY_S + 1
    box.request()


def test_what_waits_is_bounded_by_sender(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the reader has taken it, there is room again; a part that was refused left nothing."""
    monkeypatch.setattr(relay_store, "MOST_WAITING_BYTES", 10)
    search = box.request(b"sixsix")
    other = str(uuid.uuid4())
    with pytest.raises(Problem, match="waits to be taken"):
        box.request(b"fiver", search=other)
    box.store.take(box.holder, search, "request")
    assert box.request(b"fiver", search=other) == other


def test_what_is_sent_counts_towards_the_members_quota(forum: Exchange, box: Box) -> None:
    """As what is published does."""
    box.store._quotas = Quotas(forum.engine, Limits(size_bytes=8))
    box.request(b"sixsix")
    with pytest.raises(Problem, match="too many bytes") as told:
        box.request(b"sixsix")
    assert told.value.status == 429


def test_the_end_of_a_right_ends_a_search(forum: Exchange, asker: httpx.Client, alpha: Member) -> None:
    """Who may no longer read the collection writes no further message."""
    gamma, search = forum.member("gamma"), str(uuid.uuid4())
    assert put(asker, f"{search}/request/0", to=gamma.member_id) == 204
    forum.collections.grant(gamma.member_id, forum.campaigns, read=False, write=True)
    with gamma.http() as client:
        assert put(client, f"{search}/answer/0") == 404
    assert alpha.member_id
