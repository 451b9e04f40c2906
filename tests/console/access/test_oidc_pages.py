"""The two pages of a login elsewhere: one browser, one answer, and only whoever has an account here."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.console.access.identity_provider import ISSUER, NOW, IdentityProvider
from tests.console.access.login_room import ADA, SETTINGS
from tests.console.conftest import Rig, made_home, rig_of

from stillwatch.console.access.cookies import ATTEMPT, COOKIE
from stillwatch.console.access.login import Login
from stillwatch.console.access.oidc import OidcLogin
from stillwatch.console.access.oidc_pages import OidcPages
from stillwatch.console.access.oidc_provider import OidcProvider
from stillwatch.console.access.oidc_wire import Wire
from stillwatch.console.door import Door
from stillwatch.console.routes import console_routes
from stillwatch.service.access.roles import Role
from stillwatch.service.access.user_tables import SESSIONS, USERS
from stillwatch.service.access.users import Elsewhere, Users

URL = "https://watch.example"


@dataclass
class Pages:
    """A console beside a provider."""

    rig: Rig
    there: IdentityProvider

    def client(self) -> TestClient:
        """A browser, which comes by TLS."""
        return TestClient(self.rig.app, base_url=URL, follow_redirects=False)

    def sent(self, client: TestClient, **query: str) -> dict[str, str]:
        """Go to the provider and agree; what it sends back."""
        answer = client.get("/console/oidc", params=query)
        assert answer.status_code == 303, answer.text
        return self.there.visited(answer.headers["location"])

    def back(self, client: TestClient, params: dict[str, str]) -> Any:
        """Come back."""
        return client.get("/console/oidc/back", params=params)

    def count(self, table: Any) -> int:
        """Rows of a table."""
        with self.rig.home.engine.begin() as connection:
            return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A console where one user logs in elsewhere."""
    with made_home(tmp_path_factory.mktemp("oidc")) as home:
        with home.engine.begin() as connection:
            elsewhere = Elsewhere(ISSUER, ADA.subject)
            Users(connection, home.trail, "alma", NOW).add("lovelace", frozenset({Role.VIEWER}), None, elsewhere)
        settings = replace(home.settings, public_url=URL, console=replace(home.settings.console, oidc_issuer=ISSUER))
        yield rig_of(replace(home, settings=settings), lambda: NOW)


@pytest.fixture
def pages(one: Rig) -> Pages:
    """With a provider that is honest."""
    there = IdentityProvider()
    login = Login(one.console)
    oidc = OidcPages(login, OidcLogin(SETTINGS, OidcProvider(SETTINGS, Wire(there.transport))))
    return Pages(Rig(one.console, Starlette(routes=list(console_routes(Door(one.console), login, oidc)))), there)


