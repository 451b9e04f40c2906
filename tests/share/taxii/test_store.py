"""The store against a plain model of it, on SQLite and, where there is one, on PostgreSQL."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event
from tests.databases import KINDS, database_url
from tests.share.hub import PLENTY, admit, indicator

from stillwatch.share.access.login import Member
from stillwatch.share.access.quotas import Limits, Quotas
from stillwatch.share.access.roster import Role, Roster
from stillwatch.share.stix.ids import derived_id
from stillwatch.share.taxii.admission import prepare
from stillwatch.share.taxii.filters import Filters, filters_of
from stillwatch.share.taxii.publishing import NotYours
from stillwatch.share.taxii.store import Store


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store on each of the two databases."""
    with database_url(request.param, tmp_path) as url:
        made = Store(url)
        yield made
        made.close()


def joined(store: Store, role: Role = Role.MEMBER) -> Member:
    """A new member."""
    return Member(Roster(store.engine).add_member("somebody", role)[0], role)


def send(store: Store, member: Member, *objects: dict[str, Any], limits: Limits = PLENTY) -> dict[str, Any]:
    """Status of a publication."""
    items = [prepare(item, admit) for item in objects]
    return store.publish(member, "c", items, Quotas(store.engine, limits))


def days(store: Store, filters: Filters, beyond: int = 0) -> list[tuple[str, str]]:
    """Id and day of modification of the objects that filters let through."""
    found = store.page("c", filters, beyond).records
    documents = [orjson.loads(record.document or b"") for record in found]
    return [(d["id"][11:], d["modified"][8:10]) for d in documents]


def test_the_same_object_twice_is_one_object(store: Store) -> None:
    """Sending again is no harm; another content under the same version is refused."""
    member = joined(store)
    for _ in range(2):
        assert send(store, member, indicator(1), indicator(2))["success_count"] == 2
    assert send(store, member, indicator(3), indicator(3))["success_count"] == 2
    changed = send(store, member, indicator(1, name="other"))
    assert "another content" in changed["failures"][0]["message"]
    assert len(store.page("c", Filters()).records) == 3
    assert store.marks()[0] == 3


def test_an_object_belongs_to_who_published_it_first(store: Store) -> None:
    """Another member may hold the same version, but not add a version or delete one; an operator may delete."""
    one, two, operator = joined(store), joined(store), joined(store, Role.OPERATOR)
    send(store, one, indicator(1))
    assert send(store, two, indicator(1))["success_count"] == 1
    assert "another originator" in send(store, two, indicator(1, 2))["failures"][0]["message"]
    wanted = Filters(ids=(indicator(1)["id"],), every=True)
    with pytest.raises(NotYours):
        store.delete(two, "c", wanted)
    assert store.delete(operator, "c", wanted) == [indicator(1)["modified"]]
    assert store.page("c", Filters()).records == ()


def test_what_was_deleted_is_gone_and_stays_so(store: Store) -> None:
    """A tombstone is left, the document is not; a replay of it is refused, even with a newer version."""
    member = joined(store)
    send(store, member, indicator(1, 1), indicator(1, 2), indicator(2))
    one = filters_of({"match[version]": indicator(1, 1)["modified"], "match[id]": indicator(1)["id"]}, versions="all")
    assert store.delete(member, "c", one) == [indicator(1, 1)["modified"]]
    assert store.delete(member, "c", one) == []
    assert days(store, Filters(ids=one.ids, every=True)) == [(indicator(1)["id"][11:], "02")]
    assert "deleted" in send(store, member, indicator(1, 1))["failures"][0]["message"]
    assert send(store, member, indicator(1, 3))["success_count"] == 1
    assert len(store.delete(member, "c", Filters(ids=one.ids, every=True))) == 2
    assert "deleted" in send(store, member, indicator(1, 4))["failures"][0]["message"]
    events, _ = store.after(0)
    assert [(e.kind, e.version) for e in events] == [
        ("object", indicator(2)["modified"]),
        ("tombstone", indicator(1, 1)["modified"]),
        ("tombstone", ""),
    ]


def test_no_two_additions_have_one_time_and_times_are_in_order(store: Store) -> None:
    """Threads that publish at once get places without gaps, and times that grow with them."""
    members = [joined(store) for _ in range(4)]

    def work(n: int) -> None:
        for i in range(10):
            send(store, members[n], indicator(1 + n * 100 + i * 2), indicator(2 + n * 100 + i * 2))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = store.page("c", Filters()).records
    assert [record.sequence for record in found] == list(range(1, 81))
    times = [record.added_us for record in found]
    assert times == sorted(set(times))
    beyond = [len(store.page("c", Filters(added_after=t)).records) for t in times]
    assert beyond == list(range(79, -1, -1))


