"""Who may open which page: every page of the table, for every role and for nobody, whatever its handler does."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from tests.console.conftest import NOW, USERS, Browser, Rig, made_home, rig_of

from stillwatch.console import routes
from stillwatch.console.page import Page
from stillwatch.console.routes import PAGES
from stillwatch.console.visit import Visit
from stillwatch.service.access.roles import RIGHTS, Right

PARTS = {
    "campaign": "c-relay00017",
    "exchange": "x-c-relay00017-1",
    "version": "0" * 64,
    "appeal": "00000000-0000-4000-8000-000000000001",
    "id": "indicator--00000000-0000-4000-8000-000000000001",
    "name": "vera",
}
"""Plausible parts of paths; every other part is a number."""
OPEN_FORMS = {"/me/password", "/me/sessions", "/audit/verify"}
"""Forms for whoever may look: they change nothing for anybody else."""
OPEN_ROUTES = {
    ("GET", "/console/static/{digest}/{name:path}"),
    ("GET", "/console/login"),
    ("POST", "/console/login"),
    ("GET", "/console/enter"),
    ("POST", "/console/logout"),
}
"""Routes before the door, besides those of a provider of identities."""
GETS = [page for page in PAGES if page.method == "GET"]
POSTS = [page for page in PAGES if page.method == "POST"]


def path_of(page: Page) -> str:
    """Path with its parts filled in."""
    return "/console" + re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: PARTS.get(found[1], "1"), page.path)


def named(page: Page) -> str:
    """Id of a test."""
    return f"{page.method} {page.path}"


@dataclass
class Marked:
    """A console whose handlers only note that they were reached."""

    rig: Rig
    browsers: dict[str, Browser]
    reached: list[tuple[str, str]] = field(default_factory=list)

    def taken(self) -> list[tuple[str, str]]:
        """Pages that were reached since the last look."""
        found, self.reached[:] = self.reached[:], []
        return found


def marking(page: Page, reached: list[tuple[str, str]]) -> Page:
    """The same page, which does nothing."""

    def answer(_visit: Visit) -> Response:
        reached.append((page.method, page.path))
        return PlainTextResponse("reached")

    return replace(page, answer=answer)


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marked]:
    """A console with every page of the table, in its order."""
    reached: list[tuple[str, str]] = []
    with made_home(tmp_path_factory.mktemp("marked")) as home:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(routes, "PAGES", tuple(marking(page, reached) for page in PAGES))
            rig = rig_of(home, lambda: NOW)
        yield Marked(rig, {name: rig.as_(name) for name in USERS}, reached)


def get(client: TestClient, path: str) -> Any:
    """A page, without going on to where it leads."""
    return client.get(path, follow_redirects=False)


def post(client: TestClient, path: str, token: str | None, **headers: str) -> Any:
    """A form with that token."""
    data = {} if token is None else {"form": token}
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return client.post(path, data=data, headers=kind | headers, follow_redirects=False)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_nobody_is_sent_to_the_login(marked: Marked, page: Page) -> None:
    """Without a session, or with a cookie that is none: to the login, with the page to go on to; no handler runs."""
    for cookie in (None, "A" * 43):
        client = marked.rig.client()
        if cookie is not None:
            client.cookies.set("stillwatch_session", cookie, path="/console")
        answer = get(client, path_of(page)) if page.method == "GET" else post(client, path_of(page), "A" * 44)
        assert answer.status_code == 303
        assert answer.headers["location"].partition("?")[0] == "/console/login"
    assert marked.taken() == []


@pytest.mark.parametrize("name", USERS)
@pytest.mark.parametrize("page", PAGES, ids=named)
def test_the_right_decides(marked: Marked, page: Page, name: str) -> None:
    """With it the very page is reached, without it the answer is 403, whatever the path holds."""
    browser, path = marked.browsers[name], path_of(page)
    answer = get(browser.client, path) if page.method == "GET" else post(browser.client, path, browser.token)
    if page.right in RIGHTS[USERS[name]]:
        assert answer.status_code == 200
        assert marked.taken() == [(page.method, page.path)]
    else:
        assert answer.status_code == 403
        assert f"right to {page.right.value}" in answer.text
        assert marked.taken() == []


@pytest.mark.parametrize("page", POSTS, ids=named)
def test_forms_of_others_are_refused(marked: Marked, page: Page) -> None:
    """No token, a wrong one, another session's, a good one sent from another site: 403, and no handler runs."""
    name = next(name for name, role in USERS.items() if page.right in RIGHTS[role])
    other = next(one for one in USERS if one != name)
    client, good, path = marked.browsers[name].client, marked.browsers[name].token, path_of(page)
    for token in (None, "", "x", "é", good[:-1], good + "=", good.lower(), marked.browsers[other].token, "A" * 10_000):
        assert post(client, path, token).status_code == 403, token
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver.evil.example"},
        {"origin": "http://testserver:81"},
    ):
        assert post(client, path, good, **headers).status_code == 403, headers
    assert marked.taken() == []


