"""The live feed over loopback: order, rights, resuming, slow readers, other processes."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.share.hub import PLENTY, Hub, indicator, publish, serving

from stillwatch.errors import InvalidInput
from stillwatch.share.access.roster import Roster
from stillwatch.share.feed.client import Event, follow
from stillwatch.share.feed.position import FilePosition, MemoryPosition, Position
from stillwatch.share.feed.stream import Pace
from stillwatch.share.taxii.client import Taxii
from stillwatch.share.taxii.store import Store


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Hub]:
    """A forum of a test's own."""
    with serving(tmp_path / "forum.db") as running:
        yield running


async def taken(hub: Hub, token: str, position: Position, n: int, within_s: float = 10.0) -> list[Event]:
    """The next so many events; fewer when they do not come in time."""
    found: list[Event] = []
    events = follow(f"{hub.url}/feed", token, position, first_wait_s=0.02)
    with contextlib.suppress(TimeoutError):
        async with contextlib.aclosing(events), asyncio.timeout(within_s):
            async for event in events:
                found.append(event)
                if len(found) == n:
                    position.save(event.place)
                    break
    return found


def test_a_reader_gets_everything_once_in_order_and_goes_on_where_it_was(fresh: Hub, tmp_path: Path) -> None:
    """The past, then what is new; after a day offline the rest, with the originator's pseudonym."""
    token, position = fresh.member(), FilePosition(tmp_path / "place")
    assert position.load() is None
    with fresh.client(fresh.member()) as client:
        publish(client, fresh.objects, *(indicator(n) for n in range(1, 6)))
        first = asyncio.run(taken(fresh, token, position, 3))
        publish(client, fresh.objects, *(indicator(n) for n in range(6, 9)))
        second = asyncio.run(taken(fresh, token, FilePosition(tmp_path / "place"), 5))
        own = client.get("/member/").json()["id"]
    assert [e.document for e in first + second] == [indicator(n) for n in range(1, 9)]
    assert {(e.kind, e.collection_id, e.origin) for e in first + second} == {("object", fresh.campaigns, own)}
    assert asyncio.run(taken(fresh, token, position, 1, within_s=0.8)) == []


def test_a_day_offline_is_caught_up_exactly_once(fresh: Hub) -> None:
    """Thousands of objects and a deletion, more than memory holds: what is gone is a tombstone and nothing else."""
    token = fresh.member()
    with fresh.client(fresh.member()) as client:
        for start in range(0, 3_000, 1_000):
            publish(client, fresh.objects, *(indicator(n) for n in range(start + 1, start + 1_001)))
        client.delete(f"{fresh.objects}{indicator(5)['id']}/")
    events = asyncio.run(taken(fresh, token, MemoryPosition(), 3_000, within_s=30))
    expected = [indicator(n)["id"] for n in range(1, 3_001) if n != 5]
    assert [e.document["id"] for e in events] == [*expected, indicator(5)["id"]]
    assert (events[-1].kind, events[-1].document["version"]) == ("tombstone", None)


def test_a_live_reader_sees_the_object_and_then_its_tombstone(fresh: Hub) -> None:
    """What was sent before a deletion is followed by it; what is asked for after holds the tombstone alone."""
    token = fresh.member()

    async def both() -> list[Event]:
        reading = asyncio.create_task(taken(fresh, token, MemoryPosition(), 2))
        with fresh.client(fresh.member()) as client:
            await asyncio.sleep(0.3)
            await asyncio.to_thread(publish, client, fresh.objects, indicator(1))
            await asyncio.sleep(0.3)
            await asyncio.to_thread(client.delete, f"{fresh.objects}{indicator(1)['id']}/")
        return await reading

    assert [e.kind for e in asyncio.run(both())] == ["object", "tombstone"]
    assert [e.kind for e in asyncio.run(taken(fresh, token, MemoryPosition(), 1))] == ["tombstone"]


