"""What strangers and customers of ill will try at the appeal page."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from starlette.requests import ClientDisconnect, Request
from tests.act.desk import NOW, Office, decision, notice
from tests.service.pages.visitor import LINKS, WORDS, Visitor, link, visitor

from stillwatch.act.appeals.filing import appeal_against
from stillwatch.act.appeals.links import AppealLinks
from stillwatch.act.appeals.tables import APPEALS
from stillwatch.act.secret import ServiceSecret
from stillwatch.service.pages import fields
from stillwatch.service.pages.appeals import AppealPaces
from stillwatch.web.pace import Pace

INJECTIONS = (
    "<script>alert(1)</script> and some more words",
    '"><img src=x onerror=alert(1)> and some more words',
    "{{ ''.__class__.__mro__[1].__subclasses__() }} {% include '/etc/passwd' %}",
    "'); DROP TABLE customer_appeals; -- and more words",
    'request.country == "XX" || true && stream.bits > 0.0',
    '=HYPERLINK("http://evil.example") and more words',
    "\u202etxt.exe \x1b[31m red and some more words",
)
FORM = "application/x-www-form-urlencoded"


def n_filed(office: Office) -> int:
    """Appeals in the database."""
    with office.engine.begin() as connection:
        return connection.execute(select(func.count()).select_from(APPEALS)).scalar_one()


def test_wrong_links_and_links_to_nothing_look_the_same(opened: Office) -> None:
    """A made-up link, one of another key, one cut off and a good one to no decision: the same bytes and headers."""
    customer = visitor(opened)
    other = AppealLinks(ServiceSecret(b"x" * 32), "http://testserver")
    paths = [
        "/appeal/nothing",
        "/appeal/" + "A" * 76,
        link()[:-1],
        other.appeal_url(decision()).removeprefix("http://testserver"),
        link(7),
        "/appeal/..%5c..%5cetc",
        "/appeal/%00",
        "/appeal/" + "x" * 5000,
    ]
    answers = [customer.see(path) for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1
    posts = [customer.client.post(path, data={"form": "x"}) for path in paths]
    assert {(answer.status_code, answer.content) for answer in posts} == {(404, answers[0].content)}


def test_brute_force_is_stopped_and_shuts_nobody_out(opened: Office) -> None:
    """After some wrong links a source waits; however many sources try, a good link from elsewhere opens."""
    opened.tell(notice())
    source = itertools.count()
    paces = AppealPaces(misses=Pace(3, 10, 600, clock=lambda: 0.0))
    thief = visitor(opened, paces, source=lambda: f"192.0.2.{next(source) // 5}")
    found = [thief.see(f"/appeal/{'A' * 70}{n:06}").status_code for n in range(100)]
    assert found.count(404) == 10
    assert found.count(429) == 90
    assert int(thief.see("/appeal/x").headers["retry-after"]) > 0
    assert thief.see(link()).status_code == 200


def test_visits_and_filings_are_limited(opened: Office) -> None:
    """Even with a good link nobody may ask or send without end; another source and another link still may."""
    opened.tell(notice(1), notice(2))
    where = ["192.0.2.1"]
    paces = AppealPaces(visits=Pace(6, None, 60, clock=lambda: 0.0), filings=Pace(2, None, 60, clock=lambda: 0.0))
    customer = visitor(opened, paces, source=lambda: where[0])
    assert [customer.see(link()).status_code for _ in range(7)] == [200] * 6 + [429]
    where[0] = "192.0.2.2"
    assert [customer.send(link(1), "x").status_code for _ in range(3)] == [403, 403, 429]
    assert [customer.send(link(2), "x").status_code for _ in range(3)] == [403, 403, 429]


def test_a_flood_of_forms_closes_the_page_to_nobody(opened: Office) -> None:
    """From two hundred sources, to links of nothing and to one good link: whoever has another good one can file."""
    opened.tell(notice(1), notice(2))
    source = itertools.count()
    flood = visitor(opened, source=lambda: f"198.51.100.{next(source) // 20 % 200}")
    for path in (link(1), "/appeal/" + "A" * 76):
        answers = [flood.client.post(path, data={"form": "x"}).status_code for _ in range(700)]
        assert set(answers) <= {403, 404, 429}
    assert Visitor(flood.client).send(link(2)).status_code == 303


def test_a_form_that_comes_in_drops_is_cut_off(opened: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends a form slower than anybody does is told so; to a link of nothing nothing is read at all."""
    monkeypatch.setattr(fields, "MOST_S", 0.05)
    opened.tell(notice())
    read: list[int] = []

    async def drops() -> AsyncIterator[bytes]:
        while True:
            read.append(1)
            yield b"x"
            await asyncio.sleep(0.01)

    client = visitor(opened).client
    assert client.post("/appeal/nothing", content=drops(), headers={"content-type": FORM}).status_code == 404
    assert not read
    assert client.post(link(), content=drops(), headers={"content-type": FORM}).status_code == 408
    assert n_filed(opened) == 0


def test_whoever_goes_away_in_the_middle_is_no_error(opened: Office) -> None:
    """A form that is cut off is answered like one that cannot be read, and nothing is kept of it."""
    opened.tell(notice())

    class Gone(Request):
        """A request whose sender has left."""

        async def stream(self) -> AsyncGenerator[bytes, None]:
            yield b"grounds=other&sta"
            raise ClientDisconnect

    gone = Gone({"type": "http", "method": "POST", "headers": [(b"content-type", FORM.encode())]})
    with pytest.raises(fields.Unreadable, match="Bad Request"):
        asyncio.run(fields.fields_of(gone))