@pytest.mark.parametrize("page", POSTS, ids=named)
def test_what_is_no_form_is_refused(marked: Marked, page: Page) -> None:
    """Another type 415, too many bytes 413, what cannot be read 400; no handler runs."""
    name = next(name for name, role in USERS.items() if page.right in RIGHTS[role])
    browser, path = marked.browsers[name], path_of(page)
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", ""):
        answer = browser.client.post(path, content=f"form={browser.token}", headers={"content-type": kind})
        assert answer.status_code == 415, kind
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    large = f"form={browser.token}&x=" + "x" * page.most_bytes
    assert browser.client.post(path, content=large, headers=form).status_code == 413
    for wrong in (b"form=\xff", b"form=%ff", b"&".join(b"a=1" for _ in range(101))):
        assert browser.client.post(path, content=wrong, headers=form).status_code == 400
    assert marked.taken() == []


@pytest.mark.parametrize("page", GETS, ids=named)
def test_a_page_that_may_be_seen_does_not_fail(standing: Rig, page: Page) -> None:
    """The real handler, over example findings: shown, or not there, and never a failure of ours."""
    name = next(name for name, role in reversed(USERS.items()) if page.right in RIGHTS[role])
    answer = get(standing.as_(name).client, path_of(page))
    assert answer.status_code not in {401, 403, 500}
    assert "log says where" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_other_methods_are_none(marked: Marked) -> None:
    """Pages are looked at and sent; HEAD needs a session like the page."""
    ada = marked.browsers["ada"].client
    for page in PAGES:
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
            assert ada.request(method, path_of(page)).status_code == 405, (method, page.path)
        if page.method == "GET":
            assert marked.rig.client().head(path_of(page), follow_redirects=False).status_code == 303
    assert marked.taken() == []


def test_forms_that_anybody_may_send_are_few() -> None:
    """Whoever may only look changes nothing but what is their own."""
    assert {page.path for page in POSTS if page.right is Right.LOOK} == OPEN_FORMS
    assert {page.method for page in PAGES} == {"GET", "POST"}
    assert all(0 < page.most_bytes <= 1 << 20 for page in PAGES)
    assert len({(page.method, page.path) for page in PAGES}) == len(PAGES)


def test_nothing_else_is_open(marked: Marked) -> None:
    """Besides the pages of the table there are the login and our own files."""
    in_table = {(page.method, f"/console{page.path}") for page in PAGES}
    all_routes = [route for route in marked.rig.app.routes if isinstance(route, Route)]
    assert len(all_routes) == len(marked.rig.app.routes)
    there = {(method, route.path) for route in all_routes for method in route.methods or () if method != "HEAD"}
    assert there - in_table == OPEN_ROUTES
    assert in_table <= there


def test_rights_are_those_that_are_written_down() -> None:
    """Whoever changes a right, or adds a page, writes it in two places: the page's own, and `rights.txt` beside this.

    One line a page, in the order of the table: method, path, right.
    """
    written = (Path(__file__).parent / "rights.txt").read_text(encoding="utf-8").splitlines()
    assert [f"{page.method} {page.path or '/'} {page.right.value}" for page in PAGES] == written