def test_what_another_process_publishes_arrives_too(fresh: Hub) -> None:
    """A second store on the same database stands for it: nobody notifies this forum."""
    token, writer = fresh.member(), fresh.member()

    async def both() -> list[Event]:
        reading = asyncio.create_task(taken(fresh, token, MemoryPosition(), 1))
        await asyncio.sleep(0.3)
        other = Hub.__new__(Hub)
        other.store = Store(fresh.store.engine.url.render_as_string())
        member = fresh.access.member({"client": ("a", 1)}, {"authorization": f"Bearer {writer}"})
        from stillwatch.share.access.quotas import Quotas  # noqa: PLC0415
        from stillwatch.share.taxii.admission import prepare  # noqa: PLC0415

        items = [prepare(indicator(1), lambda _item: [])]
        await asyncio.to_thread(other.store.publish, member, fresh.campaigns, items, Quotas(other.store.engine, PLENTY))
        other.store.close()
        return await reading

    assert [e.document for e in asyncio.run(both())] == [indicator(1)]


def test_rights_are_those_of_the_moment_of_each_event(fresh: Hub) -> None:
    """A grant that ends while the feed is open ends the events; a token that is revoked ends the feed."""
    secret = fresh.collections.add("Secret")
    reader_id, token = fresh.roster.add_member("reader")
    fresh.collections.grant(reader_id, fresh.campaigns, read=True, write=False)
    writer_id, writer = fresh.roster.add_member("writer")
    for name in (fresh.campaigns, secret):
        fresh.collections.grant(writer_id, name, read=True, write=True)
    hidden = f"/forum/collections/{secret}/objects/"
    elsewhere = Roster(Store(fresh.store.engine.url.render_as_string()).engine)

    async def steps() -> None:
        events = follow(f"{fresh.url}/feed", token.text, MemoryPosition(), first_wait_s=0.02)
        got: list[str] = []

        async def collecting() -> None:
            async with contextlib.aclosing(events):
                async for event in events:
                    got.append(event.document["id"])  # noqa: PERF401 - looked at while it grows

        reading = asyncio.create_task(collecting())
        with fresh.client(writer.text) as client:

            async def sent(path: str, n: int) -> None:
                await asyncio.to_thread(publish, client, path, indicator(n))

            await asyncio.sleep(0.3)
            await sent(hidden, 1)
            await sent(fresh.objects, 2)
            await asyncio.sleep(0.5)
            assert got == [indicator(2)["id"]]
            fresh.collections.grant(reader_id, fresh.campaigns, read=False, write=False)
            fresh.collections.grant(reader_id, secret, read=True, write=False)
            await sent(fresh.objects, 3)
            await sent(hidden, 4)
            await asyncio.sleep(0.5)
            assert got == [indicator(2)["id"], indicator(4)["id"]]
            elsewhere.revoke_token(token.lookup)
            await sent(hidden, 5)
            with pytest.raises(InvalidInput, match="401"):
                await asyncio.wait_for(reading, 10)
            assert len(got) == 2

    asyncio.run(steps())


def test_places_are_of_this_feed_and_tell_no_numbers(fresh: Hub) -> None:
    """A place that was made up is refused for good, and `now` begins with what comes next."""
    token = fresh.member()
    with fresh.client(fresh.member()) as client:
        publish(client, fresh.objects, indicator(1), indicator(2))
    with pytest.raises(InvalidInput, match="400"):
        asyncio.run(taken(fresh, token, MemoryPosition("7"), 1))
    events = asyncio.run(taken(fresh, token, MemoryPosition(), 2))
    assert not any(str(n) == e.place for n, e in enumerate(events, 1))
    assert events[0].place[:8] != events[1].place[:8]
    with httpx.Client(base_url=fresh.url, headers={"Authorization": f"Bearer {token}"}) as client:
        assert client.post("/feed").status_code == 405
        with client.stream("GET", "/feed", params={"since": "now"}) as answer:
            pieces = answer.iter_raw()
            start = next(pieces) + next(pieces)
            assert b"retry" in start
            assert b"event" not in start
            assert answer.headers["Content-Type"] == "text/event-stream"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_member_has_so_many_feeds_and_no_more(fresh: Hub) -> None:
    """The fifth is refused until one of the four is closed."""
    token = fresh.member()
    with contextlib.ExitStack() as open_feeds, fresh.client(token) as client:
        for _ in range(4):
            assert open_feeds.enter_context(client.stream("GET", "/feed")).status_code == 200
        assert client.get("/feed").status_code == 429


