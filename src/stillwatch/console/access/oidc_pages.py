"""The two pages of a login elsewhere: the one that sends people there, and the one that they come back to."""

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from stillwatch.console.access.cookies import ATTEMPT, forget, hold
from stillwatch.console.access.login import Login, is_secure, safe_target
from stillwatch.console.access.oidc import LASTS, Attempt, OidcLogin
from stillwatch.console.access.oidc_failed import LoginFailed, Why
from stillwatch.console.access.oidc_settings import OidcSettings
from stillwatch.console.visit import PREFIX
from stillwatch.service.access.attempts import KeptAttempt, keep_attempt, take_attempt
from stillwatch.service.access.users import Elsewhere, user_of_subject
from stillwatch.service.settings import ConsoleSettings
from stillwatch.store.database import reading

__all__ = ["OidcPages", "oidc_login"]

_LOG: Final = logging.getLogger("stillwatch.console")
_AT_WORK: Final = 4
_WORDS: Final[Mapping[Why, str]] = MappingProxyType(
    {
        Why.EXPIRED: "That took longer than ten minutes: log in again.",
        Why.MISMATCHED: "The answer was not to a login of this browser: log in again.",
        Why.DENIED: "Your organisation did not let you in.",
        Why.UNAVAILABLE: "Your organisation’s login does not answer just now; try again in a minute.",
        Why.MISCONFIGURED: "The login by your organisation is not set up rightly; the service’s log says how.",
        Why.DISTRUSTED: "Your organisation’s answer cannot be trusted; the service’s log says why.",
        Why.UNNAMED: "Your organisation did not say who you are.",
    }
)
_STRANGER: Final = "Nobody has given you an account here yet. Ask an admin, and show this: {}"


def oidc_login(told: ConsoleSettings) -> OidcLogin | None:
    """Login through the provider of identities of the settings; None where there is none.

    Raises  InvalidInput with everything that is wrong with them.
    """
    if told.oidc_issuer is None:
        return None
    settings = OidcSettings(told.oidc_issuer, told.oidc_client, told.oidc_secret, name_claim=told.oidc_name)
    return OidcLogin(settings)


@dataclass
class OidcPages:
    """Sends people to their organisation, and lets in who comes back as somebody that has an account here.

    hands   Threads of its own: a provider that is slow keeps nobody else waiting.
    """

    login: Login
    oidc: OidcLogin
    hands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_AT_WORK, "stillwatch-oidc"))

    async def begin(self, request: Request) -> Response:
        """To the provider."""
        return await asyncio.get_running_loop().run_in_executor(self.hands, self._sent, request)

    async def finish(self, request: Request) -> Response:
        """Back from the provider."""
        return await asyncio.get_running_loop().run_in_executor(self.hands, self._back, request)

    @property
    def _returns_to(self) -> str:
        return f"{self.login.console.settings.console_url}{PREFIX}/oidc/back"

    def _sent(self, request: Request) -> Response:
        console, now = self.login.console, self.login.console.clock()
        target = safe_target(request.query_params.get("to", ""))
        try:
            attempt = self.oidc.begin(self._returns_to, now)
            with console.engine.begin() as connection:
                held = keep_attempt(connection, attempt.written(), target, now, LASTS)
        except (LoginFailed, SQLAlchemyError) as error:
            return self._failed(error)
        response = RedirectResponse(attempt.url, HTTPStatus.SEE_OTHER)
        seconds = int(LASTS.total_seconds())
        hold(response, held, name=ATTEMPT, seconds=seconds, is_secure=is_secure(request, console))
        return response

    def _back(self, request: Request) -> Response:
        console, now = self.login.console, self.login.console.clock()
        try:
            kept = self._begun(request)
            who = self.oidc.finish(Attempt.read(kept.told), request.query_params, self._returns_to, now)
            with reading(console.engine).begin() as connection:
                user = user_of_subject(connection, Elsewhere(who.issuer, who.subject))
            if user is None:
                _LOG.warning("somebody without an account here came back from %s", who.issuer)
                return self.login.page("", _STRANGER.format(who.subject), HTTPStatus.FORBIDDEN)
            response = self.login.let_in(request, user.name, kept.target)
        except (LoginFailed, SQLAlchemyError) as error:
            return self._failed(error)
        forget(response, ATTEMPT, is_secure=is_secure(request, console))
        return response

    def _begun(self, request: Request) -> KeptAttempt:
        """The login that this browser began, which can be answered once.

        Raises  LoginFailed when it began none.
        """
        with self.login.console.engine.begin() as connection:
            kept = take_attempt(connection, request.cookies.get(ATTEMPT, ""))
        if kept is None:
            raise LoginFailed(Why.MISMATCHED, "the browser holds no login that was begun")
        return kept

    def _failed(self, error: Exception) -> Response:
        if isinstance(error, LoginFailed):
            _LOG.warning("a login elsewhere failed (%s): %s", error.why.value, error)
            return self.login.page("", _WORDS[error.why], HTTPStatus.FORBIDDEN)
        return self.login.busy()
