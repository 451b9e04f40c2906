"""Exchanges: masked until somebody gives a reason, on record before a word is shown, and text whatever it holds."""

import logging
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.console.conftest import NOW, Rig, rig_of
from tests.console.exchanges.kept import ANSWER, CAMPAIGN, EXCHANGE_ID, PATH, PROMPT, SECRET, keep, kept
from tests.report.examples import example_findings

from stillwatch.act.audit.verify import verify
from stillwatch.act.cases.reveals import reveals_of
from stillwatch.console.exchanges import showing
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES
from stillwatch.report import write_findings

WHY = "Is this the template?"


@pytest.fixture
def full(rig: Rig) -> Rig:
    """A console that keeps the traffic of one hour."""
    keep(rig.home.traffic, kept("x-other"), kept())
    return rig


def n_entries(rig: Rig) -> int:
    """Entries of the ledger."""
    with rig.home.engine.begin() as connection:
        return len(connection.execute(select(ENTRIES.c.index)).all())


def test_no_word_before_a_reason(full: Rig) -> None:
    """Neither the lists nor the page of the exchange hold anything that was said, or that tells the customer."""
    ada = full.as_("ada")
    for path in (
        "/console",
        "/console/campaigns",
        f"/console/campaigns/{CAMPAIGN}",
        f"/console/campaigns/{CAMPAIGN}/streams",
        f"/console/campaigns/{CAMPAIGN}/exchanges",
        PATH,
    ):
        answer = ada.get(path)
        assert answer.status_code == 200, path
        assert SECRET not in answer.text, path
        assert "203.0.113.7" not in answer.text, path
    page = ada.get(PATH).text
    assert "Reveal this one" in page
    assert "large-4&lt;b&gt;" in page
    assert "1,234" in page


def test_revealed_once_for_a_reason_on_record(full: Rig) -> None:
    """The answer to the form shows it; the next look at the page does not, and tells who looked."""
    ada = full.as_("ada")
    shown = ada.send(PATH, reason=WHY)
    assert shown.status_code == 200
    assert SECRET in shown.text
    assert ANSWER in shown.text
    assert f"{SECRET} of the system" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert SECRET not in str(shown.url)
    again = ada.get(PATH)
    assert SECRET not in again.text
    assert WHY in again.text
    assert "<b>ada</b>" in again.text
    assert SECRET not in ada.get(f"/console/campaigns/{CAMPAIGN}").text
    with full.home.engine.begin() as connection:
        (done,) = reveals_of(connection, [CAMPAIGN])
        assert (done.by, done.exchange_id, done.reason, done.at) == ("ada", EXCHANGE_ID, WHY, NOW)
        assert verify(connection, keys=full.console.keys).ledger.size == done.entry + 1
        assert SECRET not in str(connection.execute(select(DOCUMENTS.c.document)).scalars().all())


def test_hostile_prompts_are_text(full: Rig) -> None:
    """No tag, no template, no direction that leaves its place, no hidden character; lines are kept."""
    page = full.as_("ada").send(PATH, reason=WHY).text
    start = page.index(SECRET, page.index("<h2>Prompt</h2>"))
    shown = page[start : page.index("</div>", start)]
    assert "<script" not in shown
    assert "<img" not in shown
    assert "{{7*7}}" in shown
    assert not {"\u202e", "\u202c", "\u200b", "\u200d", "\x00", "\x1b", "\u2028"} & set(page)
    assert all(f">U+{code}<" in shown for code in ("202E", "200B", "200D", "0000", "001B", "2028"))
    assert "\nsecond line" in shown
    assert '<bdi dir="auto">' in page[start - 40 : start]
    assert unescape(PROMPT[:30]) in unescape(shown)


def test_a_line_of_50_kb(rig: Rig) -> None:
    """It is shown whole, with its length."""
    keep(rig.home.traffic, kept(prompt_text="<b>" + "x" * 50_000))
    page = rig.as_("ada").send(PATH, reason=WHY).text
    assert "x" * 50_000 in page
    assert "50,003 characters" in page


def test_content_that_was_hashed_or_left_out(rig: Rig) -> None:
    """What is kept is shown as it is; what is not is said to be none."""
    digest = "sha256:" + "ab" * 32
    keep(rig.home.traffic, kept(prompt_text=digest, system_text=None, output_text=None))
    page = rig.as_("ada").send(PATH, reason=WHY).text
    assert digest in page
    assert page.count("None was kept.") == 2


@pytest.mark.parametrize("reason", ["", "abc", "    a    ", "x" * 301])
def test_without_a_reason_nothing_is_shown(full: Rig, reason: str) -> None:
    """The form again with what was typed and what is wrong with it; nothing is on record."""
    before = n_entries(full)
    answer = full.as_("ada").send(PATH, reason=reason)
    assert answer.status_code == 422
    assert "reason must have 5 to 300 characters" in answer.text
    assert f'value="{reason[:300]}"' in answer.text
    assert SECRET not in answer.text
    assert n_entries(full) == before


def test_a_reason_is_text(full: Rig) -> None:
    """Whatever it holds, in the answer, in the history and on the page."""
    ada = full.as_("ada")
    nasty = "\"><script>alert(1)</script>{{7*7}}'"
    for page in (ada.send(PATH, reason=nasty), ada.get(PATH), ada.get(f"/console/campaigns/{CAMPAIGN}")):
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert(1)" in page.text
    assert "<script>alert" not in ada.send(PATH, reason='"><script>alert(1)</script>' + "x" * 300).text