def test_a_reader_that_takes_nothing_is_cut_off_and_can_resume(tmp_path: Path) -> None:
    """The server lets go of who does not read, keeps serving others, and loses nothing for either."""
    sent = [indicator(n, name="x" * 200_000) for n in range(1, 101)]
    with serving(tmp_path / "forum.db", pace=Pace(heartbeat_s=0.5, stall_s=0.5)) as hub:
        token = hub.member()
        with hub.client(hub.member()) as client:
            for start in range(0, 100, 25):
                assert publish(client, hub.objects, *sent[start : start + 25]).status_code == 202
        host, port = hub.url.removeprefix("http://").split(":")
        with socket.socket() as stuck:
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            stuck.connect((host, int(port)))
            stuck.sendall(f"GET /feed HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            events = asyncio.run(taken(hub, token, MemoryPosition(), 100, within_s=30))
            assert [e.document for e in events] == sent
            time.sleep(2)
            stuck.settimeout(10)
            got = 0
            while piece := stuck.recv(1 << 20):
                got += len(piece)
            assert got < sum(len(str(item)) for item in sent)


def test_the_end_of_the_server_ends_the_feeds_and_readers_come_back(tmp_path: Path) -> None:
    """A server that is told to end does so though a feed is open; on its return the reader goes on by itself."""
    port = []
    with serving(tmp_path / "forum.db") as hub:
        token, writer = hub.member(), hub.member()
        with hub.client(writer) as client:
            publish(client, hub.objects, indicator(1))
        port.append(hub.url)
        client = hub.client(token)
        with client, client.stream("GET", "/feed") as answer:
            pieces = answer.iter_raw()
            assert next(pieces)
            hub.app.state.tail.stop()
            rest = b"".join(pieces)
            assert rest.count(b"event: object") <= 1
    with serving(tmp_path / "forum.db") as again:
        events = asyncio.run(taken(again, token, MemoryPosition(), 1))
        assert [e.document for e in events] == [indicator(1)]


def test_the_small_client_publishes_and_polls_each_object_once(fresh: Hub, tmp_path: Path) -> None:
    """Discovery, collections, publication with refusals, and polling that goes on where it was."""
    taxii = Taxii(f"{fresh.url}/taxii2/", fresh.member())
    assert taxii.discovery()["title"] == "stillwatch forum"
    assert [c["alias"] for c in taxii.collections()] == ["campaigns"]
    sent = [indicator(n) for n in range(1, 1_203)]
    outcome = taxii.publish("campaigns", [*sent[:600], indicator(5_000, name="forbidden")])
    assert (len(outcome.accepted), list(outcome.refused)) == (600, [indicator(5_000)["id"]])
    position = FilePosition(tmp_path / "place")
    assert list(taxii.poll("campaigns", position)) == sent[:600]
    taxii.publish("campaigns", sent)
    assert list(taxii.poll("campaigns", position)) == sent[600:]
    assert list(taxii.poll("campaigns", position)) == []
    with pytest.raises(InvalidInput, match="404"):
        taxii.publish("nothing", sent[:1])
    taxii.close()


def test_a_token_is_not_sent_to_where_a_server_points() -> None:
    """An API root on another host is refused before anything is asked there."""

    def lying(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "forum.test"
        return httpx.Response(200, json={"title": "x", "default": "https://elsewhere.test/forum/", "api_roots": []})

    http = httpx.Client(transport=httpx.MockTransport(lying))
    with pytest.raises(InvalidInput, match="API root"):
        Taxii("https://forum.test/taxii2/", "token", http).collections()
    http.close()
