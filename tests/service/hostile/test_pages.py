"""Browsers at the whole service: what stands in the headers, and forms of other sites."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import func, select
from tests.service.hostile.asking import throttled
from tests.service.hostile.front import Front
from tests.service.pages.visitor import hidden_fields

from stillwatch.act.appeals.tables import APPEALS
from stillwatch.service.openapi import document

BARE = "default-src 'none'; frame-ancestors 'none'"
WORDS = "We are a school and our pupils all use one worksheet."


@pytest.fixture
def customer(shared: Front) -> Iterator[httpx.Client]:
    """A browser without a token, at an address of its own."""
    with shared.client("127.0.0.30", "") as client:
        yield client


@pytest.fixture
def link(shared: Front) -> str:
    """Path of the link in a refusal."""
    with shared.client() as client:
        return str(urlsplit(throttled(client, shared.home, 7)["appeal_url"]).path)


def n_filed(shared: Front) -> int:
    """Appeals in the database."""
    with shared.service.home.engine.begin() as connection:
        return connection.execute(select(func.count()).select_from(APPEALS)).scalar_one()


@pytest.mark.parametrize("path", [*document()["paths"], "/nowhere"])
def test_every_answer_keeps_a_browser_from_doing_anything(customer: httpx.Client, path: str) -> None:
    """No answer may be framed, run, guessed at or stored, and none sets a cookie."""
    answer = customer.get(path.replace("{package}", "a").replace("{token}", "a"))
    headers = answer.headers
    assert len(headers.get_list("content-security-policy")) == 1
    is_page = headers.get("content-type", "").startswith("text/html")
    policy = headers["content-security-policy"]
    assert policy == BARE or (is_page and "default-src 'none'" in policy and "frame-ancestors 'none'" in policy)
    assert headers.get_list("x-content-type-options") == ["nosniff"]
    assert headers.get_list("cache-control") == ["no-store"]
    assert headers.get_list("referrer-policy") == ["no-referrer"]
    assert "set-cookie" not in headers
    assert "server" not in headers


def test_the_page_keeps_what_it_says(customer: httpx.Client, link: str) -> None:
    """The whole application's headers take nothing from those of the page: its style and its form are allowed."""
    answer = customer.get(link)
    assert answer.status_code == 200
    (policy,) = answer.headers.get_list("content-security-policy")
    parts = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    assert parts["style-src"].startswith("'sha256-")
    assert (parts["default-src"], parts["frame-ancestors"], parts["form-action"]) == ("'none'", "'none'", "'self'")
    assert "script-src" not in parts
    assert answer.headers["x-frame-options"] == "DENY"


def test_forms_of_other_sites_file_nothing(shared: Front, customer: httpx.Client, link: str) -> None:
    """Neither a form without our token nor one that a browser says comes from elsewhere; the customer's own does."""
    before = n_filed(shared)
    form = hidden_fields(customer.get(link).text)["form"]
    told = {"form": form, "grounds": "research", "statement": WORDS}
    forged = [
        ({**told, "form": ""}, "same-origin"),
        ({**told, "form": form[:-2] + "AA"}, "same-origin"),
        (told, "cross-site"),
        (told, "same-site"),
    ]
    for fields, site in forged:
        answer = customer.post(link, data=fields, headers={"sec-fetch-site": site, "origin": "https://evil.example"})
        assert answer.status_code == 403
        assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert n_filed(shared) == before
    sent = customer.post(link, data=told, headers={"sec-fetch-site": "same-origin"})
    assert (sent.status_code, sent.headers["location"]) == (303, link.rpartition("/")[2])
    assert n_filed(shared) == before + 1
    assert "We have your appeal" in customer.get(link).text