def test_it_is_on_record_before_it_is_shown(full: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it cannot be recorded nothing is shown; when the page fails after it, it stays recorded."""

    def broken(*_: object) -> None:
        raise RuntimeError

    ada = full.as_("ada")
    with monkeypatch.context() as patch:
        patch.setattr(showing, "reveal", broken)
        answer = ada.send(PATH, reason=WHY)
        assert (answer.status_code, SECRET in answer.text) == (500, False)
    before = n_entries(full)
    seen: list[int] = []

    def rendered(*_: object) -> None:
        seen.append(n_entries(full))
        raise RuntimeError

    monkeypatch.setattr("stillwatch.console.visit.rendered", rendered)
    ada.client.post(PATH, data={"form": ada.token, "reason": WHY})
    assert seen[0] == before + 1


@pytest.mark.parametrize("name", ["vera", "alma"])
def test_whoever_may_not_sees_no_form_and_no_word(full: Rig, name: str) -> None:
    """A viewer and an admin see that there are exchanges, and nothing of one; nothing is recorded."""
    browser, before = full.as_(name), n_entries(full)
    assert browser.get(PATH).status_code == 403
    answer = browser.send(PATH, reason=WHY)
    assert (answer.status_code, SECRET in answer.text) == (403, False)
    assert browser.get(f"/console/campaigns/{CAMPAIGN}/exchanges").status_code == 200
    assert n_entries(full) == before


def test_an_exchange_of_another_campaign_is_none(full: Rig) -> None:
    """By its own campaign only, also when its traffic is kept; nor is one that nobody found."""
    ada, before = full.as_("ada"), n_entries(full)
    for path in (
        f"/console/campaigns/c-tool000001/exchanges/{EXCHANGE_ID}",
        f"/console/campaigns/{CAMPAIGN}/exchanges/x-other",
        f"/console/campaigns/c-none/exchanges/{EXCHANGE_ID}",
        f"/console/campaigns/{CAMPAIGN}/exchanges/x%00y",
    ):
        assert ada.get(path).status_code == 404, path
        answer = ada.send(path, reason=WHY)
        assert (answer.status_code, SECRET in answer.text) == (404, False), path
    assert n_entries(full) == before


def test_what_is_not_kept_any_more_is_not_revealed(rig: Rig) -> None:
    """The page says so; a form that is sent all the same reveals and records nothing."""
    ada, before = rig.as_("ada"), n_entries(rig)
    assert "It is not kept here" in ada.get(PATH).text
    assert ada.send(PATH, reason=WHY).status_code == 404
    assert n_entries(rig) == before


def test_traffic_that_cannot_be_read(full: Rig) -> None:
    """A damaged file is told, and nothing is on record."""
    path = next(full.home.traffic.rglob("*.parquet"))
    path.write_bytes(b"PAR1")
    before = n_entries(full)
    answer = full.as_("ada").send(PATH, reason=WHY)
    assert (answer.status_code, SECRET in answer.text) == (503, False)
    assert n_entries(full) == before


def test_ids_of_exchanges_may_hold_anything(rig: Rig) -> None:
    """They come from logs: slashes, spaces, signs of markup; the list leads to the page."""
    name = "chatcmpl/1 <b>?#&é"
    made = example_findings()
    row = made.exchanges.to_pylist()[0] | {"campaign_id": CAMPAIGN, "exchange_id": name}
    exchanges = type(made.exchanges).from_pylist([row | {"account_id": kept()["account_id"]}], made.exchanges.schema)
    write_findings(replace(made, exchanges=exchanges), rig.home.findings)
    keep(rig.home.traffic, kept(name))
    ada = rig.as_("ada")
    listed = ada.get(f"/console/campaigns/{CAMPAIGN}/exchanges").text
    (href,) = [part.split('"')[0] for part in listed.split('href="')[1:] if "chatcmpl" in part.split('"')[0]]
    assert "chatcmpl/1 &lt;b&gt;" in ada.get(unescape(href)).text
    assert SECRET in ada.send(unescape(href), reason=WHY).text


def test_the_list_is_paged_and_filtered(standing: Rig) -> None:
    """Of one account; a page too far and an account that is none are empty, not failures."""
    ada = standing.as_("ada")
    path = f"/console/campaigns/{CAMPAIGN}/exchanges"
    account = kept()["account_id"]
    assert "1 to 3 of 3 exchanges" in ada.get(path).text
    assert "1 to 3 of 3 exchanges" in ada.get(f"{path}?account={account}").text
    for query in ("account=nobody", "page=1000000", "account=%27%20OR%201=1", "account=%3Cscript%3E"):
        answer = ada.get(f"{path}?{query}")
        assert (answer.status_code, "No exchange fits" in answer.text) == (200, True), query
        assert "<script>" not in answer.text.replace("<script src", "")
    assert ada.get(f"{path}?page={'9' * 4_500}").status_code == 200


def test_no_log_record_holds_a_word(full: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """Neither when it is shown nor when something fails."""
    with caplog.at_level(logging.DEBUG):
        ada = full.as_("ada")
        ada.get(PATH)
        ada.send(PATH, reason=WHY)
        ada.send(PATH, reason="")
    told = "\n".join(f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records)
    assert SECRET not in told


def test_out_of_the_logs_of_a_scan(rig: Rig, tmp_path: Path) -> None:
    """A console over one scan looks into the logs that it was given, and says so when it was given none."""
    path = keep(tmp_path / "logs", kept())
    local = rig_of(rig.home, lambda: NOW, is_local=True, logs=(path,))
    assert SECRET in local.as_("ada").send(PATH, reason=WHY).text
    without = rig_of(rig.home, lambda: NOW, is_local=True)
    assert "--logs PATH" in without.as_("ada").get(PATH).text
