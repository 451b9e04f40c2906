"""A console beside an identity provider."""

import traceback
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from tests.console.access.identity_provider import (
    BACK,
    CLIENT,
    ISSUER,
    NAME,
    NOW,
    SECRET,
    IdentityProvider,
)

from stillwatch.console.access.oidc import Attempt, Identity, OidcLogin
from stillwatch.console.access.oidc_failed import LoginFailed, Why
from stillwatch.console.access.oidc_provider import OidcProvider
from stillwatch.console.access.oidc_settings import OidcSettings
from stillwatch.console.access.oidc_wire import Wire

ADA = Identity(ISSUER, "248289761001", NAME, f"{NAME}@watch.example", ())
SETTINGS = OidcSettings(ISSUER, CLIENT)
LATER = NOW + timedelta(seconds=30)


@dataclass
class Room:
    """A console and its provider."""

    there: IdentityProvider = field(default_factory=IdentityProvider)
    settings: OidcSettings = SETTINGS

    def __post_init__(self) -> None:
        """Let the console know the provider."""
        self.here = OidcLogin(self.settings, OidcProvider(self.settings, Wire(self.there.transport)))

    def came_back(self, **params: str | None) -> Identity:
        """A whole login, with other parameters in the answer; None leaves one out."""
        attempt = self.here.begin(BACK, NOW)
        answer = {**self.there.visited(attempt.url), **params}
        return self.finish(attempt, {name: value for name, value in answer.items() if value is not None})

    def finish(self, attempt: Attempt, params: dict[str, str]) -> Identity:
        """The second half; no failure may repeat anything that was to stay between two."""
        try:
            return self.here.finish(attempt, params, BACK, LATER)
        except LoginFailed as failed:
            told = "".join(traceback.format_exception(failed))
            hidden = (attempt.state, attempt.nonce, attempt.code_verifier, params.get("code"), *self.there.tokens)
            assert not [one for one in (*hidden, SECRET, NAME, "opaque-of-access") if one and one in told]
            raise

    def refused(self, why: Why, match: str, **params: str | None) -> None:
        """Expect that nobody gets in, and why."""
        with pytest.raises(LoginFailed, match=match) as caught:
            self.came_back(**params)
        assert caught.value.why is why
