"""A harvest whose accounts, prompts and clients are code: from the collector to customers and analysts.

HTML, SQL, CEL, templates, terminal codes, ends of headers, formulas and paths stand wherever a customer can write.
"""

import json
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.service.hostile.asking import throttled
from tests.service.hostile.front import Front, front
from tests.service.hostile.harvested import N_SHELLS, harvested, run
from tests.service.pages.visitor import hidden_fields

CODE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'); DROP TABLE decisions; --",
    "{{ 7 * 191 }}{% include '/etc/passwd' %}${7*191}",
    "stream.accused || account.is_protected == false",
    "../../../../etc/passwd",
    '=HYPERLINK("http://evil.example")',
    "\u202etxt.exe\u2028\u200b",
    "a%0d%0ax-evil: 1%00",
    "{rate_per_minute} {appeal_url} %s %n",
)
UNSEEN = ("\x1b[31m\x1b]0;owned\x07", "\x00\x08\x7f", "\r\nx-evil: 1\r\n\r\n<script>")
"""Of prompts alone: no id may hold control characters."""
LONG = "<b>{{7*191}}'\u202e" * 3000


def changed(row: dict[str, Any]) -> None:
    """Code for the harvest, wherever there is room for it."""
    account = row["account_id"]
    if not account.startswith("shell-"):
        return
    code = CODE[int(account.partition("-")[2]) % len(CODE)]
    row["account_id"] = row["organisation_id"] = f"{account} {code}"
    row["end_user_id"] = row["client_build"] = row["model"] = row["user_agent"] = code
    row["prompt_text"] += " " + code + UNSEEN[int(row["exchange_id"][1:]) % len(UNSEEN)]


@pytest.fixture(scope="module")
def coded(salt: Path) -> Iterator[Front]:
    """A service that has found it."""
    with front(harvested(salt.parent / "coded", changed)) as opened:
        yield opened


def shells() -> Iterator[int]:
    """Of the accounts one for each piece of code, fewer than a blast radius counts."""
    return iter(range(min(9, N_SHELLS)))


def is_seen(text: str) -> bool:
    """Whether a text draws what it says: nothing moves other text about, nothing speaks to a terminal."""
    return all(unicodedata.category(one) not in {"Cc", "Cf", "Zl", "Zp"} for one in text if one not in "\n\t")


def shown(page: str) -> str:
    """Text of a page without its tags, of which there are none but ours."""
    assert not re.search(r"<(script|img|iframe)\b", page)
    assert " onerror" not in re.sub(r">[^<]*<", "><", page)
    return unescape(re.sub(r"<[^>]*>", " ", page))


def test_gateways_and_customers(coded: Front) -> None:
    """Each account is found and slowed down; answers, headers and pages show its code as text, and obey none."""
    with coded.client() as client, coded.client("127.0.0.60", "") as customer:
        for shell in shells():
            told = throttled(client, coded.home, shell)
            answer = client.post("/v1/decide", json=coded.home.asks(shell))
            assert answer.json()["decision_id"] == told["decision_id"]
            assert "x-evil" not in answer.headers
            assert json.dumps(told).count("1337") == json.dumps(told["appeal_url"]).count("1337")
            link = urlsplit(told["appeal_url"]).path
            page = customer.get(link)
            text = shown(page.text)
            assert is_seen(text)
            form = {"form": hidden_fields(page.text)["form"], "grounds": "other", "contact": CODE[shell]}
            sent = customer.post(link, data=form | {"statement": " ".join((*CODE, *UNSEEN[:1]))})
            assert sent.status_code == 303
            assert is_seen(shown(customer.get(link).text))


def test_bodies_that_are_code(coded: Front) -> None:
    """NUL, half characters, fifty kilobytes of code, in every dialect: taken or put aside, and answered as text."""
    row = {"exchange_id": "c", "time": 1.7e9, "account_id": CODE[0], "prompt_text": LONG}
    lines = [
        json.dumps(row).encode(),
        json.dumps(row | {"exchange_id": "nul", "prompt_text": "\0" * 50_000}).encode(),
        b'{"exchange_id": "half", "time": 1.7e9, "account_id": "a", "prompt_text": "\\ud800 \\udfff"}',
        b'{"exchange_id": "\\u0000", "time": 1.7e9, "account_id": "\\u0000"}',
        LONG.encode(),
    ]
    with coded.client() as client:
        told = client.post("/v1/exchanges", content=b"\n".join(lines)).raise_for_status()
        assert told.json()["received"] == len(lines)
        assert "<b>" not in told.text
        for one in (json.dumps({"account_id": LONG}), json.dumps({"account_id": CODE[0], "prompt_text": LONG})):
            answer = client.post("/v1/decide", content=one)
            assert answer.status_code in {200, 400}
            assert "<b>" not in answer.text
        assert client.post("/v1/decide", content=b'{"account_id": "\\ud800"}').status_code == 400


def test_analysts(coded: Front, tmp_path: Path) -> None:
    """Cases, appeals, the record, the page of findings and the bundle show it as text; the record is whole."""
    home = coded.home
    with coded.client() as client:
        throttled(client, home, 0)
    (case,) = json.loads(run("case", "list", "--json", at=home))
    told = [
        run("case", "list", at=home),
        run("case", "show", case["case_id"], at=home),
        run("case", "show", case["case_id"], "--json", at=home),
        run("audit", "show", "--last", "500", at=home),
        run("audit", "show", "--last", "500", "--json", at=home),
        run("appeal", "list", at=home),
        run("policy", "list", at=home),
        run("token", "list", at=home),
    ]
    assert all(map(is_seen, told))
    assert all("1337" not in _without_ids(text) for text in told)
    for page in home.settings.folder.glob("watch/findings/*.html"):
        shown(page.read_text(encoding="utf-8"))
    bundle = tmp_path / "bundle.zip"
    run("case", "export", case["case_id"], "--by", "ada", "--out", str(bundle), at=home)
    with zipfile.ZipFile(bundle) as opened:
        assert all(re.fullmatch(r"[\w.-]+(/[\w.-]+)*", name) for name in opened.namelist())
    assert run("audit", "verify", at=home).startswith("good:")


def _without_ids(text: str) -> str:
    """Ids and digests may hold any digits."""
    return re.sub(r"\b[0-9a-f]{8,}\b|\b[0-9a-f]+-[0-9a-f-]+\b", "", text)


def test_it_is_a_harvest_of_code(coded: Front) -> None:
    """The harvest carries what it is meant to: without that nothing above would be tried."""
    accounts = {str(row["account_id"]) for row in coded.home.shells}
    assert len(accounts) == N_SHELLS
    assert all(any(code in account for account in accounts) for code in CODE)
