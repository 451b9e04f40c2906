"""Pages of the audit: the list, one entry with its proof, what came of verifying everything, and the files."""

import json
import time
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import update
from tests.act.desk import Office
from tests.console.audit.recorded import decided, note, revealed
from tests.console.conftest import Rig
from tests.page import Page

from stillwatch.console.audit import exporting
from stillwatch.console.audit.asked import AskedAudit
from stillwatch.console.audit.verifying import Outcome, Outcomes
from stillwatch.errors import MissingData
from stillwatch.ledger.audit import audit
from stillwatch.ledger.book import forget
from stillwatch.ledger.entry import Entry, Kind, Opening, is_of
from stillwatch.ledger.head import head_of, verify_head
from stillwatch.ledger.proof import Proof, check_proof
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES, HEADS

AUDIT = "/console/audit"


def desk_of(rig: Rig) -> Office:
    """Database and trail of the rig's service."""
    return Office(rig.home.engine, rig.home.trail)


def test_a_reveal_reads_well(rig: Rig) -> None:
    """Who looked at which prompt, and why, stands in the list and on its own page."""
    index = revealed(desk_of(rig))
    vera = rig.as_("vera")
    for path in (AUDIT, f"{AUDIT}?kind=disclosure", f"{AUDIT}?about=exchange&id=x-1", f"{AUDIT}/{index}"):
        text = Page(vera.get(path).text).text
        assert "ada looked at exchange x-1 of campaign c-1 : to see whose worksheet it is" in text


def test_filters_are_kept_and_wrong_ones_left_out(rig: Rig) -> None:
    """What was asked for stands in the form and in the links that follow; nonsense is not asked for."""
    note(desk_of(rig), 60)
    text = rig.as_("vera").get(f"{AUDIT}?kind=case&actor=ada&from=2026-11-01&to=2026-12-01").text
    assert '<option value="case" selected>' in text
    assert "kind=case&amp;actor=ada&amp;from=2026-11-01&amp;to=2026-12-01&amp;before=" in text
    for wrong in ("kind=nothing", "from=yesterday", "about=campaign", "before=-1", "before=x", "to=0000-00-00"):
        assert rig.as_("vera").get(f"{AUDIT}?{wrong}").status_code == 200


def test_nothing_fits(rig: Rig) -> None:
    """A filter that finds nothing says whether everything was searched."""
    assert "Nothing on record fits" in rig.as_("vera").get(f"{AUDIT}?about=campaign&id=c-nothing").text


def test_text_of_strangers_is_text(rig: Rig) -> None:
    """What stands in documents cannot write into the page."""
    index = note(
        desk_of(rig), 1, Kind.CASE, event="opened", case="<script>alert(1)</script>\u202e", verdict="<img src=x>"
    )
    for path in (AUDIT, f"{AUDIT}/{index}", f"{AUDIT}?about=campaign&id=%3Cscript%3Ealert(1)%3C%2Fscript%3E"):
        text = rig.as_("vera").get(path).text
        assert "<script>alert" not in text
        assert "<img src=x>" not in text
        assert "\u202e" not in text


def test_an_entry_is_proved_on_the_spot(rig: Rig) -> None:
    """The page has checked that the entry is in the ledger that was signed, and that its document fits."""
    index = note(desk_of(rig))
    text = Page(rig.as_("vera").get(f"{AUDIT}/{index}").text).text
    assert "Proved just now." in text
    assert "the document below is what it commits to" in text
    assert '"event": "noted"' in text


def test_the_proof_holds_for_whoever_has_only_it_and_the_head(rig: Rig) -> None:
    """Both files together show the entry to somebody without the database."""
    index = note(desk_of(rig), 3) - 1
    vera = rig.as_("vera")
    proof = Proof.of(vera.get(f"{AUDIT}/{index}/proof").json())
    head = verify_head(vera.get(f"{AUDIT}/head").json(), rig.console.keys)
    check_proof(proof, head)
    assert proof.entry.index == index


def test_a_forgotten_document(rig: Rig) -> None:
    """It is said that nothing is left of it, and the entry is still proved."""
    index = note(desk_of(rig))
    with rig.home.engine.begin() as connection:
        forget(connection, index)
    text = Page(rig.as_("vera").get(f"{AUDIT}/{index}").text).text
    assert "Proved just now." in text
    assert "its document is forgotten" in text
    assert "were deleted" in text


def test_a_changed_document_is_an_alarm(rig: Rig) -> None:
    """Whoever rewrites a document is found out by the entry."""
    index = note(desk_of(rig))
    with rig.home.engine.begin() as connection:
        connection.execute(update(DOCUMENTS).where(DOCUMENTS.c.index == index).values(document={"event": "closed"}))
    assert "is not what the entry commits to" in rig.as_("vera").get(f"{AUDIT}/{index}").text


def test_a_changed_entry_cannot_be_proved(rig: Rig) -> None:
    """Whoever rewrites an entry finds no way up to the signed root."""
    index = note(desk_of(rig))
    with rig.home.engine.begin() as connection:
        connection.execute(update(ENTRIES).where(ENTRIES.c.index == index).values(actor="eve"))
    text = rig.as_("vera").get(f"{AUDIT}/{index}").text
    assert "cannot be proved" in text
    assert "Proved just now" not in text
    assert rig.as_("vera").get(f"{AUDIT}/{index}/proof").status_code == 404


def test_heads_that_somebody_made_up_prove_nothing(rig: Rig) -> None:
    """Without a head that the service has signed there is no proof."""
    index = note(desk_of(rig))
    with rig.home.engine.begin() as connection:
        connection.execute(update(HEADS).values(head={"ledger": "x"}))
    vera = rig.as_("vera")
    assert "no head of this ledger has a good signature" in vera.get(f"{AUDIT}/{index}").text
    assert vera.get(AUDIT).status_code == 200
    assert vera.get(f"{AUDIT}/head").status_code == 404


