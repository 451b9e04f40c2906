"""Everybody's own page: what one may do, another password, sessions."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.console.conftest import NOW, USERS, Browser, Rig, rig_of

from stillwatch.console.access.cookies import COOKIE, form_token
from stillwatch.console.settings.own_sessions import end_others, sessions_of
from stillwatch.console.settings.rights import RIGHT_WORDS
from stillwatch.service.access.roles import Right
from stillwatch.service.access.sessions import Lasting, begin_session, digest_of
from stillwatch.service.access.users import Elsewhere, Users, user_named, user_with_password


def change(browser: Browser, old: str, new: str, again: str | None = None) -> tuple[int, str]:
    """Ask for another password; status and text of the answer."""
    answer = browser.send("/console/me/password", old=old, new=new, again=new if again is None else again)
    return answer.status_code, answer.text


def test_every_right_has_words() -> None:
    """Nobody has a right that the page cannot tell."""
    assert set(RIGHT_WORDS) == set(Right)


@pytest.mark.parametrize("name", USERS)
def test_everybody_sees_their_own_page(rig: Rig, name: str) -> None:
    """Role and rights stand there, and this very session."""
    browser = rig.as_(name)
    text = browser.get("/console/me").text
    assert f"Your role is {USERS[name]}" in text
    assert "this browser" in text
    assert "another browser" not in text
    assert "see campaigns" in text.split("What you may not")[0]


def test_another_password_ends_other_sessions_and_goes_on_in_this_browser(rig: Rig) -> None:
    """The old password lets nobody in; the browser that changed it stays logged in, under a new name."""
    vera, other = rig.as_("vera"), rig.as_("vera")
    fields = {"old": "a long password of vera", "new": "quite another sentence", "again": "quite another sentence"}
    answer = vera.client.post("/console/me/password", data={"form": vera.token, **fields}, follow_redirects=False)
    assert answer.headers["location"] == "/console/me"
    held = answer.cookies[COOKIE]
    vera.client.cookies.clear()
    vera.client.cookies.set(COOKIE, held, path="/console")
    assert "Your password is changed" in vera.get("/console/me").text
    assert vera.get("/console/campaigns").url.path == "/console/campaigns"
    assert other.get("/console/campaigns").url.path == "/console/login"
    with rig.home.engine.begin() as connection:
        assert user_with_password(connection, "vera", "a long password of vera") is None
        assert user_with_password(connection, "vera", "quite another sentence") is not None


def test_what_is_wrong_stands_at_its_field(rig: Rig) -> None:
    """A wrong old password, a poor new one, two that differ; nothing typed is shown again."""
    vera = rig.as_("vera")
    status, text = change(vera, "not the password", "quite another sentence")
    assert (status, "old-wrong" in text) == (422, True)
    assert "quite another sentence" not in text
    status, text = change(vera, "a long password of vera", "short")
    assert (status, "new-wrong" in text) == (422, True)
    status, text = change(vera, "a long password of vera", "quite another sentence", "quite another sentense")
    assert (status, "again-wrong" in text) == (422, True)
    assert vera.client.post("/console/me/password", data={"old": "x"}).status_code == 403
    with rig.home.engine.begin() as connection:
        assert user_with_password(connection, "vera", "a long password of vera") is not None


def test_whoever_guesses_the_old_password_waits(rig: Rig) -> None:
    """After five wrong ones in a session not even the right one is looked at."""
    vera = rig.as_("vera")
    for _ in range(5):
        assert change(vera, "not the password", "quite another sentence")[0] == 422
    status, text = change(vera, "a long password of vera", "quite another sentence")
    assert status == 429
    assert "Too many wrong passwords" in text


def test_a_user_of_another_provider_has_no_password_to_change(rig: Rig) -> None:
    """The page names the provider, and a form that is sent all the same is refused."""
    with rig.home.engine.begin() as connection:
        elsewhere = Elsewhere("https://id.example", "7")
        Users(connection, rig.home.trail, "alma", NOW).add(
            "dora", user_named(connection, "vera").roles, None, elsewhere
        )
    dora = rig.as_("dora")
    text = dora.get("/console/me").text
    assert "https://id.example" in text
    assert 'name="old"' not in text
    assert change(dora, "a long password", "quite another sentence")[0] == 422


def test_sessions_elsewhere_are_ended(rig: Rig) -> None:
    """The session that asks stays."""
    vera, other, ada = rig.as_("vera"), rig.as_("vera"), rig.as_("ada")
    assert "another browser" in vera.get("/console/me").text
    assert "1 session ended" in vera.send("/console/me/sessions").text
    assert other.get("/console/me").url.path == "/console/login"
    assert ada.get("/console/me").url.path == "/console/me"
    assert vera.client.post("/console/me/sessions", data={"form": "x"}).status_code == 403


def test_sessions_that_are_over_are_not_listed(rig: Rig) -> None:
    """Only those count that go on at that time, the last one seen first."""
    lasting = Lasting()
    with rig.home.engine.begin() as connection:
        vera = user_named(connection, "vera")
        held = [begin_session(connection, vera, NOW - timedelta(hours=n), lasting) for n in (3, 1, 0)]
        found = sessions_of(connection, "vera", NOW, lasting, digest_of(held[1]))
        assert [(one.made_at, one.is_this) for one in found] == [(NOW, False), (NOW - timedelta(hours=1), True)]
        assert end_others(connection, "vera", digest_of(held[1])) == 2
        assert [one.is_this for one in sessions_of(connection, "vera", NOW, lasting, digest_of(held[1]))] == [True]


def test_a_console_of_one_person_has_no_passwords(rig: Rig) -> None:
    """It opens by a link."""
    other = rig_of(rig.home, lambda: NOW, is_local=True)
    browser = other.as_("bea")
    text = browser.get("/console/me").text
    assert "Change your password" not in text
    assert change(browser, "a long password of bea", "quite another sentence")[0] == 422


def test_the_new_session_is_for_tls_where_browsers_come_by_tls(rig: Rig) -> None:
    """Its cookie is then never sent in clear."""
    told = replace(rig.home.settings, public_url="https://service.example")
    other = rig_of(replace(rig.home, settings=told), lambda: NOW)
    browser = other.as_("vera")
    fields = {"old": "a long password of vera", "new": "quite another sentence", "again": "quite another sentence"}
    token = form_token(rig.home.secret, digest_of(browser.client.cookies[COOKIE]))
    answer = browser.client.post("/console/me/password", data={"form": token, **fields}, follow_redirects=False)
    assert answer.status_code == 303
    assert "Secure" in answer.headers["set-cookie"]