def test_a_hook_that_raises_undoes_the_publication(tmp_path: Path) -> None:
    """What the ledger does not take is not published; what it takes it sees once, in the transaction."""
    heard: list[Any] = []

    def hear(kind: str, actor: str, document: Any, connection: Connection) -> None:
        assert connection.in_transaction()
        heard.append((kind, actor, document))
        if document.get("object", {}).get("name") == "unlucky":
            message = "full"
            raise RuntimeError(message)

    store = Store(tmp_path / "forum.db", hear)
    member = joined(store)
    with pytest.raises(RuntimeError):
        send(store, member, indicator(1), indicator(2, name="unlucky"))
    assert store.page("c", Filters()).records == ()
    heard.clear()
    send(store, member, indicator(1), indicator(1))
    store.delete(member, "c", Filters(ids=(indicator(1)["id"],), every=True))
    networks = derived_id("infrastructure", indicator(1)["id"].partition("--")[2])
    gone = {"versions": [indicator(1)["modified"]], "networks": networks}
    deleted = {"collection_id": "c", "id": indicator(1)["id"], **gone}
    assert heard == [
        ("publish", member.member_id, {"collection_id": "c", "object": indicator(1)}),
        ("delete", member.member_id, deleted),
    ]
    store.close()


def test_a_page_holds_what_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large objects come a few at a time, one at least, none lost."""
    store = Store(tmp_path / "forum.db")
    member = joined(store)
    send(store, member, *(indicator(n, name="x" * 1_000) for n in range(1, 8)))
    for most, expected in ((4_000, [3, 3, 1]), (10, [1] * 7)):
        monkeypatch.setattr("stillwatch.share.taxii.selection.PAGE_BYTES", most)
        sizes, beyond, more = [], 0, True
        while more:
            page = store.page("c", Filters(), beyond)
            sizes.append(len(page.records))
            beyond, more = page.records[-1].sequence, page.more
        assert sizes == expected
    store.close()


STEP = st.tuples(st.sampled_from(["publish", "delete"]), st.integers(1, 4), st.integers(1, 4))
WANTED = st.lists(st.sampled_from(["first", "last", "all", "day"]), min_size=1, unique=True)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(STEP, max_size=12), wanted=WANTED, day=st.integers(1, 4), limit=st.integers(1, 3))
def test_pages_are_what_a_plain_model_gives(
    tmp_path: Path, steps: list[tuple[str, int, int]], wanted: list[str], day: int, limit: int
) -> None:
    """Publishing, deleting and every filter of versions, page by page, against lists in order."""
    store = Store(tmp_path / f"{os.urandom(8).hex()}.db")
    member, held, ended = joined(store), list[tuple[int, int]](), set[tuple[int, int]]()
    for what, n, version in steps:
        if what == "publish":
            send(store, member, indicator(n, version))
            if (n, version) not in held and (n, version) not in ended:
                held.append((n, version))
        else:
            query = {"match[id]": indicator(n)["id"], "match[version]": indicator(n, version)["modified"]}
            store.delete(member, "c", filters_of(query))
            if (n, version) in held:
                held.remove((n, version))
                ended.add((n, version))
    expected = [
        (n, v)
        for n, v in held
        if "all" in wanted
        or ("last" in wanted and v == max(w for m, w in held if m == n))
        or ("first" in wanted and v == min(w for m, w in held if m == n))
        or ("day" in wanted and v == day)
    ]
    versions = ",".join(indicator(1, day)["modified"] if word == "day" else word for word in wanted)
    filters = filters_of({"match[version]": versions, "limit": str(limit)})
    found, beyond, more = [], 0, True
    while more:
        page = store.page("c", filters, beyond)
        assert len(page.records) <= limit
        found += days(store, filters, beyond)
        more = page.more
        beyond = page.records[-1].sequence if page.records else beyond
    assert found == [(indicator(n)["id"][11:], f"{v:02}") for n, v in expected]
    store.close()


def test_who_publishes_looks_ids_up_and_reads_no_collection(tmp_path: Path) -> None:
    """However much there is: SQLite's own plan of every search for ids goes by the index of ids."""
    store = Store(tmp_path / "forum.db")
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.startswith("SELECT") and "forum_records" in statement and "object_id IN" in statement:
            asked.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    member = joined(store)
    send(store, member, *(indicator(n) for n in range(3)))
    store.page("c", Filters(ids=(indicator(1)["id"],)))
    store.delete(member, "c", Filters(ids=(indicator(1)["id"],), every=True))
    event.remove(store.engine, "before_cursor_execute", note)
    with store.engine.begin() as connection:
        for statement, parameters in asked:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            assert any("forum_records_once (collection_id=? AND object_id=?" in row[3] for row in rows), rows
    assert len(asked) >= 3
    store.close()
