"""Members' keys at the forum: a further one may carry the old one's word, which everybody is told and can check."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from tests.share.hostile.exchange import Exchange, opened_exchange

from stillwatch.ledger.tables import DOCUMENTS
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.signing.succession import EndorsedKey, endorse, succeeding

OLD, NEW, OTHER = (SigningKey.generate() for _ in range(3))


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    """A forum that answers."""
    with opened_exchange(tmp_path) as opened:
        yield opened


def told(exchange: Exchange, token: str, body: dict[str, Any]) -> httpx.Response:
    """Give the forum a key."""
    return httpx.post(f"{exchange.url}/member/key/", headers={"Authorization": f"Bearer {token}"}, json=body)


def test_an_endorsed_key_is_told_with_its_endorsement_and_is_in_the_ledger(exchange: Exchange) -> None:
    """Another member verifies it alone."""
    member_id, token = exchange.token()
    reader = {"Authorization": f"Bearer {exchange.token()[1]}"}
    further = NEW.verify_key.jwk() | {"endorsement": endorse(NEW.verify_key, member_id, OLD)}
    for body in (OLD.verify_key.jwk(), further, further):
        assert told(exchange, token, body).status_code == 201
    keys = httpx.get(f"{exchange.url}/keys/{member_id}", headers=reader).json()["keys"]
    assert sorted(key["x"] for key in keys) == sorted(key.verify_key.jwk()["x"] for key in (OLD, NEW))
    found = succeeding(map(EndorsedKey.of, keys), member_id, keys_of([OLD.verify_key]))
    assert set(found) == {OLD.key_id, NEW.key_id}
    with exchange.store.engine.begin() as connection:
        documents = connection.execute(select(DOCUMENTS.c.document)).scalars().all()
    assert [one["jwk"] for one in documents if one["event"] == "member-key"] == [OLD.verify_key.jwk(), further]


def test_an_endorsement_of_nobody_is_refused_and_nothing_is_kept(exchange: Exchange) -> None:
    """Of an unknown key, of another member's, for another member, garbage."""
    member_id, token = exchange.token()
    another, their_token = exchange.token()
    told(exchange, token, OLD.verify_key.jwk())
    told(exchange, their_token, OTHER.verify_key.jwk())
    for word in (
        endorse(NEW.verify_key, member_id, SigningKey.generate()),
        endorse(NEW.verify_key, member_id, OTHER),
        endorse(NEW.verify_key, another, OLD),
        "garbage",
    ):
        assert told(exchange, token, NEW.verify_key.jwk() | {"endorsement": word}).status_code == 422
    keys = httpx.get(f"{exchange.url}/keys/{member_id}", headers={"Authorization": f"Bearer {token}"}).json()["keys"]
    assert keys == [OLD.verify_key.jwk()]


def test_a_body_that_is_no_key_or_too_large_is_refused(exchange: Exchange) -> None:
    """As before there were endorsements."""
    _, token = exchange.token()
    assert told(exchange, token, {"kty": "OKP"}).status_code == 422
    assert told(exchange, token, OLD.verify_key.jwk() | {"endorsement": "x" * 2_000}).status_code == 413
