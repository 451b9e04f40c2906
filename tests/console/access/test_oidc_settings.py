"""What an operator may say about an identity provider."""

from pathlib import Path
from typing import Any

import pytest
from tests.console.access.identity_provider import CLIENT, ISSUER, SECRET

from stillwatch.console.access.oidc_failed import LoginFailed, Why
from stillwatch.console.access.oidc_settings import OidcSettings
from stillwatch.errors import InvalidInput


@pytest.mark.parametrize(
    "issuer",
    [
        "http://id.example",
        "http://127.0.0.1.id.example",
        "http://10.0.0.1",
        "https://",
        "id.example",
        "ftp://id.example",
        "https://user@id.example",
        "https://id.example/?a=b",
        "https://id.example/#a",
        "https://id.example:port",
        "https://id.example\\@evil.example",
        "https://id.example/" + "a" * 300,
        "https://evil.example\\.id.example",
        "https://[::1",
        "https://idé.example",
    ],
)
def test_issuers_that_are_none(issuer: str) -> None:
    """An issuer must be a plain https URL."""
    with pytest.raises(InvalidInput, match="issuer must"):
        OidcSettings(issuer, CLIENT)


@pytest.mark.parametrize("issuer", ["http://localhost:8080", "http://127.0.0.1", "http://[::1]:9", ISSUER])
def test_issuers(issuer: str) -> None:
    """On this machine an issuer may do without TLS."""
    assert OidcSettings(issuer, CLIENT).issuer == issuer


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"client_id": ""}, "client_id"),
        ({"client_id": "a\n"}, "client_id"),
        ({"scopes": ()}, "hold openid"),
        ({"scopes": ("openid", "a b")}, "scopes must be words"),
        ({"name_claim": ""}, "name_claim"),
        ({"roles_claim": ""}, "roles_claim"),
        ({"roles": {"a": "viewer"}}, "need a roles_claim"),
        ({"client_id": "", "scopes": ()}, "client_id .*; scopes must hold openid"),
    ],
)
def test_settings_that_are_none(wrong: dict[str, Any], match: str) -> None:
    """Everything that is wrong is told at once."""
    with pytest.raises(InvalidInput, match=match):
        OidcSettings(**{"issuer": ISSUER, "client_id": CLIENT, **wrong})


@pytest.mark.parametrize("data", [b"", b"\n", b"a\nb", b"x" * 4097, b"\xff\xfe", "é".encode(), b"\0"])
def test_secrets_that_are_none(tmp_path: Path, data: bytes) -> None:
    """A file with anything but one line is no secret, and what it holds is not repeated."""
    path = tmp_path / "secret"
    path.write_bytes(data)
    with pytest.raises(LoginFailed, match="must hold one line of printable ASCII, 4096 bytes") as caught:
        OidcSettings(ISSUER, CLIENT, path).secret()
    assert caught.value.why is Why.MISCONFIGURED


def test_a_secret_is_read(tmp_path: Path) -> None:
    """The line is the secret, without its end; the settings themselves never hold it."""
    path = tmp_path / "secret"
    settings = OidcSettings(ISSUER, CLIENT, path)
    with pytest.raises(LoginFailed, match="FileNotFoundError"):
        settings.secret()
    path.write_text(SECRET + "\r\n")
    assert settings.secret() == SECRET
    assert SECRET not in repr(settings)
    assert OidcSettings(ISSUER, CLIENT).secret() is None


def test_roles_by_group() -> None:
    """Groups that the settings do not name give nothing."""
    roles = {"abuse": "analyst", "leads": "approver", "sre": "analyst"}
    settings = OidcSettings(ISSUER, CLIENT, roles_claim="groups", roles=roles)
    assert settings.role_names(["abuse", "sre", "staff"]) == {"analyst"}
    assert settings.role_names(["Abuse", ""]) == frozenset()
    assert OidcSettings(ISSUER, CLIENT, roles_claim="groups").role_names(["abuse"]) == frozenset()
