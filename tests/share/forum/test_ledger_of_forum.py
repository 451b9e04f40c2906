"""The forum's ledger over HTTP: what members say has an entry, everybody proves it, the whole is for auditors."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.share.hub import admit, indicator, publish, started

from stillwatch.ledger.audit import audit
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.head import verify_head
from stillwatch.ledger.proof import Proof, check_proof
from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.ledger.verification import is_consistent
from stillwatch.share.access.access import Access
from stillwatch.share.access.collections import Collections
from stillwatch.share.access.roster import Role, Roster
from stillwatch.share.forum.app import Settings, forum_app
from stillwatch.share.forum.ledger_api import ledger_routes
from stillwatch.share.forum.recording import kind_of, ledger_events
from stillwatch.share.forum.server import forum_server
from stillwatch.share.taxii.media import TAXII_TYPE
from stillwatch.share.taxii.store import Store
from stillwatch.signing.keys import SigningKey, VerifyKey, keys_of
from stillwatch.web.listen import Listen


class Place:
    """A forum with its ledger on loopback."""

    def __init__(self, folder: Path) -> None:
        self.key = SigningKey.generate()
        on_event = ledger_events(self.key)
        self.store = Store(folder / "forum.db", on_event)
        LEDGER_TABLES.create_all(self.store.engine)
        self.access = Access(self.store.engine)
        self.roster = Roster(self.store.engine, on_event)
        collections = Collections(self.store.engine, on_event)
        self.campaigns = collections.add("Campaigns", alias="campaigns")
        routes = ledger_routes(self.store.engine, self.access, self.key)
        self.app = forum_app(self.store, self.access, admit, Settings(routes=routes, on_event=on_event))
        self.url = ""
        self.tokens = {}
        for role in Role:
            member_id, token = self.roster.add_member(role.value, role)
            collections.grant(member_id, self.campaigns, read=True, write=True)
            self.tokens[role] = token.text

    def client(self, role: Role) -> httpx.Client:
        """Client of somebody with that role."""
        headers = {"Accept": TAXII_TYPE, "Authorization": f"Bearer {self.tokens[role]}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20.0)

    def publish(self, *numbers: int) -> None:
        """Publish indicators."""
        objects = [indicator(n) for n in numbers]
        with self.client(Role.MEMBER) as client:
            answer = publish(client, f"/forum/collections/{self.campaigns}/objects/", *objects)
        assert answer.json()["success_count"] == len(numbers)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A forum that answers."""
    found = Place(tmp_path)
    with started(forum_server(found.app, Listen("127.0.0.1", 0))) as port:
        found.url = f"http://127.0.0.1:{port}"
        yield found
    found.store.close()


def test_a_member_proves_that_its_word_is_in_the_ledger(place: Place) -> None:
    """Head by the forum's key, entry of a publication, inclusion; all checked by the member alone."""
    place.publish(1, 2)
    with place.client(Role.MEMBER) as client:
        key = VerifyKey.of(client.get("/ledger/key").json())
        size = int(client.get("/ledger/head").json()["size"])
        told = client.get(f"/ledger/entries/{size - 1}/proof").json()
    head, proof = verify_head(told["head"], keys_of([key])), Proof.of(told["proof"])
    check_proof(proof, head)
    assert proof.entry.kind is Kind.PUBLISH


def test_a_head_kept_from_before_is_continued(place: Place) -> None:
    """Whoever kept one sees that nothing before it was rewritten."""
    with place.client(Role.MEMBER) as client:
        old = verify_head(client.get("/ledger/head").json(), keys_of([place.key.verify_key]))
        place.publish(3)
        told = client.get("/ledger/consistency", params={"from": old.size}).json()
    new = verify_head(told["head"], keys_of([place.key.verify_key]))
    path = [bytes.fromhex(part) for part in told["path"]]
    assert new.size == old.size + 1
    assert is_consistent(old.size, new.size, path, old.root, new.root)


def test_the_whole_ledger_is_for_auditors_and_verifies_offline(place: Place, tmp_path: Path) -> None:
    """Members see proofs; the export holds kinds and commitments and not one object."""
    place.publish(4)
    with place.client(Role.MEMBER) as client:
        assert client.get("/ledger/export").status_code == 403
    with place.client(Role.AUDITOR) as client:
        body = client.get("/ledger/export").content
    (tmp_path / "ledger.jsonl").write_bytes(body)
    found = audit(tmp_path / "ledger.jsonl", (), keys_of([place.key.verify_key]))
    assert found.is_signed
    assert found.kinds[Kind.PUBLISH.value] == 1
    assert indicator(4)["id"].encode() not in body


def test_a_member_is_given_what_its_own_entries_commit_to(place: Place) -> None:
    """Its publication with the salt, nobody else's entries; what was deleted is forgotten and keeps its place."""
    place.publish(5, 6)
    with place.client(Role.MEMBER) as client:
        said = [e for e in client.get("/ledger/own").json()["entries"] if e["kind"] == "publish"]
        assert [entry["document"]["object"] for entry in said] == [indicator(5), indicator(6)]
        assert client.delete(f"/forum/collections/{place.campaigns}/objects/{indicator(5)['id']}/").is_success
        after = [e for e in client.get("/ledger/own").json()["entries"] if e["kind"] == "publish"]
    assert [entry["document"] and entry["document"]["object"] for entry in after] == [None, indicator(6)]
    assert [entry["salt"] for entry in after] == [None, said[1]["salt"]]
    with place.client(Role.AUDITOR) as client:
        assert {entry["kind"] for entry in client.get("/ledger/own").json()["entries"]} <= {"roster-change"}


def test_nobody_without_a_token_learns_anything(place: Place) -> None:
    """Not even how long the ledger is."""
    for path in ("head", "key", "entries/0/proof", "consistency?from=1", "own", "export"):
        assert httpx.get(f"{place.url}/ledger/{path}").status_code == 401


@pytest.mark.parametrize("path", ["entries/9999999/proof", "entries/x/proof", "consistency?from=999999", "consistency"])
def test_places_that_are_none_are_refused(place: Place, path: str) -> None:
    """With a reason and without a failure of the server."""
    with place.client(Role.MEMBER) as client:
        assert client.get(f"/ledger/{path}").status_code in {400, 404}


def test_what_is_said_has_a_kind_and_what_is_not_said_has_none() -> None:
    """A revoked indicator, a deletion and the rest of the forum's life."""
    said = {"indicator": Kind.PUBLISH, "sighting": Kind.SIGHTING, "opinion": Kind.OPINION, "relationship": None}
    assert {name: kind_of("publish", {"object": {"type": name}}) for name in said} == said
    assert kind_of("publish", {"object": {"type": "indicator", "revoked": True}}) is Kind.REVOKE
    assert kind_of("delete", {}) is Kind.REVOKE
    assert kind_of("member-added", {}) is kind_of("collection-granted", {}) is Kind.ROSTER_CHANGE