@pytest.mark.parametrize("words", INJECTIONS)
def test_free_fields_are_text(opened: Office, words: str) -> None:
    """HTML, templates, SQL, rules and formulas are kept as text, and a page that shows them shows text."""
    opened.tell(notice())
    customer = visitor(opened)
    shown = customer.send(link(), statement=words, contact=words, grounds=words)
    assert shown.status_code == 422
    for raw in ("<script>", "<img", "<class", "root:"):
        assert raw not in shown.text
    assert customer.send(link(), statement=words, contact=words).status_code == 303
    with opened.engine.begin() as connection:
        filed = appeal_against(connection, notice().decision_id)
    assert filed is not None
    assert filed.statement == words.replace("\x1b", "")
    assert n_filed(opened) == 1


def test_reasons_and_answers_cannot_write_into_the_page(opened: Office) -> None:
    """Whatever a policy's reason holds is escaped, its hidden characters shown."""
    told = [f"{words} {n}" for n, words in enumerate(INJECTIONS)]
    for n, words in enumerate(told, 1):
        opened.tell(replace(notice(n), reason=words))
        page = visitor(opened).see(link(n)).text
        assert "<script>" not in page
        assert "<img" not in page
        assert "\u202e" not in page


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_forms_of_other_sites_file_nothing(opened: Office, site: str) -> None:
    """A form that another site sends is refused, even with a good token, and no token at all is as bad."""
    opened.tell(notice())
    customer = visitor(opened)
    told = {"form": customer.token(link()), "grounds": "other", "statement": WORDS}
    assert customer.client.post(link(), data=told, headers={"sec-fetch-site": site}).status_code == 403
    assert customer.client.post(link(), data=told | {"form": ""}).status_code == 403
    assert n_filed(opened) == 0


def test_a_token_of_another_link_files_nothing(opened: Office) -> None:
    """The token of one's own form is worth nothing at somebody else's link, nor when it is old."""
    opened.tell(notice(1), notice(2, account_id="acct-victim"))
    customer = visitor(opened)
    mine = customer.token(link(1))
    assert customer.send(link(2), mine).status_code == 403
    customer.now[0] = NOW + timedelta(hours=5)
    late = customer.send(link(1), mine)
    assert late.status_code == 403
    assert WORDS in late.text
    assert n_filed(opened) == 0


def test_replayed_forms_change_nothing(opened: Office) -> None:
    """The same form again, and a new one for the same link, lead to the status of the first."""
    opened.tell(notice())
    customer = visitor(opened)
    form = customer.token(link())
    assert customer.send(link(), form).status_code == 303
    assert customer.send(link(), form, statement="something quite different now").status_code == 303
    with opened.engine.begin() as connection:
        filed = appeal_against(connection, notice().decision_id)
    assert filed is not None
    assert filed.statement == WORDS


def test_of_many_forms_at_once_one_counts(opened: Office) -> None:
    """Eight browsers send at one moment: all are led to the status, one appeal is filed."""
    opened.tell(notice())
    customer = visitor(opened)
    form = customer.token(link())

    def one(n: int) -> int:
        return Visitor(customer.client).send(link(), form, statement=f"{n} {WORDS}").status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(8))) == {303}
    assert n_filed(opened) == 1


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a=" + b"x" * (10 << 20), FORM, 413),
        (b"x", "application/json", 415),
        (b"--x\r\n", "multipart/form-data; boundary=x", 415),
        (b"a=1&" * 50, FORM, 400),
        (b"statement=%ff%fe", FORM, 400),
        ("statement=ü".encode(), FORM, 400),
    ],
)
def test_bodies_that_are_no_form(opened: Office, body: bytes, kind: str, status: int) -> None:
    """Ten megabytes, other types, too many fields and what is no text are refused with a page, and nothing is kept."""
    opened.tell(notice())
    answered = visitor(opened).client.post(link(), content=body, headers={"content-type": kind})
    assert answered.status_code == status
    assert "could not be read" in answered.text
    assert n_filed(opened) == 0


def test_a_long_body_without_a_length_is_cut(opened: Office) -> None:
    """Who does not say how much is coming is stopped at the limit, and a false length helps nobody."""
    opened.tell(notice())
    client = visitor(opened).client

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 8192

    assert client.post(link(), content=pieces(), headers={"content-type": FORM}).status_code == 413
    headers = {"content-type": FORM, "content-length": "-5"}
    assert client.post(link(), content=b"", headers=headers).status_code == 413


def test_a_field_twice_counts_as_none(opened: Office) -> None:
    """Of two values for one field no choice is made for the customer."""
    opened.tell(notice())
    customer = visitor(opened)
    body = f"form={customer.token(link())}&grounds=other&grounds=research&statement={'x' * 30}"
    answered = customer.client.post(link(), content=body, headers={"content-type": FORM})
    assert answered.status_code == 422
    assert n_filed(opened) == 0


def test_links_do_not_help_to_make_links() -> None:
    """Tokens of neighbouring decisions share no code: nothing of one tells of the next."""
    codes = {LINKS.token(decision(n).decision_id, NOW)[34:] for n in range(50)}
    assert len(codes) == 50
    assert len({code[:6] for code in codes}) == 50


def test_a_forged_host_leads_nobody_away(opened: Office) -> None:
    """After a form the browser is sent to the same link, whatever host the request named."""
    opened.tell(notice())
    customer = visitor(opened)
    told = {"form": customer.token(link()), "grounds": "other", "statement": WORDS}
    answered = customer.client.post(
        link(), data=told, headers={"host": "evil.example", "x-forwarded-host": "evil.example"}
    )
    assert answered.status_code == 303
    assert answered.headers["location"] == link().rpartition("/")[2]
