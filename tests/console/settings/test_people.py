"""Users: the list, added, changed, ended; who may not, and what is refused."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from tests.console.conftest import NOW, Browser, Rig, rig_of

from stillwatch.console.settings.people import is_last_admin, n_people, people_of, person_named
from stillwatch.ledger.tables import DOCUMENTS
from stillwatch.service.access.roles import Role
from stillwatch.service.access.sessions import Lasting
from stillwatch.service.access.user_tables import SESSIONS, USERS
from stillwatch.service.access.users import Elsewhere, Users, user_named, user_with_password
from stillwatch.signing.stamp import stamp

ISSUER = "https://id.example/tenant"


def with_oidc(rig: Rig) -> Rig:
    """The same console with a provider of identities."""
    told = replace(rig.home.settings, console=replace(rig.home.settings.console, oidc_issuer=ISSUER))
    return rig_of(replace(rig.home, settings=told), lambda: NOW)


def shown_secret(text: str) -> str:
    """The password that a page shows."""
    found = re.search(r'class="secret"><code>([^<]+)</code>', text)
    assert found is not None
    return found[1]


def roles(rig: Rig, name: str) -> set[Role]:
    """Roles of a user."""
    with rig.home.engine.begin() as connection:
        return set(user_named(connection, name).roles)


def documents(rig: Rig) -> list[dict[str, object]]:
    """What the ledger records, in order."""
    with rig.home.engine.begin() as connection:
        return list(connection.execute(select(DOCUMENTS.c.document).order_by(DOCUMENTS.c.index)).scalars())


def with_roles(browser: Browser, name: str, seen: str, *chosen: str) -> tuple[int, str]:
    """Send roles for a user; status and text of the answer."""
    form = {"form": browser.token, "seen": seen, "role": list(chosen)}
    answer = browser.client.post(f"/console/settings/users/{name}/roles", data=form)
    return answer.status_code, answer.text


def test_the_list_shows_who_may_log_in(rig: Rig) -> None:
    """Everybody stands in it with roles and sessions; those who were ended stand apart."""
    alma = rig.as_("alma")
    rig.as_("vera")
    text = alma.get("/console/settings").text
    assert all(name in text for name in ("ada", "alma", "bea", "vera", "1 session open", "no session"))
    assert "Nobody was ended" in alma.get("/console/settings?ended=1").text
    alma.send("/console/settings/users/vera/end")
    assert ">vera</a>" not in alma.get("/console/settings").text
    assert ">vera</a>" in alma.get("/console/settings?ended=1").text
    assert "No user here" in alma.get("/console/settings?page=9").text


@pytest.mark.parametrize("name", ["vera", "ada", "bea"])
def test_settings_are_for_admins(rig: Rig, name: str) -> None:
    """Nobody else sees or changes anything of them."""
    browser = rig.as_(name)
    assert browser.get("/console/settings").status_code == 403
    assert browser.get("/console/settings/users/vera").status_code == 403
    assert browser.send("/console/settings/users/vera/end").status_code == 403
    assert browser.send("/console/settings/add-user", name="x", role="admin").status_code == 403


def test_people_are_read_page_by_page_with_their_sessions(rig: Rig) -> None:
    """Sessions that are over count for nothing, but say when somebody was there last."""
    lasting, idle = Lasting(), NOW - timedelta(hours=3)
    with rig.home.engine.begin() as connection:
        row = {"name": "vera", "made_at": stamp(idle), "seen_at": stamp(idle), "ends_at": stamp(NOW + lasting.whole)}
        connection.execute(insert(SESSIONS).values(row | {"digest": "0" * 64}))
        assert [one.user.name for one in people_of(connection, (1, 2), NOW, lasting)] == ["alma", "bea"]
        vera = person_named(connection, "vera", NOW, lasting)
        assert (vera.n_sessions, vera.seen_at) == (0, idle)
        assert person_named(connection, "ada", NOW, lasting).seen_at is None
        assert (n_people(connection, ended=False), n_people(connection, ended=True)) == (4, 0)


def test_a_user_is_added_with_a_password_that_is_shown_once(rig: Rig) -> None:
    """The page that answers shows it, it lets in, and neither the ledger nor another page holds it."""
    alma = rig.as_("alma")
    answer = alma.send("/console/settings/add-user", name="Carl", role="analyst")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    password = shown_secret(answer.text)
    assert str(answer.url).endswith("/console/settings/add-user")
    with rig.home.engine.begin() as connection:
        assert user_with_password(connection, "carl", password) is not None
    assert documents(rig)[-1] == {"what": "user-added", "user": "carl", "roles": "analyst"}
    assert password not in alma.get("/console/settings/users/carl").text


def test_a_wrong_form_is_shown_again(rig: Rig) -> None:
    """What was typed stands there, as text, with what is wrong at its place; nobody was added."""
    alma = rig.as_("alma")
    answer = alma.send("/console/settings/add-user", name="<script>alert(1)</script>")
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "name-wrong" in answer.text
    assert "Tick at least one" in answer.text
    again = alma.send("/console/settings/add-user", name="vera", role="viewer")
    assert again.status_code == 422
    assert "here is, or was, a user named vera" in again.text
    assert alma.send("/console/settings/add-user", name="carl", role="king").status_code == 422
    with rig.home.engine.begin() as connection:
        assert n_people(connection, ended=False) == 4


def test_a_user_of_the_provider_of_identities(rig: Rig) -> None:
    """The subject is asked for where one is set, and nothing is shown once; where none is set it is refused."""
    told = {"name": "dora", "role": "approver", "login": "elsewhere", "subject": "7f3a"}
    assert "subject" not in rig.as_("alma").get("/console/settings/add-user").text
    assert rig.as_("alma").send("/console/settings/add-user", **told).status_code == 422
    other = with_oidc(rig)
    alma = other.as_("alma")
    assert ISSUER in alma.get("/console/settings/add-user").text
    assert "1 to 255 characters" in alma.send("/console/settings/add-user", **(told | {"subject": " "})).text
    answer = alma.send("/console/settings/add-user", **told)
    assert "dora can log in from now on" in answer.text
    with rig.home.engine.begin() as connection:
        assert user_named(connection, "dora").elsewhere == Elsewhere(ISSUER, "7f3a")
    assert "New password" not in answer.text
    assert alma.send("/console/settings/users/dora/password").status_code == 404


def test_roles_are_changed_when_nobody_was_faster(rig: Rig) -> None:
    """They count at once; who saw other roles is told so, and who ticks none is asked again."""
    alma = rig.as_("alma")
    status, text = with_roles(alma, "vera", "viewer", "analyst", "approver")
    assert status == 200
    assert "vera is analyst, approver from now on" in text
    assert roles(rig, "vera") == {Role.ANALYST, Role.APPROVER}
    status, text = with_roles(alma, "vera", "viewer", "admin")
    assert status == 409
    assert "meanwhile" in text
    status, text = with_roles(alma, "vera", "analyst approver")
    assert status == 422
    assert "Tick at least one" in text
    assert roles(rig, "vera") == {Role.ANALYST, Role.APPROVER}


def test_there_is_always_an_admin(rig: Rig) -> None:
    """The last one neither ends nor becomes something else; with another one, both can be."""
    alma = rig.as_("alma")
    assert with_roles(alma, "alma", "admin", "viewer")[0] == 422
    assert roles(rig, "alma") == {Role.ADMIN}
    with_roles(alma, "bea", "approver", "approver", "admin")
    bea = rig.as_("bea")
    status, text = with_roles(alma, "alma", "admin", "viewer")
    assert status == 200
    assert "alma is viewer from now on" in text
    assert bea.send("/console/settings/users/alma/end").status_code == 200
    with rig.home.engine.begin() as connection:
        assert is_last_admin(connection, "bea")
    assert bea.send("/console/settings/users/bea/end").status_code == 422


def test_a_new_password_ends_sessions(rig: Rig) -> None:
    """It is shown once; whoever was logged in must log in again."""
    alma, vera = rig.as_("alma"), rig.as_("vera")
    password = shown_secret(alma.send("/console/settings/users/vera/password").text)
    with rig.home.engine.begin() as connection:
        assert user_with_password(connection, "vera", password) is not None
    assert vera.get("/console/campaigns").url.path == "/console/login"
    assert alma.send("/console/settings/users/alma/password").status_code == 422


def test_a_user_is_logged_out_everywhere(rig: Rig) -> None:
    """All sessions end, and it is on record who did it."""
    alma, vera, other = rig.as_("alma"), rig.as_("vera"), rig.as_("vera")
    answer = alma.send("/console/settings/users/vera/sessions")
    assert "vera is logged out everywhere" in answer.text
    assert {one.get("/console/campaigns").url.path for one in (vera, other)} == {"/console/login"}
    assert documents(rig)[-1] == {"what": "user-logged-out", "user": "vera", "sessions": 2}


def test_an_ended_user_is_shown_and_not_changed(rig: Rig) -> None:
    """The page says since when; every change says that it is too late."""
    alma, vera = rig.as_("alma"), rig.as_("vera")
    answer = alma.send("/console/settings/users/vera/end")
    assert "vera has ended" in answer.text
    assert "<form" not in answer.text.split("<main")[1]
    assert vera.get("/console/campaigns").url.path == "/console/login"
    assert with_roles(alma, "vera", "viewer", "admin")[0] == 409
    assert alma.send("/console/settings/users/vera/password").status_code == 409
    assert alma.send("/console/settings/users/vera/end").status_code == 409
    assert alma.get("/console/settings/users/nobody").status_code == 404
    assert alma.send("/console/settings/users/nobody/sessions").status_code == 404


def test_a_form_of_another_session_changes_nothing(rig: Rig) -> None:
    """Without its token, or with that of another session, every form is refused."""
    alma = rig.as_("alma")
    for path in ("users/vera/end", "users/vera/password", "users/vera/sessions", "users/vera/roles", "add-user"):
        for token in ("", rig.as_("alma").token):
            answer = alma.client.post(f"/console/settings/{path}", data={"form": token, "name": "x", "role": "admin"})
            assert answer.status_code == 403
    with rig.home.engine.begin() as connection:
        assert user_named(connection, "vera").ended_at is None


def test_a_user_without_any_role_breaks_nothing(rig: Rig) -> None:
    """Every page is refused to such a user, and admins see that there is none."""
    with rig.home.engine.begin() as connection:
        connection.execute(update(USERS).where(USERS.c.name == "vera").values(roles=""))
    vera = rig.as_("vera")
    assert vera.get("/console/me").status_code == 403
    assert vera.get("/console/settings").status_code == 403
    alma = rig.as_("alma")
    assert ">none<" in alma.get("/console/settings").text
    assert "every page is refused" in alma.get("/console/settings/users/vera").text
    assert with_roles(alma, "vera", "", "viewer")[0] == 200


def test_names_of_another_provider_are_shown_as_text(rig: Rig) -> None:
    """What it calls a person, and itself, runs nowhere and turns no text about."""
    with rig.home.engine.begin() as connection:
        users = Users(connection, rig.home.trail, "alma", NOW)
        users.add("eve", frozenset({Role.VIEWER}), None, Elsewhere("<b>i", "\u202e<script>alert(1)</script>"))
    for path in ("/console/settings", "/console/settings/users/eve"):
        text = rig.as_("alma").get(path).text
        assert "<script>alert" not in text
        assert "\u202e" not in text
        assert "<b>i" not in text
