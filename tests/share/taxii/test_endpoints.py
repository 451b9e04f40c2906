"""The TAXII server as its own clients see it: taxii2-client on every endpoint, and the refusals."""

from typing import Any

import httpx
import pytest
from taxii2client.common import TokenAuth
from taxii2client.v21 import ApiRoot, Collection, Server, as_pages
from tests.share.hub import PLENTY, Hub, basic, indicator, publish, serving

from stillwatch.share.access.quotas import Limits
from stillwatch.share.access.roster import Role
from stillwatch.share.taxii.body import MAX_CONTENT_LENGTH
from stillwatch.share.taxii.media import TAXII_TYPE


def connected(hub: Hub, token: str) -> tuple[Server, ApiRoot, Collection]:
    """What taxii2-client finds from the discovery on."""
    user, password = basic(token)
    server = Server(f"{hub.url}/taxii2/", user=user, password=password)
    root = server.default
    return server, root, root.collections[0]


def test_taxii2_client_finds_its_way(hub: Hub) -> None:
    """Discovery, API root and collections, with both ways to log in."""
    token = hub.member()
    server, root, collection = connected(hub, token)
    assert server.title == "stillwatch forum"
    assert [r.url for r in server.api_roots] == [root.url]
    assert root.versions == [TAXII_TYPE]
    assert root.max_content_length == MAX_CONTENT_LENGTH
    assert (collection.id, collection.alias) == (hub.campaigns, "campaigns")
    assert (collection.can_read, collection.can_write) == (True, True)
    direct = Collection(f"{hub.url}/forum/collections/{hub.campaigns}/", auth=TokenAuth(token))
    assert direct.title == "Campaigns"
    server.close()
    direct.close()


def test_taxii2_client_publishes_reads_and_deletes(hub: Hub) -> None:
    """Objects, filters, pages, manifest, versions, status and deletion, all through the client."""
    server, root, collection = connected(hub, hub.member())
    objects = [indicator(n, day) for n in range(100, 105) for day in (1, 2)]
    status = collection.add_objects({"objects": [*objects, indicator(106, name="forbidden")]})
    assert (status.status, status.success_count, status.failure_count) == ("complete", 10, 1)
    assert "may not cross" in status.failures[0]["message"]
    assert root.get_status(status.id)._raw == status._raw
    ids = [indicator(n)["id"] for n in range(100, 105)]
    newest = [item for page in as_pages(collection.get_objects, per_request=2, id=ids) for item in page["objects"]]
    assert newest == objects[1::2]
    every = [
        item
        for page in as_pages(collection.get_manifest, per_request=3, version="all", id=ids)
        for item in page["objects"]
    ]
    assert [(item["id"], item["version"]) for item in every] == [(o["id"], o["modified"]) for o in objects]
    later = collection.get_objects(added_after=every[5]["date_added"], version="all", id=ids)["objects"]
    assert later == objects[6:]
    assert collection.get_object(ids[0], version="first")["objects"] == objects[:1]
    assert collection.object_versions(ids[0])["versions"] == [o["modified"] for o in objects[:2]]
    assert collection.get_objects(type="campaign") == {}
    assert collection.get_objects(spec_version="2.0") == {}
    collection.delete_object(ids[0], version="first")
    assert collection.object_versions(ids[0])["versions"] == [objects[1]["modified"]]
    collection.delete_object(ids[0])
    with pytest.raises(Exception, match="404"):
        collection.get_object(ids[0])
    server.close()


def test_pages_and_dates_never_bleed(hub: Hub) -> None:
    """Objects of one publication have times of their own: following the header gives each once."""
    with hub.client(hub.member()) as client:
        sent = [indicator(n) for n in range(200, 225)]
        publish(client, hub.objects, *sent)
        wanted: dict[str, Any] = {"limit": 4, "match[id]": ",".join(o["id"] for o in sent)}
        got, more = [], True
        while more:
            answer = client.get(hub.objects, params=wanted)
            body = answer.json()
            got += body["objects"]
            more = body["more"]
            assert answer.headers["X-TAXII-Date-Added-First"] <= answer.headers["X-TAXII-Date-Added-Last"]
            wanted["added_after"] = answer.headers["X-TAXII-Date-Added-Last"]
        assert got == sent
        cursor = client.get(hub.objects, params={"limit": 1}).json()["next"]
        other = f"/forum/collections/{hub.campaigns}/objects/"
        assert client.get(other, params={"next": cursor[:-1] + ("A" if cursor[-1] != "A" else "B")}).status_code == 400


