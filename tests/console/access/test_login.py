"""Login by a password: who is let in, where they go on to, and who has to wait."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import func, select, text
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.console.conftest import NOW, Rig, made_home, rig_of

from stillwatch.console.access.cookies import COOKIE
from stillwatch.console.access.entry import EntryKey
from stillwatch.console.access.login import Login, safe_target
from stillwatch.console.door import Door
from stillwatch.console.routes import console_routes
from stillwatch.service.access.user_tables import SESSIONS
from stillwatch.service.access.users import Users
from stillwatch.web.failures import Failures

PASSWORD = "a long password of {}"  # noqa: S105
WRONG = "No user has this name and this password."
PATHS_OF_OURS = ("/console", "/console/campaigns?page=2&q=a%2Fb", "/console/me#top", "/console/campaigns/c-1..2")
OTHER_PATHS = (
    "",
    "/",
    "//evil.example",
    "///evil.example/console",
    "\\\\evil.example",
    "/\\evil.example",
    "/console\\..\\x",
    "/console/../x",
    "/console/..",
    "/console/./..//evil.example",
    "/console/%2e%2e/x",
    "/console/.%2E/x",
    "/console/a/../../x",
    "//evil.example/console/",
    "https://evil.example/console",
    "https:/console",
    "javascript:alert(1)",
    "javascript:/console/alert(1)",
    "data:text/html,/console",
    "/consolex",
    "/v1/decide",
    "/console\r\nset-cookie: a=1",
    "/console\t//evil.example",
    "/console/\x00",
    "/console/é",
    "http://[::1/console",
    "/console/" + "x" * 2_000,
)


@dataclass
class LoginRoom:
    """A console, its login, and browsers that are strangers."""

    rig: Rig
    login: Login

    def client(self, **headers: str) -> TestClient:
        """A browser."""
        return TestClient(self.rig.app, base_url="http://testserver", headers=headers, follow_redirects=False)

    def try_(self, client: TestClient, name: str, password: str | None = None, **fields: str) -> Any:
        """Send the form."""
        told = PASSWORD.format(name) if password is None else password
        return client.post("/console/login", data={"name": name, "password": told, **fields})

    def n_sessions(self) -> int:
        """How many there are."""
        with self.rig.home.engine.begin() as connection:
            return int(connection.execute(select(func.count()).select_from(SESSIONS)).scalar_one())


def room_of(rig: Rig, entry: EntryKey | None = None, window_s: int = 300) -> LoginRoom:
    """The same console with a login whose failures are counted anew."""
    few = Failures(allowed=3, window_s=window_s, clock=lambda: 0.0)
    many = Failures(allowed=5, window_s=window_s, clock=lambda: 0.0)
    login = Login(rig.console, entry, few, many)
    app = Starlette(routes=list(console_routes(Door(rig.console), login)))
    return LoginRoom(Rig(rig.console, app), login)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A console of all tests of this module."""
    with made_home(tmp_path_factory.mktemp("login")) as home:
        yield rig_of(home, lambda: NOW)


@pytest.fixture
def room(one: Rig) -> LoginRoom:
    """Where nobody has failed yet."""
    return room_of(one)


def cookie(answer: Any) -> str:
    """What the answer has the browser hold."""
    return str(answer.headers.get("set-cookie", ""))


def test_the_right_password_lets_in(room: LoginRoom) -> None:
    """To the page that was asked for, with a session that a page accepts; the name in any letters."""
    client = room.client()
    answer = room.try_(client, " VERA ", PASSWORD.format("vera"), to="/console/campaigns?page=2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/campaigns?page=2")
    assert client.get("/console/campaigns").status_code == 200


@pytest.mark.parametrize(
    ("name", "password"),
    [("vera", "a long password of ada"), ("vera", ""), ("nobody", None), ("", None), ("vera\0", None), ("'--", None)],
)
def test_the_same_words_for_everything_wrong(room: LoginRoom, name: str, password: str | None) -> None:
    """Nobody learns whether there is a user; nothing that was typed is shown again."""
    before, client = room.n_sessions(), room.client()
    answer = room.try_(client, name, password)
    assert (answer.status_code, WRONG in answer.text, cookie(answer)) == (401, True, "")
    assert "a long password" not in answer.text
    assert client.get("/console", follow_redirects=False).status_code == 303
    assert room.n_sessions() == before


def test_one_address_waits(room: LoginRoom) -> None:
    """After three wrong ones, also with the right one, with the seconds in words."""
    client = room.client()
    for i in range(3):
        assert room.try_(client, f"nobody{i}").status_code == 401
    answer = room.try_(client, "vera")
    assert (answer.status_code, "Too many wrong passwords" in answer.text) == (429, True)
    assert cookie(answer) == ""


def test_one_name_waits_whatever_addresses_it_is_tried_from(room: LoginRoom) -> None:
    """After five wrong ones from five addresses, in any letters; another name is let in."""
    for i in range(5):
        client = TestClient(room.rig.app, client=(f"192.0.2.{i}", 1), follow_redirects=False)
        assert room.try_(client, ("vera", " VERA ")[i % 2], "wrong password").status_code == 401
    client = TestClient(room.rig.app, client=("192.0.2.9", 1), follow_redirects=False)
    assert room.try_(client, "Vera", PASSWORD.format("vera")).status_code == 429
    assert room.try_(client, "ada").status_code == 303


def test_whoever_is_right_does_not_wait(room: LoginRoom) -> None:
    """Logins that succeed are counted as nothing."""
    for _ in range(5):
        assert room.try_(room.client(), "vera").status_code == 303


@pytest.mark.parametrize("told", PATHS_OF_OURS)
def test_pages_of_ours_are_gone_on_to(told: str) -> None:
    """As they are."""
    assert safe_target(told) == told