def test_somebody_with_an_account_comes_in(pages: Pages) -> None:
    """To the page that was asked for; the attempt's cookie is forgotten, the session's is the console's alone."""
    client = pages.client()
    answer = pages.back(client, pages.sent(client, to="/console/campaigns?page=2"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/campaigns?page=2")
    session, attempt = answer.headers.get_list("set-cookie")
    assert session.startswith(f"{COOKIE}=")
    assert all(part in session for part in ("HttpOnly", "SameSite=lax", "Path=/console", "Secure"))
    assert attempt.startswith(f'{ATTEMPT}=""')
    assert "Max-Age=0" in attempt
    assert client.get("/console/campaigns").status_code == 200


def test_the_way_there(pages: Pages) -> None:
    """To the provider, back to the address of the settings, with a cookie that holds nothing of the attempt."""
    answer = pages.client().get("/console/oidc", headers={"host": "evil.example"})
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["redirect_uri"] == [f"{URL}/console/oidc/back"]
    told = answer.headers["set-cookie"]
    assert all(part in told for part in ("HttpOnly", "SameSite=lax", "Path=/console", "Secure", "Max-Age=600"))
    assert asked["state"][0] not in told
    assert asked["nonce"][0] not in told


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example/console", "/console/../x", "javascript:alert(1)"]
)
def test_it_goes_on_to_pages_of_ours(pages: Pages, to: str) -> None:
    """Whatever the link to the login said."""
    client = pages.client()
    assert pages.back(client, pages.sent(client, to=to)).headers["location"] == "/console"


def test_a_stranger_gets_no_account(pages: Pages) -> None:
    """403, and what to show an admin; no user is made, whatever the stranger is called there."""
    pages.there.claims = {"sub": "<b>666</b>", "preferred_username": "lovelace", "email": "alma@watch.example"}
    before = pages.count(USERS), pages.count(SESSIONS)
    client = pages.client()
    answer = pages.back(client, pages.sent(client))
    assert answer.status_code == 403
    assert "&lt;b&gt;666&lt;/b&gt;" in answer.text
    assert COOKIE not in answer.headers.get("set-cookie", "")
    assert (pages.count(USERS), pages.count(SESSIONS)) == before


def test_an_answer_counts_once(pages: Pages) -> None:
    """The same one again, also with the cookie that was held then, lets nobody in."""
    client = pages.client()
    params = pages.sent(client)
    held = str(client.cookies.get(ATTEMPT))
    assert pages.back(client, params).status_code == 303
    again = pages.client()
    again.cookies.set(ATTEMPT, held, path="/console")
    assert pages.back(again, params).status_code == 403


def test_another_browser_s_answer_is_refused(pages: Pages) -> None:
    """Without the cookie, with one that is none, or with that of another attempt."""
    params = pages.sent(pages.client())
    other = pages.client()
    pages.sent(other)
    made_up = pages.client()
    made_up.cookies.set(ATTEMPT, "A" * 43, path="/console")
    for client in (pages.client(), made_up, other):
        answer = pages.back(client, params)
        assert answer.status_code == 403
        assert COOKIE not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize(
    "changes",
    [{"state": "x"}, {"iss": "https://evil.example"}, {"code": "x"}, {"code": ""}, {"error": "access_denied"}],
    ids=str,
)
def test_answers_that_are_not_to_the_question(pages: Pages, changes: dict[str, str]) -> None:
    """Another state, another issuer, another code, a refusal: 403 with words, and nobody is in."""
    client = pages.client()
    answer = pages.back(client, pages.sent(client) | changes)
    assert answer.status_code == 403
    assert 'role="alert"' in answer.text
    assert client.get("/console").status_code == 303


def test_a_provider_that_does_not_answer(pages: Pages) -> None:
    """The password still lets in, and the page says what is the matter."""
    pages.there.metadata = {"issuer": "https://evil.example"}
    answer = pages.client().get("/console/oidc")
    assert answer.status_code == 403
    assert "cannot be trusted" in answer.text or "not set up rightly" in answer.text
    assert "Log in with a password" in answer.text


def test_who_has_ended_is_a_stranger(pages: Pages) -> None:
    """From the moment on, whatever the provider says."""
    with pages.rig.home.engine.begin() as connection:
        users = Users(connection, pages.rig.home.trail, "alma", NOW)
        users.add("once", frozenset({Role.VIEWER}), None, Elsewhere(ISSUER, "77"))
        users.end("once")
    pages.there.claims = {"sub": "77"}
    client = pages.client()
    assert pages.back(client, pages.sent(client)).status_code == 403


def test_no_secret_of_a_login_is_logged(pages: Pages, caplog: pytest.LogCaptureFixture) -> None:
    """Neither code nor state nor token, when it works and when it does not."""
    with caplog.at_level(logging.DEBUG, "stillwatch"):
        client = pages.client()
        params = pages.sent(client)
        pages.back(client, params)
        pages.back(client, params)
    told = "\n".join(
        f"{one.getMessage()} {one.exc_text}" for one in caplog.records if one.name.startswith("stillwatch")
    )
    assert not [one for one in (*params.values(), *pages.there.tokens) if one != ISSUER and one in told]