@pytest.mark.parametrize("name", ["99999", "x", "-1", "1e3", "9" * 40, "٣"])
def test_no_such_entry(rig: Rig, name: str) -> None:
    """An index that is none is a page that says so."""
    assert rig.as_("vera").get(f"{AUDIT}/{name}").status_code == 404


def verified(rig: Rig) -> str:
    """Page of what came of verifying everything."""
    vera = rig.as_("vera")
    assert vera.send(f"{AUDIT}/verify").status_code == 200
    job = rig.console.jobs.of(1, "vera")
    assert job is not None
    for _ in range(200):
        if job.is_over:
            break
        time.sleep(0.05)
    assert job.where is not None, job.wrong
    return str(vera.get(job.where).text)


def test_everything_is_verified(rig: Rig) -> None:
    """Ledger, documents, decisions: what holds is counted."""
    decided(desk_of(rig), 1)
    text = Page(verified(rig)).text
    assert "Everything holds" in text
    assert "recomputed for vera" in text
    assert "Decisions as recorded 1" in text


def test_what_does_not_hold_is_named(rig: Rig) -> None:
    """A document that was changed is the outcome, not a failure of the page."""
    index = note(desk_of(rig))
    with rig.home.engine.begin() as connection:
        connection.execute(update(DOCUMENTS).where(DOCUMENTS.c.index == index).values(document={"event": "closed"}))
    text = Page(verified(rig)).text
    assert "Something does not hold" in text
    assert f"entry {index} is bad" in text


def test_a_form_of_another_page_verifies_nothing(rig: Rig) -> None:
    """Without the session's token no work begins."""
    assert rig.as_("vera").client.post(f"{AUDIT}/verify", data={"form": "x"}).status_code == 403
    assert rig.console.jobs.of(1, "vera") is None


def test_outcomes_are_kept_by_names_that_nobody_guesses(rig: Rig) -> None:
    """Only so many are kept; a name of none is a page that says to verify again."""
    kept = Outcomes()
    names = [kept.keep(Outcome("ada", rig.console.clock(), None, str(n))) for n in range(60)]
    assert kept.of(names[-1]).wrong == "59"
    with pytest.raises(MissingData, match="verify the ledger again"):
        kept.of(names[0])
    assert len(set(names)) == 60
    assert rig.as_("vera").get(f"{AUDIT}/verified/nothing").status_code == 404


def test_the_ledger_is_handed_out_and_verifies(rig: Rig, tmp_path: Path) -> None:
    """The file is the one that the command line writes: it verifies by itself, and no account stands in it."""
    decided(desk_of(rig), 1, account_id="acct-7f3a9c21")
    taken = rig.as_("vera").get(f"{AUDIT}/ledger")
    assert 'filename="ledger.jsonl"' in taken.headers["content-disposition"]
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(taken.content)
    assert audit(path, (), rig.console.keys).size > 4
    assert "acct-7f3a9c21" not in taken.text


def test_documents_are_for_who_works_with_them(rig: Rig) -> None:
    """Whoever only looks gets no file of what entries commit to, and no words in the table."""
    decided(desk_of(rig), 1, account_id="acct-7f3a9c21")
    for name in ("vera", "alma"):
        assert rig.as_(name).get(f"{AUDIT}/documents").status_code == 403
        assert f"{AUDIT}/documents" not in rig.as_(name).get(AUDIT).text
        assert "acct-7f3a9c21" not in rig.as_(name).get(f"{AUDIT}/table?as=csv").text
    lines = [json.loads(line) for line in rig.as_("ada").get(f"{AUDIT}/documents").text.splitlines()]
    with rig.home.engine.begin() as connection:
        rows = {row["index"]: row for row in connection.execute(ENTRIES.select()).mappings()}
    for line in lines:
        told = {name: value for name, value in rows[line["index"]].items() if name != "root"}
        assert is_of(Entry.of(told), Opening(bytes.fromhex(line["salt"]), line["document"]))
    assert lines[-1]["document"]["account_id"] == "acct-7f3a9c21"


def test_a_long_ledger_is_not_sent_to_a_browser(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many entries the command line is named instead."""
    monkeypatch.setattr(exporting, "MOST_EXPORTED", 3)
    refused = rig.as_("vera").get(f"{AUDIT}/ledger")
    assert refused.status_code == 413
    assert "stillwatch audit export" in refused.text


def test_the_table(rig: Rig) -> None:
    """What is asked for, as a table; with the sentence for who works with it."""
    revealed(desk_of(rig))
    table = pq.read_table(BytesIO(rig.as_("ada").get(f"{AUDIT}/table?as=parquet&kind=disclosure").content))
    assert table.column_names == ["index", "time", "kind", "actor", "commitment", "words"]
    assert table["words"].to_pylist() == ["ada looked at exchange x-1 of campaign c-1: to see whose worksheet it is"]


def test_the_head_is_the_latest(rig: Rig) -> None:
    """The head that is handed out is of everything that is on record."""
    index = note(desk_of(rig), 4)
    assert head_of(rig.as_("vera").get(f"{AUDIT}/head").json()).size == index + 1


def test_links_say_what_is_asked_for() -> None:
    """A filter is kept by keeping its link; what is not asked for is not in it."""
    asked = AskedAudit(kind="case", about="user", name="e&e")
    assert asked.link(before=7) == f"{AUDIT}?kind=case&about=user&id=e%26e&before=7"
    assert AskedAudit().link("table", **{"as": "csv"}) == f"{AUDIT}/table?as=csv"
