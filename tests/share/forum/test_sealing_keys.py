"""Keys to seal to: a member's own, signed by it, the newest; asked for by pseudonym."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from tests.share.node.search.exchange import Exchange, Member, exchanging

from stillwatch.ledger.tables import ENTRIES
from stillwatch.share.sealed.keys import SealingKey, publication
from stillwatch.signing.keys import SigningKey

NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.fixture(scope="module")
def forum(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A forum that answers."""
    with exchanging(tmp_path_factory.mktemp("keys")) as running:
        yield running


@pytest.fixture
def member(forum: Exchange, request: pytest.FixtureRequest) -> Member:
    """A member of the test's own."""
    return forum.member(request.node.name[:60].replace("[", "-").replace("]", ""))


def published(member: Member, told: Any) -> httpx.Response:
    """The forum's answer to a key."""
    with member.http() as client:
        return client.post("/member/sealing-key/", json=told)


def key_of(asker: Member, member_id: str) -> httpx.Response:
    """What the forum tells of a member's key."""
    with asker.http() as client:
        return client.get(f"/keys/{member_id}/sealing")


def told_by(member: Member, when: datetime = NOW, key: SealingKey | None = None) -> dict[str, Any]:
    """A key as the member publishes it."""
    return publication((key or SealingKey.generate()).public, member.member_id, member.signing, when)


def test_the_newest_key_of_a_member_is_told(forum: Exchange, member: Member) -> None:
    """To everybody who has the pseudonym, as it was signed; an older one does not come back, the same is no news."""
    first, second = told_by(member), told_by(member, NOW + timedelta(hours=1))
    for told, status in ((first, 201), (second, 201), (second, 201), (first, 409)):
        assert published(member, told).status_code == status
    assert key_of(forum.member("reader"), member.member_id).json() == second


def test_every_key_is_in_the_ledger(forum: Exchange, member: Member) -> None:
    """Once, with who published it."""

    def entries() -> int:
        mine = select(ENTRIES).where(ENTRIES.c.actor == member.member_id, ENTRIES.c.kind == "roster-change")
        with forum.engine.begin() as connection:
            return len(connection.execute(mine).all())

    before, told = entries(), told_by(member)
    for _ in range(2):
        published(member, told)
    assert entries() == before + 1


@pytest.mark.parametrize("what", ["another signer", "another member", "no document", "no object", "too long"])
def test_a_key_that_is_not_the_members_own_is_refused(what: str, member: Member) -> None:
    """And none is told afterwards."""
    good = told_by(member)
    stranger = SigningKey.generate()
    told: Any = {
        "another signer": publication(SealingKey.generate().public, member.member_id, stranger, NOW),
        "another member": publication(SealingKey.generate().public, "somebody", member.signing, NOW),
        "no document": {"key": good["key"]},
        "no object": [good],
        "too long": {**good, "key": "00" * 2000},
    }[what]
    assert published(member, told).status_code == (413 if what == "too long" else 422)
    assert key_of(member, member.member_id).status_code == 404


def test_unknown_pseudonyms_and_members_without_a_key_have_one_answer(member: Member) -> None:
    """So that nobody tries out pseudonyms here."""
    answers = [key_of(member, name) for name in (member.member_id, "5a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d", "nobody")]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
