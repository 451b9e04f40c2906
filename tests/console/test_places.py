"""The menu: what somebody may open, and no more."""

import pytest
from tests.console.conftest import USERS, Rig

from stillwatch.console.places import _PLACES, places_for
from stillwatch.console.routes import PAGES
from stillwatch.service.access.roles import RIGHTS, Role

MENU = {
    Role.VIEWER: ["today", "campaigns", "policies", "sharing", "trace", "audit"],
    Role.ANALYST: ["today", "campaigns", "policies", "appeals", "sharing", "trace", "audit"],
    Role.APPROVER: ["today", "campaigns", "policies", "appeals", "sharing", "trace", "audit"],
    Role.ADMIN: ["today", "campaigns", "policies", "sharing", "trace", "audit", "settings"],
}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_sees_its_places(role: Role) -> None:
    """In the order of a day's work; where one scan is shown, without those of a service."""
    assert [place.name for place in places_for(RIGHTS[role], is_local=False)] == MENU[role]
    of_service = {"appeals", "settings"}
    local = [name for name in MENU[role] if name not in of_service]
    assert [place.name for place in places_for(RIGHTS[role], is_local=True)] == local


def test_nobody_sees_nothing() -> None:
    """Without a right there is no place."""
    assert places_for([], is_local=False) == []


def test_each_place_is_a_page_of_the_same_right() -> None:
    """The menu leads nowhere where one is refused."""
    rights = {page.path: page.right for page in PAGES if page.method == "GET"}
    for place in _PLACES:
        assert rights[place.path.removeprefix("/console")] is place.right, place.name


@pytest.mark.parametrize("name", USERS)
def test_the_menu_of_a_page_is_the_users(standing: Rig, name: str) -> None:
    """Every entry stands in it, and the page that is shown is marked."""
    text = standing.as_(name).get("/console").text
    for place in _PLACES:
        assert (f'<a href="{place.path}"' in text) is (place.name in MENU[USERS[name]]), place.name
    assert text.count('aria-current="page"') == 1
