"""Who asks, by headers."""

import hashlib

import pytest

from stillwatch.act.gateways.identity import Identity, account_of_key
from stillwatch.errors import InvalidInput


def test_only_named_headers_count() -> None:
    """Of a client's headers only those that the operator named are read, X-Forwarded-For not among them."""
    headers = {
        "x-stillwatch-account": "a",
        "x-forwarded-for": "198.51.100.1",
        "x-stillwatch-organisation": "forged",
        "x-real-ip": "192.0.2.1",
    }
    told = {name: value for name, value in Identity().columns(headers).items() if value is not None}
    assert told == {"account_id": "a"}
    told = Identity(client_address="X-Real-IP", organisation="x-org").columns(headers | {"x-org": "o"})
    assert (told["client_address"], told["organisation_id"]) == ("192.0.2.1", "o")


@pytest.mark.parametrize("shown", ["Bearer sk-1", "bearer  sk-1", "sk-1"])
def test_keys_are_hashed(shown: str) -> None:
    """A credential becomes its SHA-256, and does not appear."""
    told = Identity(account="authorization").columns({"authorization": shown})
    assert told["account_id"] == hashlib.sha256(b"sk-1").hexdigest()


def test_a_digest_is_no_key() -> None:
    """Who knows the digest of another's key cannot pass for it."""
    assert account_of_key(account_of_key("sk-1")) != account_of_key("sk-1")


@pytest.mark.parametrize("shown", [None, "", "   ", "Bearer ", "basic"])
def test_no_credential_is_no_account(shown: str | None) -> None:
    """Requests without a credential are nobody's, not all one account's."""
    headers = {} if shown is None else {"x-api-key": shown}
    assert not Identity(account="x-api-key").columns(headers)["account_id"]


@pytest.mark.parametrize("name", ["", "x y", "x\n", "ä"])
def test_wrong_header_names(name: str) -> None:
    """What is no header's name is refused when it is set."""
    with pytest.raises(InvalidInput, match="account must name a header"):
        Identity(account=name)
