"""What an operator says about the identity provider whose people may log in."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from stillwatch.console.access.oidc_failed import LoginFailed, Why
from stillwatch.errors import InvalidInput

__all__ = ["OidcSettings", "address_problem", "is_plain_loopback"]

_MOST_SECRET_BYTES: Final = 4096
_MOST_ISSUER_CHARACTERS: Final = 300
_MOST_CHARACTERS: Final = 256


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """One identity provider, and this console as its client.

    issuer              URL as the provider itself writes it, to the last slash; https, or http on this machine.
    client_id           How the provider knows the console.
    client_secret_file  File with the client's secret, 4,096 bytes at most, read whenever it is used; None for a public
                        client, which has PKCE alone.
    scopes              What is asked for; ``openid`` among them.
    name_claim          Claim with the name of the person. It is shown and may change: who somebody is say issuer and
                        subject alone.
    roles_claim         Claim with a list of groups; ``a.b`` also means b inside a. None asks for no groups.
    roles               Names of roles by group; None when accounts must be made beforehand by an admin.

    Raises              InvalidInput, with everything that is wrong.

    >>> settings = OidcSettings("https://id.example", "console", roles_claim="groups", roles={"abuse": "analyst"})
    >>> settings.role_names(["abuse", "staff"])
    frozenset({'analyst'})
    >>> OidcSettings("http://id.example", "console", scopes=("email",))
    Traceback (most recent call last):
    ...
    stillwatch.errors.InvalidInput: issuer must be an https URL, http only on this machine; scopes must hold openid
    """

    issuer: str
    client_id: str
    client_secret_file: Path | None = None
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    name_claim: str = "preferred_username"
    roles_claim: str | None = None
    roles: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        """Refuse what could let nobody in, or the wrong ones."""
        claims = (self.name_claim,) if self.roles_claim is None else (self.name_claim, self.roles_claim)
        told = (
            address_problem("issuer", self.issuer),
            "issuer must have no query" if "?" in self.issuer else None,
            f"issuer must have {_MOST_ISSUER_CHARACTERS} characters at most"
            if len(self.issuer) > _MOST_ISSUER_CHARACTERS
            else None,
            None if _is_word(self.client_id) else "client_id must be printable ASCII",
            None if "openid" in self.scopes else "scopes must hold openid",
            None if all(_is_word(scope) and " " not in scope for scope in self.scopes) else "scopes must be words",
            None if all(_is_word(claim) for claim in claims) else "name_claim and roles_claim must be printable ASCII",
            "roles need a roles_claim" if self.roles is not None and self.roles_claim is None else None,
        )
        problems = [one for one in told if one]
        if problems:
            raise InvalidInput("; ".join(problems))

    def secret(self) -> str | None:
        """The client's secret, read now; None for a public client.

        Raises      LoginFailed (misconfigured) when the file cannot be read or holds no secret.
        """
        if self.client_secret_file is None:
            return None
        try:
            with self.client_secret_file.open("rb") as file:
                data = file.read(_MOST_SECRET_BYTES + 1)
        except OSError as error:
            message = f"cannot read the client secret {self.client_secret_file}: {type(error).__name__}"
            raise LoginFailed(Why.MISCONFIGURED, message) from error
        text = data.decode("ascii", "replace").strip()
        if len(data) > _MOST_SECRET_BYTES or not text.isascii() or not text.isprintable() or not text:
            message = (
                f"{self.client_secret_file} must hold one line of printable ASCII, {_MOST_SECRET_BYTES} bytes at most"
            )
            raise LoginFailed(Why.MISCONFIGURED, message)
        return text

    def role_names(self, groups: Iterable[str]) -> frozenset[str]:
        """Roles that these groups give; none when accounts are made by an admin."""
        known = self.roles or {}
        return frozenset(known[group] for group in groups if group in known)


def _is_word(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and len(text) <= _MOST_CHARACTERS


def address_problem(name: str, url: str) -> str | None:
    """Why a URL is none to send a person or a code to; None for a good one. What it holds is not repeated.

    >>> address_problem("issuer", "https://id.example/tenant"), address_problem("issuer", "http://127.0.0.1:8080")
    (None, None)
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return f"{name} must be a URL"
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return f"{name} must be a URL"
    if parts.username is not None or parts.password is not None or "#" in url:
        return f"{name} must be a URL without user and fragment"
    if not host or not (parts.scheme == "https" or is_plain_loopback(url)):
        return f"{name} must be an https URL, http only on this machine"
    return None


def is_plain_loopback(url: str) -> bool:
    """Whether a URL leads to this machine, without TLS.

    >>> is_plain_loopback("http://[::1]:80/"), is_plain_loopback("http://localhost.example")
    (True, False)
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        is_here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = host == "localhost"
    return parts.scheme == "http" and is_here