@pytest.mark.parametrize("told", OTHER_PATHS)
def test_nothing_else_is_gone_on_to(told: str) -> None:
    """Another host, another scheme, another part of this service, and what browsers make one of these."""
    assert safe_target(told) == "/console"


def test_the_form_goes_nowhere_else(room: LoginRoom) -> None:
    """Neither by the address of the form nor by its field; a target in the page is text."""
    answer = room.try_(room.client(), "vera", to="//evil.example")
    assert answer.headers["location"] == "/console"
    shown = room.client().get("/console/login", params={"to": '/console/"><script>alert(1)</script>'}).text
    assert "<script>alert" not in shown
    assert "evil" not in room.client().get("/console/login?to=//evil.example").text


def test_a_cookie_from_before_is_worth_nothing(room: LoginRoom) -> None:
    """One that somebody planted becomes no session, and a session from before ends with the new login."""
    client = room.client()
    client.cookies.set(COOKIE, "planted-by-somebody-else-planted-by-somebody", path="/console")
    told = cookie(room.try_(client, "vera"))
    first = told.removeprefix(f"{COOKIE}=").split(";")[0]
    assert len(first) == 43
    planted = room.client()
    planted.cookies.set(COOKIE, "planted-by-somebody-else-planted-by-somebody", path="/console")
    assert planted.get("/console").status_code == 303
    again = room.client()
    again.cookies.set(COOKIE, first, path="/console")
    assert again.get("/console").status_code == 200
    answer = room.try_(again, "ada")
    assert first not in cookie(answer)
    old = room.client()
    old.cookies.set(COOKIE, first, path="/console")
    assert old.get("/console").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_other_sites_log_nobody_in(room: LoginRoom, headers: dict[str, str]) -> None:
    """Not into the account of whoever wrote the form."""
    answer = room.try_(room.client(**headers), "vera")
    assert (answer.status_code, cookie(answer)) == (403, "")


def test_our_own_page_says_so(room: LoginRoom) -> None:
    """Its origin is the host's, whatever the scheme in front of a proxy."""
    for headers in ({"origin": "http://testserver"}, {"origin": "https://testserver", "sec-fetch-site": "same-origin"}):
        assert room.try_(room.client(**headers), "vera").status_code == 303


def test_logged_out(room: LoginRoom) -> None:
    """The session ends in the database, and the browser forgets it."""
    client = room.client()
    room.try_(client, "vera")
    held = str(client.cookies.get(COOKIE, path="/console"))
    before = room.n_sessions()
    answer = client.post("/console/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/login")
    assert "Max-Age=0" in cookie(answer)
    assert room.n_sessions() == before - 1
    again = room.client()
    again.cookies.set(COOKIE, held, path="/console")
    assert again.get("/console").status_code == 303
    assert room.client().post("/console/logout").status_code == 303


def test_other_sites_log_nobody_out(room: LoginRoom) -> None:
    """Neither in the database nor in the browser."""
    client = room.client()
    room.try_(client, "vera")
    answer = client.post("/console/logout", headers={"origin": "https://evil.example"})
    assert (answer.status_code, cookie(answer)) == (403, "")
    assert client.get("/console").status_code == 200


@pytest.mark.parametrize("content", [b"name=\xff", b"name=%ff", b"&".join([b"a=1"] * 9), b"x=" + b"y" * 5_000])
def test_what_is_no_form(room: LoginRoom, content: bytes) -> None:
    """Too many bytes or fields, or no text: the form again, with what is wrong."""
    answer = room.client().post("/console/login", content=content)
    assert answer.status_code in {400, 413}
    assert "<form" in answer.text
    assert cookie(answer) == ""


def test_who_has_ended_is_not_let_in(rig: Rig) -> None:
    """From the moment on."""
    room = room_of(rig)
    with rig.home.engine.begin() as connection:
        Users(connection, rig.home.trail, "alma", NOW).end("vera")
    assert room.try_(room.client(), "vera").status_code == 401


def test_without_the_database_nobody_is_let_in_and_everybody_is_told(rig: Rig) -> None:
    """A page that says to try again, and no word of the database."""
    room = room_of(rig)
    with rig.home.engine.begin() as connection:
        connection.execute(text("ALTER TABLE console_users RENAME TO gone"))
    for answer in (room.try_(room.client(), "vera"), room.client().get("/console/login")):
        assert (answer.status_code, "try again in a minute" in answer.text) == (503, True)
        assert "console_users" not in answer.text


def test_a_password_is_in_no_log(room: LoginRoom, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the right one nor a wrong one, nor the cookie."""
    with caplog.at_level(logging.DEBUG):
        client = room.client()
        room.try_(client, "vera", "wrong but long")
        room.try_(client, "vera")
    told = "\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
    assert "wrong but long" not in told
    assert "a long password" not in told
    assert str(client.cookies.get(COOKIE, path="/console")) not in told


@pytest.mark.parametrize(("url", "is_secure"), [("https://watch.example", True), ("http://127.0.0.1:8471", False)])
def test_the_cookie_is_the_servers_alone(one: Rig, url: str, is_secure: bool) -> None:  # noqa: FBT001 - a case
    """Out of scripts' reach, not sent by other sites, for the console's paths; by TLS alone where there is TLS."""
    home = replace(one.home, settings=replace(one.home.settings, public_url=url))
    room = room_of(rig_of(home, lambda: NOW))
    told = cookie(room.try_(room.client(), "vera"))
    assert all(part in told for part in ("HttpOnly", "SameSite=lax", "Path=/console"))
    assert ("Secure" in told) is is_secure
    assert "Domain" not in told
    assert "Max-Age" not in told
    assert len(told.split("=", 1)[1].split(";")[0]) == 43