def test_every_refusal_has_its_status_and_an_error_message(hub: Hub) -> None:
    """Negotiation, bodies, filters and methods: each wrong in one way."""
    item = f"{hub.objects}{indicator(1)['id']}/"
    too_large = b" " * (MAX_CONTENT_LENGTH + 1)
    cases: list[tuple[str, str, dict[str, Any], int]] = [
        ("GET", "/taxii2/", {"headers": {"Accept": "application/json"}}, 406),
        ("GET", "/taxii2/", {"headers": {"Accept": "application/taxii+json;version=2.0"}}, 406),
        ("POST", hub.objects, {"content": b"{}", "headers": {"Content-Type": "application/json"}}, 415),
        ("POST", hub.objects, {"content": b"{", "headers": {"Content-Type": TAXII_TYPE}}, 400),
        ("POST", hub.objects, {"content": b"{}", "headers": {"Content-Type": TAXII_TYPE}}, 422),
        ("POST", hub.objects, {"content": too_large, "headers": {"Content-Type": TAXII_TYPE}}, 413),
        ("GET", hub.objects, {"params": {"limit": "0"}}, 400),
        ("GET", hub.objects, {"params": {"added_after": "yesterday"}}, 400),
        ("GET", hub.objects, {"params": {"next": "x"}}, 400),
        ("GET", hub.objects, {"params": {"match[version]": "newest"}}, 400),
        ("GET", item, {}, 404),
        ("GET", item + "versions/", {}, 404),
        ("DELETE", item, {}, 404),
        ("GET", hub.objects + "x/", {}, 404),
        ("GET", "/forum/status/x/", {}, 404),
        ("GET", "/forum/collections/x/", {}, 404),
        ("GET", "/elsewhere/", {}, 404),
        ("GET", "/taxii2", {}, 404),
        ("PUT", hub.objects, {}, 405),
    ]  # fmt: skip
    with hub.client(hub.member()) as client:
        for method, path, options, expected in cases:
            answer = client.request(method, path, **options)
            assert answer.status_code == expected, (method, path, options.keys())
            assert answer.headers["Content-Type"] == TAXII_TYPE
            assert answer.json()["http_status"] == str(expected)


def test_a_body_without_a_length_is_bounded_too(hub: Hub) -> None:
    """A stream that never says how long it is ends at the limit."""
    with hub.client(hub.member()) as client:
        stream = (b" " * 65_536 for _ in range(1_000))
        try:
            status = client.post(hub.objects, content=stream, headers={"Content-Type": TAXII_TYPE}).status_code
        except httpx.WriteError:  # the server may close before everything is sent
            status = 413
        assert status == 413


def test_who_may_not_is_told_no_more_than_there_is_nothing(hub: Hub) -> None:
    """Collections one may not see do not exist; those one may only read or only write say so."""
    stranger = hub.roster.add_member("stranger")[1].text
    with hub.client(stranger) as client:
        for path in ("", "objects/", "manifest/"):
            there = client.get(f"/forum/collections/{hub.campaigns}/{path}")
            nowhere = client.get(f"/forum/collections/00000000-0000-4000-8000-000000000000/{path}")
            assert (there.status_code, there.content) == (404, nowhere.content)
        assert client.get("/forum/collections/").json() == {}
    with hub.client(hub.member(write=False)) as client:
        assert publish(client, hub.objects, indicator(300)).status_code == 403
        assert client.delete(f"{hub.objects}{indicator(300)['id']}/").status_code == 403
    with hub.client(hub.member(read=False)) as client:
        sent = publish(client, hub.objects, indicator(301))
        assert sent.status_code == 202
        assert client.get(hub.objects).status_code == 403
        status = client.get(f"/forum/status/{sent.json()['id']}/")
        assert status.json() == sent.json()
    with hub.client(hub.member()) as client:
        assert client.get(f"/forum/status/{sent.json()['id']}/").status_code == 404
        assert client.delete(f"{hub.objects}{indicator(301)['id']}/").status_code == 403
    with hub.client(hub.member(role=Role.OPERATOR)) as client:
        assert client.delete(f"{hub.objects}{indicator(301)['id']}/").status_code == 200
    with hub.client(None) as client:
        refused = client.get("/taxii2/")
        assert refused.status_code == 401
        assert "Basic" in refused.headers["WWW-Authenticate"]


def test_quotas_refuse_with_a_time_to_come_back(tmp_path: Any) -> None:
    """Too many objects and then too many requests give 429; nothing of the refused publication is stored."""
    limits = Limits(requests=4, objects=3, size_bytes=PLENTY.size_bytes, window_s=3_600)
    with serving(tmp_path / "forum.db", limits=limits) as small, small.client(small.member()) as client:
        spent = publish(client, small.objects, *(indicator(n) for n in range(1, 5)))
        assert spent.status_code == 429
        assert 0 < int(spent.headers["Retry-After"]) <= 3_600
        assert client.get(small.objects).json() == {}
        assert publish(client, small.objects, indicator(1)).status_code == 202
        assert client.get("/member/").json()["quota"]["used"]["objects"] == 1
        assert client.get("/taxii2/").status_code == 429
